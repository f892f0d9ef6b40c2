"""Lists in pages: `?limit=&cursor=`, answered with {"items": […], "next_cursor": …}."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from marshmallow import RAISE, fields

from msp.kernel.errors import Invalid
from msp.web.api.fields import Schema, Shown, TextField, WholeInQuery

Row = TypeVar("Row")
QUERY: dict[str, Any] = {"location": "query", "unknown": RAISE}  # for @input: a mistyped filter is refused


class PageQuery(Schema):
    """Pagination of a list."""

    limit = WholeInQuery(least=1, most=200, load_default=50)
    cursor = TextField(longest=300, load_default=None, metadata={"description": "`next_cursor` of the previous page"})


def page_of(item: type[Schema], name: str) -> type[Schema]:
    """The shape of a list of these."""
    shape = Shown.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
        name=f"{name}Page",
    )
    return cast(type[Schema], shape)


def page(rows: Sequence[Row], *, limit: int, key: Callable[[Row], object]) -> dict[str, object]:
    """A page out of up to `limit` + 1 rows: the one too many says that there is another page."""
    items = rows[:limit]
    more = len(rows) > limit
    return {"items": items, "next_cursor": write_cursor(key(items[-1])) if more else None}


def write_cursor(key: object) -> str:
    """The key of a row, opaque."""
    return urlsafe_b64encode(json.dumps(key, default=str).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> Any:
    """The key in a cursor, None without one; refuses what is none of ours."""
    if cursor is None:
        return None
    try:
        return json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as wrong:
        raise bad_cursor() from wrong


def uuid_cursor(cursor: str | None) -> UUID | None:
    """The id in a cursor."""
    key = read_cursor(cursor)
    try:
        return None if cursor is None else UUID(key)
    except (ValueError, AttributeError, TypeError) as wrong:
        raise bad_cursor() from wrong


def number_cursor(cursor: str | None) -> int | None:
    """The whole number in a cursor."""
    key = read_cursor(cursor)
    if key is not None and (type(key) is not int or not 0 <= key < 2**63):
        raise bad_cursor()
    return key


def bad_cursor() -> Invalid:
    """The refusal of a cursor that we never gave."""
    return Invalid(fields={"cursor": ["invalid"]})
