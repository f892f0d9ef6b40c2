"""Makes names of uploaded files safe to store, display, put into a header and save on any system."""

import re
import unicodedata
from pathlib import PurePosixPath

MAX_LETTERS = 200
MAX_BYTES = 240  # bytes in UTF-8: file systems allow 255, and copies get " (1)" or ".part"
MAX_ENDING = 20  # characters including dots; longer suffixes are not extensions
DOUBLE_ENDINGS = (".tar",)  # double extensions: .tar.gz, .tar.xz, …
_JOINERS = frozenset("\u200c\u200d")  # joiners are part of Persian words and emoji
_REPLACED = re.compile(r'[<>:"|?*]')
_LEADING_DOTS = re.compile(r"^\.+")
_SPACE = re.compile(r"\s+")
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=$|[ .])", re.IGNORECASE)


def file_name(given: object, *, otherwise: str = "file") -> str:
    """A safe file name: no path, control or direction characters, at most 200 bytes, extension kept. Idempotent.

    `otherwise` is the name if nothing is left.
    """
    name = _last_part(unicodedata.normalize("NFC", _visible(str(given or ""))))
    name = _LEADING_DOTS.sub(".", _REPLACED.sub("_", name).strip().rstrip(" ."))
    if not name.strip("_" + "".join(_JOINERS)):
        return otherwise
    return _short(f"_{name}" if _RESERVED.match(name) else name)


def _visible(text: str) -> str:
    """The text without control characters, direction marks, lone surrogates and other invisible characters."""
    spaced = "".join(" " if each.isspace() else each for each in text)
    kept = (each for each in spaced if each in _JOINERS or unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Cn"))
    return _SPACE.sub(" ", "".join(kept))


def _last_part(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def _short(name: str) -> str:
    stem, ending = _parts(name)
    while len(stem) + len(ending) > MAX_LETTERS or len((stem + ending).encode()) > MAX_BYTES:
        stem = stem[:-1]
    return (stem.rstrip(" .") or "file") + ending


def _parts(name: str) -> tuple[str, str]:
    ending = PurePosixPath(name).suffix
    if not ending or len(ending) > MAX_ENDING or " " in ending:
        return name, ""
    stem = name.removesuffix(ending)
    for first in DOUBLE_ENDINGS:
        if stem.lower().endswith(first):
            return stem[: -len(first)], stem[-len(first) :] + ending
    return stem, ending
