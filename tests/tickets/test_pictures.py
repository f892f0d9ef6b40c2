"""Thumbnails: our own JPEGs, without metadata, of images only; nothing huge is decoded."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from msp.tickets.pictures import LONGEST_SIDE, thumbnail_of


def image(kind: str = "PNG", size: tuple[int, int] = (1200, 600), mode: str = "RGB", **options: object) -> BytesIO:
    written = BytesIO()
    Image.new(mode, size, "red").save(written, kind, **options)
    written.seek(0)
    return written


def png_of(width: int, height: int) -> BytesIO:
    """A PNG that claims a size and has the data of one row."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * (1 + 3 * 100))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("size", [(1200, 600), (10, 10), (1, 3000)])
def test_images_become_small_jpegs(kind: str, size: tuple[int, int]) -> None:
    drawn = thumbnail_of(image(kind, size))
    assert drawn is not None
    with Image.open(BytesIO(drawn)) as small:
        assert small.format == "JPEG" and max(small.size) <= LONGEST_SIDE


def test_orientation_is_applied_and_metadata_is_gone() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Getafe 40.3,-3.7"
    drawn = thumbnail_of(image("JPEG", (1200, 600), exif=exif))
    assert drawn is not None and b"Getafe" not in drawn
    with Image.open(BytesIO(drawn)) as small:
        assert small.height > small.width and not small.getexif()


def test_transparency_becomes_white() -> None:
    written = BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(written, "PNG")
    drawn = thumbnail_of(written)
    assert drawn is not None
    with Image.open(BytesIO(drawn)) as small:
        assert small.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<script>", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0" * 9],
)
def test_other_content_has_none(content: bytes) -> None:
    assert thumbnail_of(BytesIO(content)) is None


def test_bombs_and_cut_files_have_none() -> None:
    assert thumbnail_of(png_of(50_000, 50_000)) is None
    assert thumbnail_of(png_of(8_000, 6_000)) is None
    assert thumbnail_of(BytesIO(image().getvalue()[:300])) is None
    assert thumbnail_of(image("BMP")) is None
