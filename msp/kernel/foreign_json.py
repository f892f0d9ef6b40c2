"""Parses JSON from other programs into an object that PostgreSQL can store."""

import json
import math
from typing import Any

from msp.kernel.db import Json
from msp.kernel.storable import storable_text

MOST_DEPTH = 100  # nesting of lists and objects; chat systems and Stripe need a dozen


class NotJson(ValueError):
    """The body is not such an object; `code` is not_json, not_an_object or too_deep."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_object(raw: bytes | str, *, most_depth: int = MOST_DEPTH) -> Json:
    """The object in a body, without NUL and lone surrogates in its texts; raises NotJson.

    Refuses NaN and infinities in any form (1e999 too), numbers of thousands of digits, and nesting deeper than
    `most_depth`.
    """
    try:
        value = json.loads(raw, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise NotJson("too_deep") from None
    except ValueError:
        raise NotJson("not_json") from None
    if not isinstance(value, dict):
        raise NotJson("not_an_object")
    cleaned: Json = _storable(value, most_depth)
    return cleaned


def foreign_text(text: str) -> str:
    """The text without NUL, and with ? for lone surrogates."""
    return storable_text(text.replace("\0", ""), replacement="?")


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _storable(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return foreign_text(value)
    if not isinstance(value, list | dict):
        return value
    if depth == 0:
        raise NotJson("too_deep")
    if isinstance(value, list):
        return [_storable(each, depth - 1) for each in value]
    return {foreign_text(key): _storable(each, depth - 1) for key, each in value.items()}
