"""Text of a PDF as the tests need it: the characters of its fonts' ToUnicode maps, and the fonts' names."""

import re
import zlib


def streams(pdf: bytes) -> list[bytes]:
    """Every stream of the file, decompressed if compressed."""
    found = []
    for raw in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(raw))
        except zlib.error:
            found.append(raw)
    return found


def characters(pdf: bytes) -> str:
    """The characters that the file's glyphs represent, unordered; a glyph may represent several."""
    shown = []
    for stream in streams(pdf):
        if b"beginbfchar" in stream:
            shown += re.findall(rb"<[0-9A-Fa-f]+>\s*<([0-9A-Fa-f]+)>", stream)
    return "".join(bytes.fromhex(one.decode()).decode("utf-16-be", "replace") for one in shown)


def embedded_fonts(pdf: bytes) -> set[str]:
    """The names of the fonts whose glyphs are embedded, without their subset tags."""
    text = b"\n".join([pdf, *streams(pdf)])
    return {name.decode() for name in re.findall(rb"/FontName\s*/[A-Z]{6}\+([A-Za-z0-9-]+)", text)}
