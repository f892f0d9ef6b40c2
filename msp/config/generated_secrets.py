"""Secrets that a demo generates and stores, and the required strength of secrets."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

MIN_SECRET_LENGTH = 32
DEFAULT_SECRETS = (
    "change",
    "default",
    "secret",
    "example",
    "password",
    "guardia",
    "insecure",
)


def stored_secret(home: Path, name: str, make: Callable[[], str]) -> str:
    """The secret of that name in MSP_HOME/secrets, created at first use; concurrent processes agree on one."""
    folder = home / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(make())
        try:
            os.link(fresh, path)  # fails if another process has written it first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def new_encryption_key() -> str:
    """A key for encryption at rest: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def secret_weakness(secret: str) -> str:
    """Why a secret is unfit for production; empty if it is fit."""
    if not secret:
        return "is missing"
    if len(secret) < MIN_SECRET_LENGTH:
        return f"is too short ({len(secret)} characters, at least {MIN_SECRET_LENGTH})"
    if len(set(secret)) < 10 or any(word in secret.lower() for word in DEFAULT_SECRETS):
        return "looks like a default or a typed word, not like chance"
    return ""
