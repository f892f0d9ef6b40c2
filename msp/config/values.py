"""Parsers of single values; they raise ValueError."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

Environment = Literal["production", "demo"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def environment(value: str) -> Environment:
    """production or demo."""
    known: dict[str, Environment] = {"production": "production", "demo": "demo"}
    if value not in known:
        raise ValueError(f"is neither production nor demo ({value})")
    return known[value]


def folder(value: str) -> Path:
    """The full path of a folder that exists or can be created."""
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError(f"is not a folder ({value})")
    return path.absolute()


def file(value: str) -> Path | None:
    """The full path of a file that exists or can be created in an existing folder."""
    path = Path(value).expanduser()
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"is not a file in a folder that exists ({value})")
    return path.absolute()


def port(value: str) -> int:
    """A TCP port."""
    if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
        raise ValueError(f"is not a port ({value})")
    return int(value)


def count(value: str) -> int:
    """A whole number from 1 to 1,000,000,000."""
    if not re.fullmatch(r"[0-9]{1,9}", value) or not int(value):
        raise ValueError(f"is not a whole number above 0 ({value})")
    return int(value)


def switch(value: str) -> bool:
    """On or off."""
    if value.lower() not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
        raise ValueError(f"is neither on nor off ({value})")
    return value.lower() in ("1", "true", "yes", "on")


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    parts.port  # noqa: B018  # raises ValueError where the port is not a number
    return parts


def database_url(value: str) -> str:
    """A PostgreSQL URL, with the driver that the project uses."""
    parts = _split(value)
    if parts.scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise ValueError(f"is not a PostgreSQL address (it begins with {parts.scheme or 'nothing'}:)")
    if not parts.path.strip("/"):
        raise ValueError("names no database")
    return urlunsplit(parts._replace(scheme="postgresql+psycopg"))


def redis_url(value: str) -> str:
    """A Redis or Valkey URL."""
    parts = _split(value)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(f"is not a Redis address (it begins with {parts.scheme or 'nothing'}:)")
    if (parts.scheme == "unix" and not parts.path) or (parts.scheme != "unix" and not parts.hostname):
        raise ValueError("names no server")
    return value


def web_url(value: str) -> str:
    """A full http or https URL."""
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not a web address")
    return value


def origin(value: str) -> str:
    """Scheme, host and port only."""
    parts = _split(web_url(value))
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise ValueError("holds more than an origin")
    return f"{parts.scheme}://{parts.netloc}"


def encryption_keys(value: str) -> tuple[str, ...]:
    """Comma-separated keys of 32 random bytes in base64, newest first, each in its URL-safe form."""
    keys = tuple(part.strip().replace("+", "-").replace("/", "_") for part in value.split(",") if part.strip())
    for number, key in enumerate(keys, start=1):
        try:
            size = len(base64.urlsafe_b64decode(key))
        except (binascii.Error, ValueError):
            size = 0
        if size != 32 or len(set(key)) < 10:
            raise ValueError(f"holds a key that is not 32 random bytes in base64 (number {number})")
    if len(set(keys)) != len(keys):
        raise ValueError("holds the same key twice")
    return keys


def token(value: str) -> str:
    """A shared token, long enough not to be guessed."""
    if len(value) < 24 or any(character.isspace() for character in value):
        raise ValueError("is too short for a token, at least 24 characters, or holds blanks")
    return value


def networks(value: str) -> tuple[Network, ...]:
    """Comma-separated addresses and networks; always includes this machine."""
    named = [part.strip() for part in value.split(",") if part.strip()]
    return (*LOOPBACK, *(ipaddress.ip_network(each) for each in named))
