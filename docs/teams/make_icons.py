"""Draws the two icons of the Teams package (192 px in colour, 32 px outline) without any library."""

import struct
import zlib
from pathlib import Path

ACCENT = (11, 110, 114, 255)
WHITE = (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)


def png(path: Path, size: int, *, back: tuple[int, ...], ink: tuple[int, ...]) -> None:
    """A ring with an opening and a bar, the letter G, in the middle of a square."""
    rows = b"".join(b"\0" + b"".join(bytes(_at(x, y, size, back, ink)) for x in range(size)) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _at(x: int, y: int, size: int, back: tuple[int, ...], ink: tuple[int, ...]) -> tuple[int, ...]:
    dx, dy = (x + 0.5) / size - 0.5, (y + 0.5) / size - 0.5
    ring = 0.17 < (dx * dx + dy * dy) ** 0.5 < 0.27 and not (dx > 0.05 and -0.16 < dy < 0.0)
    bar = 0.02 < dx < 0.26 and 0.0 < dy < 0.09
    return ink if ring or bar else back


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    here = Path(__file__).parent
    png(here / "color.png", 192, back=ACCENT, ink=WHITE)
    png(here / "outline.png", 32, back=CLEAR, ink=WHITE)
