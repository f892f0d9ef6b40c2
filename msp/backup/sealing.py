"""Encrypts a stream with a passphrase: AES-256-GCM in chunks, key by scrypt (RFC 7914), constant memory.

Header: magic, salt, check value. Each chunk's nonce is its number and whether it is the last, so that chunks cannot be
changed, reordered, omitted or truncated (the STREAM construction). The header is authenticated with every chunk. The
check value distinguishes a wrong passphrase from a damaged file.
"""

from __future__ import annotations

import hmac
import io
import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from msp.backup.errors import BackupError

MAGIC = b"guardia sealed backup 1\n"
CHUNK = 64 * 1024  # bytes of plaintext in each chunk but the last
LEAST_PASSPHRASE = 12  # characters
_SALT, _CHECK, _TAG = 16, 16, 16
_COST, _BLOCK, _LANES = 2**17, 8, 1  # uses 128 MiB, which makes guessing expensive


class SealedWriter(io.RawIOBase):
    """Encrypts what is written into `target`; only `close` completes it."""

    def __init__(self, target: IO[bytes], passphrase: str) -> None:
        if len(passphrase) < LEAST_PASSPHRASE:
            raise BackupError(f"The passphrase is too short: at least {LEAST_PASSPHRASE} characters")
        salt = os.urandom(_SALT)
        key, check = _derive(passphrase, salt)
        self._head = MAGIC + salt + check
        self._target, self._box = target, AESGCM(key)
        self._waiting, self._number = bytearray(), 0
        target.write(self._head)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # any buffer comes as bytes here
        self._waiting += data
        while len(self._waiting) > CHUNK:  # the last chunk is known only at the end, so one is held back
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Encrypt the rest as the last chunk."""
        self._seal(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        self._target.write(self._box.encrypt(_nonce(self._number, is_last=is_last), chunk, self._head))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Decrypts the output of SealedWriter; raises BackupError at the first invalid byte."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        self._head = source.read(len(MAGIC) + _SALT + _CHECK)
        if len(self._head) != len(MAGIC) + _SALT + _CHECK or not self._head.startswith(MAGIC):
            raise BackupError("This is not a sealed backup, or it is cut off")
        key, check = _derive(passphrase, self._head[len(MAGIC) : -_CHECK])
        if not hmac.compare_digest(check, self._head[-_CHECK:]):
            raise BackupError("The passphrase is wrong")
        self._source, self._box = source, AESGCM(key)
        self._next, self._number = source.read(CHUNK + _TAG), 0
        self._opened, self._at_end = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]
        if not self._opened and not self._at_end:
            self._open()
        share = self._opened[: len(buffer)]
        buffer[: len(share)] = share
        self._opened = self._opened[len(share) :]
        return len(share)

    def _open(self) -> None:
        chunk, self._next = self._next, self._source.read(CHUNK + _TAG)
        self._at_end = not self._next
        try:
            self._opened = self._box.decrypt(_nonce(self._number, is_last=self._at_end), chunk, self._head)
        except InvalidTag:
            raise BackupError("The backup is damaged, cut off or was changed") from None
        self._number += 1


def is_sealed(head: bytes) -> bool:
    """Whether a file with these first bytes needs a passphrase."""
    return head.startswith(MAGIC[:16])


def _derive(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    made = Scrypt(salt=salt, length=32 + _CHECK, n=_COST, r=_BLOCK, p=_LANES).derive(passphrase.encode())
    return made[:32], made[32:]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
