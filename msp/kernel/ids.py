"""Identifiers: UUIDv7 for rows (sortable by birth), random tokens for secrets that we hand out."""

import hashlib
import secrets
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique, and sorted by the millisecond in which it was made."""
    return uuid_utils.compat.uuid7()


def new_token(prefix: str) -> str:
    """A random secret of 256 bits, shown once and kept only as its hash."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """What is stored of a token; its entropy makes a slow hash needless."""
    return hashlib.sha256(token.encode()).hexdigest()
