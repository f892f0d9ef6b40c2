"""Uploaded files, stored outside the database by their SHA-256, so that equal files are stored once.

They are untrusted: never executable, never stored under a user's name, served only as downloads.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from msp.kernel import clock
from msp.kernel.errors import NotFound, Permanent

MAX_BYTES = 20 * 1024 * 1024

_KEY = re.compile(r"[0-9a-f]{64}")
_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file: its key and its length in bytes."""

    key: str
    size: int


def use_folder(folder: Path) -> None:
    """Store this process's files under `folder` (MSP_HOME/files), created with the first file."""
    global _folder
    _folder = folder


def keep(chunks: Iterable[bytes], *, limit: int = MAX_BYTES) -> Kept:
    """Store a file durably; raises Permanent `too_large` beyond `limit` bytes without storing anything."""
    folder = _root() / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            kept = _write(file, chunks, limit=limit)
        target = _path(kept.key)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        at = clock.now().timestamp()
        os.utime(name, (at, at))
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return kept


def open_kept(key: str) -> BinaryIO:
    """Open a stored file for reading; raises NotFound."""
    try:
        return _path(key).open("rb")
    except FileNotFoundError:
        raise NotFound("file") from None


def stored_at(key: str) -> datetime | None:
    """When a file was last stored, including equal files; None if it does not exist."""
    try:
        return datetime.fromtimestamp(_path(key).stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def remove(key: str, *, stored_at: datetime) -> None:
    """Delete a file unless it was stored again since `stored_at`. Idempotent."""
    path = _path(key)
    try:
        if path.stat().st_mtime <= stored_at.timestamp():
            path.unlink()
    except FileNotFoundError:
        pass


def _write(file: BinaryIO, chunks: Iterable[bytes], *, limit: int) -> Kept:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise Permanent("too_large")
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return Kept(digest.hexdigest(), size)


def _path(key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise NotFound("file")
    return _root() / key[:2] / key


def _root() -> Path:
    if _folder is None:
        raise RuntimeError("files.use_folder was not called")
    return _folder
