"""Identifiers: UUIDv7 for rows (sorted by creation), random tokens for secrets."""

import hashlib
import secrets
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique, sorted by its millisecond of creation."""
    return uuid_utils.compat.uuid7()


def new_token(prefix: str) -> str:
    """A random secret of 256 bits, shown once; only its hash is stored."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """The stored hash of a token; its entropy makes a slow hash unnecessary."""
    return hashlib.sha256(token.encode()).hexdigest()
