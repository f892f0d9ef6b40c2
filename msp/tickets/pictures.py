"""Re-encodes images as small JPEGs, so that no byte of an untrusted file is ever shown by a browser."""

import warnings
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_PIXELS = 40_000_000  # of the original: a decompression bomb is refused before it is decoded
LONGEST_SIDE = 480  # pixels, twice the height at which a thumbnail is shown
QUALITY = 80


def thumbnail_of(original: BinaryIO) -> bytes | None:
    """A JPEG of the first frame, at most LONGEST_SIDE wide and high, without metadata; None if it is no image.

    Also None for other formats, broken files, and images of more than MAX_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(original, formats=FORMATS) as image:
                return _small(image) if image.width * image.height <= MAX_PIXELS else None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError, Warning):
        return None


def _small(image: Image.Image) -> bytes:
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at a fraction of its size
    turned = ImageOps.exif_transpose(image)
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    layers = turned.convert("RGBA")
    flat = Image.new("RGB", layers.size, "white")
    flat.paste(layers, mask=layers.getchannel("A"))
    written = BytesIO()
    flat.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
