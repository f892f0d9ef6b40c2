"""Encrypted streams: what was written can be read; changed, moved, removed or truncated data is refused."""

import io
import os

import pytest

from msp.backup.errors import BackupError
from msp.backup.sealing import CHUNK, SealedReader, SealedWriter

WORDS = "correct horse battery staple"
HEAD = 24 + 16 + 16


def sealed(content: bytes, *, step: int = 10_000) -> bytes:
    target = io.BytesIO()
    writer = SealedWriter(target, WORDS)
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
    writer.finish()
    return target.getvalue()


def opened(raw: bytes, passphrase: str = WORDS) -> bytes:
    return io.BufferedReader(SealedReader(io.BytesIO(raw), passphrase)).read()  # type: ignore[type-var]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_what_was_sealed_comes_back(size: int) -> None:
    content = os.urandom(size)
    raw = sealed(content)
    assert opened(raw) == content
    assert len(content) < 64 or content[:64] not in raw


def test_a_wrong_passphrase_is_told_as_one() -> None:
    with pytest.raises(BackupError, match="passphrase is wrong"):
        opened(sealed(b"what nobody else may read"), "another one, long enough")


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(BackupError, match="too short"):
        SealedWriter(io.BytesIO(), "hunter2")


RAW = sealed(b"0" * CHUNK + b"1" * CHUNK + b"2" * 100)
FIRST, SECOND = slice(HEAD, HEAD + CHUNK + 16), slice(HEAD + CHUNK + 16, HEAD + 2 * (CHUNK + 16))


@pytest.mark.parametrize(
    "changed",
    [
        RAW[:-1],
        RAW[: HEAD + CHUNK + 16],  # cut off between two chunks
        RAW[:HEAD],
        RAW + b"\\0",
        RAW[:HEAD] + RAW[SECOND] + RAW[FIRST] + RAW[SECOND.stop :],
        RAW[: FIRST.stop] + RAW[SECOND.stop :],
        RAW[: HEAD + 5] + bytes([RAW[HEAD + 5] ^ 1]) + RAW[HEAD + 6 :],
        RAW[: len(RAW) - 3] + bytes([RAW[-3] ^ 1]) + RAW[-2:],
    ],
    ids=["last byte", "last chunks", "every chunk", "appended", "swapped", "left out", "changed", "last changed"],
)
def test_what_was_meddled_with_is_refused(changed: bytes) -> None:
    with pytest.raises(BackupError, match="damaged, cut off or was changed"):
        opened(changed)
