"""Every text prints: fonts with coverage, else a visible replacement; typst's PDF/A check refuses any missing glyph."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import typst
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from billing import fonts
from billing.printable import LONGEST_WORD, REPLACEMENT, metadata, runs
from msp.config import Settings
from msp.doctor import documents

SHEET = rb"""
#let data = json(bytes(sys.inputs.data))
#set page(width: 120mm, height: 150mm, margin: 5mm)
#set text(font: data.fonts.first(), fallback: false, size: 8pt)
#let say(runs) = [#for (font, words) in runs { text(font: data.fonts.at(font), words) }]
#for row in data.rows [#say(row) \ #text(weight: 640, say(row)) \ ]
"""


def typeset(*texts: str) -> bytes:
    """A PDF/A-3 of some texts, each in two weights; raises if a glyph is missing."""
    data = {"fonts": fonts.FAMILIES, "rows": [runs(text) for text in texts]}
    made: bytes = typst.compile(
        SHEET,
        font_paths=fonts.for_typst(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-3b"],
        timestamp=0,
    )
    return made


def shown(text: str) -> str:
    """The printed form of a text, without its break opportunities."""
    return "".join(run.text for run in runs(text)).replace("\u200b", "")


def families(text: str) -> set[str]:
    """The font of each word of a text; spaces always use the first font."""
    return {fonts.FAMILIES[run.font] for run in runs(text) if not run.text.isspace()}


@pytest.mark.parametrize("font", range(len(fonts.FONTS)), ids=fonts.FAMILIES)
def test_each_character_that_a_font_is_said_to_cover_has_a_glyph(font: int) -> None:
    covered = sorted(fonts.coverage(font))
    assert len(covered) >= 90
    covered = covered[:: 1 + len(covered) // 6000]  # a sample of CJK's 44,810
    family = [fonts.FAMILIES[font]]
    spaced = " ".join(char for char in covered if unicodedata.category(char)[0] != "M")
    typst.compile(
        SHEET,
        font_paths=fonts.for_typst(),
        sys_inputs={"data": json.dumps({"fonts": family, "rows": [[(0, spaced)]]}, ensure_ascii=False)},
        pdf_standards=["a-3b"],
        timestamp=0,
    )


def test_a_font_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    assert fonts.unusable() == []
    (tmp_path / "broken.ttf").write_bytes(b"\x00\x01\x00\x00\x00\x02")
    (tmp_path / "other.ttf").write_bytes(b"no font")
    (tmp_path / "empty.ttf").touch()
    for name in ("missing.ttf", "broken.ttf", "other.ttf", "empty.ttf"):
        assert fonts.unusable([fonts.Font("Noto Emoji", tmp_path / name)]) == ["Noto Emoji"]
    assert fonts.unusable([fonts.Font("Comic Sans", fonts.FONTS[0].path)]) == ["Comic Sans"]
    found = list(documents.invoice_fonts_are_installed(Settings.from_env({})))
    assert [finding.level for finding in found] == ["ok"]


def test_the_doctor_names_a_package_of_fonts_that_is_not_installed() -> None:
    program = """
import sys
sys.modules["manimgx_fonts_cjk"] = None  # Python's own way to say that an import fails
from msp.config import Settings
from msp.doctor import documents
print([(each.level, each.what) for each in documents.invoice_fonts_are_installed(Settings.from_env({}))])
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "fault" in told and "manimgx_fonts_cjk is missing" in told


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("El TPV no cobra: 3 × 15,00 €", "Inter"),
        ("日本語 中文 한국어", "Noto Sans CJK SC"),
        ("مرحبا بالعالم", "Noto Sans Arabic"),
        ("שלום עולם", "Noto Sans Hebrew"),
        ("नमस्ते दुनिया", "Noto Sans Devanagari"),
        ("สวัสดีครับ น้ำ", "Noto Sans Thai"),
        ("😀🖨🔥", "Noto Emoji"),
        ("👍🏽👩🏿", "Noto Emoji"),
        ("👨‍👩‍👧‍👦 🧑🏻‍❤️‍💋‍🧑🏾", "Noto Emoji"),
        ("🤷🏿‍♀️ 🙂‍↔️", "Noto Emoji"),
        ("🇪🇸🇫🇷", "Noto Emoji"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "Noto Emoji"),
        ("1️⃣ #️⃣", "Noto Emoji"),
    ],
)
def test_a_script_prints_in_the_font_that_has_it_and_whole(text: str, family: str) -> None:
    assert families(text) == {family}
    assert shown(text) == text
    typeset(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x1b[0m\x7f\x9f", "a�b�c�[0m��"),
        ("línea 1\r\nlínea 2\tfin\u2028x\u2029y\x0b\x0cz", "línea 1  línea 2 fin x y  z"),
        ("\ufffe\uffff\ufdd0\U0010ffff", "����"),
        ("\ud83d a \udc00", "� a �"),
        ("\ue000\uf8ff\U000f0000", "���"),
        ("ༀ ᚠ 𓀀 \U000e0001", "� � � "),
        ("\u200eabc\u200f \u061c", "\u200eabc\u200f \u061c"),
        ("\u202eexe.fdp\u202c \u2067x\u2069 \u202a+34 600\u202c", "exe.fdp x +34 600"),
        ("\ufeffPedido co\u00adnfirmado\u2060", "Pedido confirmado"),
        ("e\u0301 A\u030a x\u0323\u0301", "e\u0301 A\u030a x\u0323\u0301"),
        ("\u0301suelto", "\u0301suelto"),
        ("a\u0e48", "a�"),
        ("Z" + "\u0301" * 40, "Z" + "\u0301" * 6 + "�"),
        ("𝐇𝐞𝐥𝐥𝐨", "Hello"),
        ("", ""),
    ],
)
def test_what_no_font_has_is_replaced_where_it_can_be_seen(text: str, expected: str) -> None:
    assert shown(text) == expected
    typeset(text)


def test_a_word_longer_than_a_column_may_break_and_loses_no_letter() -> None:
    for word in ("x" * 5000, "日" * 5000, "😀" * 5000, "م" * 5000, "e\u0301" * 2500):
        assert shown(word) == word
        stretches = "".join(run.text for run in runs(word)).split("\u200b")
        assert max(map(len, stretches)) <= 2 * LONGEST_WORD
    assert runs("x" * LONGEST_WORD) == [(0, "x" * LONGEST_WORD)]
    typeset("x" * 5000, "e\u0301" * 2500)


@budget(max_examples=150, deadline=None)
@given(
    st.lists(
        st.text(
            st.one_of(
                st.characters(),
                st.sampled_from("a \u0301\u0e33\u064b\u094d\u200d\u200f\ufe0f\u20e3🏽👩❤♀🏳🇪🇸\U000e0067"),
            )
        ),
        max_size=6,
    )
)
def test_any_text_at_all_prints(texts: list[str]) -> None:
    typeset(*texts)


@given(st.text())
def test_metadata_is_what_xml_can_hold(text: str) -> None:
    assert all(char == " " or (char.isprintable() or ord(char) > 0x9F) for char in metadata(text))
    assert not set(metadata(text)) & set("\x00\x0b\x1b\x85\ufffe\uffff\ud800\ue000")
    assert metadata("Ferretería 😀\x00") == f"Ferretería 😀{REPLACEMENT}"
