"""Fonts of documents in order of preference, and the characters that each covers.

Every font comes with a Python package, so documents look the same on every machine; typst embeds only the glyphs used.
"""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import fontpkg_inter
import manimgx_fonts
import manimgx_fonts_cjk
import typst

INTER = Path(fontpkg_inter.ROOT) / "files"
NOTO = Path(manimgx_fonts.__file__).parent
CJK = Path(manimgx_fonts_cjk.__file__).parent
_SCRIPTS = [
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Thai",
    "Armenian",
    "Bengali",
    "Ethiopic",
    "Georgian",
    "Gujarati",
    "Gurmukhi",
    "Kannada",
    "Khmer",
    "Lao",
    "Malayalam",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Tamil",
    "Telugu",
]
# control characters, surrogates and private use
_MEANINGLESS = frozenset(("Cc", "Cs", "Co"))


class Font(NamedTuple):
    """A font family and its file; `face` is its index in a collection."""

    family: str
    path: Path
    face: int = 0


# Emoji come before symbols: keycap and telephone are single glyphs there.
FONTS = (
    Font("Inter", INTER / "Inter[opsz,wght].ttf"),
    Font("Noto Sans", NOTO / "NotoSans[wght].ttf"),
    *(Font(f"Noto Sans {script}", NOTO / f"NotoSans{script}[wght].ttf") for script in _SCRIPTS),
    Font("Noto Emoji", NOTO / "NotoEmoji[wght].ttf"),
    Font("Noto Sans Symbols", NOTO / "NotoSansSymbols[wght].ttf"),
    Font("Noto Sans CJK SC", CJK / "NotoSansCJK-VF.otf.ttc", 2),
)
FAMILIES = [font.family for font in FONTS]


@cache
def for_typst() -> typst.Fonts:
    """All fonts for typst; read once per process."""
    folders = [str(folder) for folder in (INTER, NOTO, CJK)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


@cache
def coverage(font: int) -> frozenset[str]:
    """The characters covered by a font (index in `FONTS`); reads its file at the first call."""
    _, path, face = FONTS[font]
    found = map(chr, read_characters(path, face))
    return frozenset(char for char in found if unicodedata.category(char) not in _MEANINGLESS)


def unusable(fonts: Iterable[Font] = FONTS) -> list[str]:
    """The families whose file is missing, unreadable, or lacks the expected family."""
    known = set(for_typst().families())
    return [font.family for font in fonts if font.family not in known or not _is_readable(font)]


def _is_readable(font: Font) -> bool:
    try:
        return any(True for _ in read_characters(font.path, font.face))
    except (OSError, ValueError, struct.error, StopIteration):
        return False


def read_characters(path: Path, face: int = 0) -> Iterable[int]:
    """The code points that a font file maps to a glyph (OpenType 1.9.1 `cmap`, formats 12 and 4).

    Raises ValueError for a font without either format.
    """
    cmap = _table(path, face, b"cmap")
    (count,) = struct.unpack_from(">H", cmap, 2)
    formats: dict[int, int] = {}
    for at in range(4, 4 + 8 * count, 8):
        platform, encoding, offset = struct.unpack_from(">HHL", cmap, at)
        if (platform, encoding) in ((0, 3), (0, 4), (3, 1), (3, 10)):
            formats[struct.unpack_from(">H", cmap, offset)[0]] = offset
    if 12 in formats:
        return _format_12(cmap[formats[12] :])
    if 4 in formats:
        return _format_4(cmap[formats[4] :])
    raise ValueError(f"{path.name} has no Unicode cmap of format 12 or 4")


def _table(path: Path, face: int, name: bytes) -> bytes:
    """The bytes of one table of a font file, or of one face of a collection."""
    with path.open("rb") as file:
        start = 0
        if file.read(4) == b"ttcf":
            file.seek(12 + 4 * face)
            (start,) = struct.unpack(">L", file.read(4))
        file.seek(start + 4)
        (count,) = struct.unpack(">H", file.read(2))
        file.seek(start + 12)
        records = struct.iter_unpack(">4sLLL", file.read(16 * count))
        offset, length = next((offset, length) for tag, _, offset, length in records if tag == name)
        file.seek(offset)
        return file.read(length)


def _format_12(table: bytes) -> Iterator[int]:
    (count,) = struct.unpack_from(">L", table, 12)
    for first, last, glyph in struct.iter_unpack(">LLL", table[16 : 16 + 12 * count]):
        yield from range(first if glyph else first + 1, last + 1)


def _format_4(table: bytes) -> Iterator[int]:
    (doubled,) = struct.unpack_from(">H", table, 6)
    columns = [struct.unpack_from(f">{doubled // 2}H", table, at) for at in _columns(doubled)]
    for place, (last, first, delta, offset) in enumerate(zip(*columns, strict=True)):
        for code in range(first, last + 1):
            glyph = code
            if offset:  # in bytes, from the position of the offset itself
                at = 16 + 3 * doubled + 2 * place + offset + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", table, at)
            if (not offset or glyph) and (glyph + delta) & 0xFFFF:
                yield code


def _columns(doubled: int) -> tuple[int, int, int, int]:
    """Start positions of the segments' last codes, first codes, deltas and offsets."""
    return 14, 16 + doubled, 16 + 2 * doubled, 16 + 3 * doubled
