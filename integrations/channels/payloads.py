"""Reads parts of payloads, whose shape is not trusted."""

from typing import Any

from msp.kernel.db import Json


def dict_of(value: Any) -> Json:
    """A value that should be an object; empty for any other."""
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[Json]:
    """The objects of a value that should be a list of objects."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_of(value: Any, name: str) -> str:
    """A text field of a value that should be an object; empty if there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
