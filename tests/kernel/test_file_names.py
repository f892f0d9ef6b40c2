"""File names from any channel: normalised once; a second pass changes nothing."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.kernel.file_names import file_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("factura.pdf", "factura.pdf"),
        ("Año 2026 – presupuesto (1).xlsx", "Año 2026 – presupuesto (1).xlsx"),
        ("un\nnombre\r\nroto\t.txt", "un nombre roto.txt"),
        ("a\x1b[31mb\x7f.log", "a[31mb.log"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\Windows\\win.ini", "win.ini"),
        ("C:\\Users\\ana\\foto.png", "foto.png"),
        ("carpeta/", "carpeta"),
        ("C:foto.png", "C_foto.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\u2066b\u200ec\u061cd\u200b\ufeff.pdf", "abcd.pdf"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com¹.log", "_com¹.log"),
        ("console.log", "console.log"),
        ("nombre. . .", "nombre"),
        ("..", "file"),
        ("", "file"),
        ("///", "file"),
        ("\u202e\u200b", "file"),
        ("???", "file"),
        (None, "file"),
        (".bashrc", ".bashrc"),
        ("que?.pdf", "que_.pdf"),
        ("roto\ud800.pdf", "roto.pdf"),
        ("👩\u200d💻.png", "👩\u200d💻.png"),
        ("e\u200b\u0301cran.png", "\u00e9cran.png"),
        ("e\u0301cran.png", "\u00e9cran.png"),
    ],
)
def test_names_of_files_are_tidied(sent: object, kept: str) -> None:
    assert file_name(sent) == kept


@pytest.mark.parametrize("letter", ["x", "ñ", "字", "😀"])
@pytest.mark.parametrize("ending", [".pdf", ".tar.gz", ".PPTX", ""])
def test_a_long_name_keeps_its_ending(letter: str, ending: str) -> None:
    short = file_name(letter * 230 + ending)
    assert short.endswith(ending) and len(short) <= 200 and len(short.encode()) <= 240
    assert short.startswith(letter * 50)


@given(st.text(st.one_of(st.characters(), st.sampled_from("./\\ :\u202e\n" + string.ascii_lowercase)), max_size=300))
def test_any_name_becomes_one_that_stays(sent: str) -> None:
    name = file_name(sent)
    assert name and name == file_name(name)
    assert not set(name) & set('/\\<>:"|?*\n\r\t\0\u202e') and name not in (".", "..")
    assert len(name) <= 200 and len(name.encode()) <= 240
