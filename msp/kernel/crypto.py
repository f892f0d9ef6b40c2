"""Encryption of stored secrets: Fernet (AES-128-CBC with HMAC-SHA256), newest key first for key rotation."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from msp.kernel.errors import Permanent

_box: MultiFernet | None = None


def use_keys(keys: Sequence[str]) -> None:
    """Set the keys of this process (urlsafe base64, 32 bytes); the first encrypts, all decrypt."""
    global _box
    _box = MultiFernet([Fernet(key) for key in keys])


def seal(secret: str) -> str:
    """Encrypt a secret for a column."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt a column; raises Permanent if no key fits."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise Permanent("no_key_opens_secret") from wrong


def _keys() -> MultiFernet:
    if _box is None:
        raise RuntimeError("crypto.use_keys was not called")
    return _box
