"""Keyset pagination: pages by the key of the last row, so that no page is slower and no row appears twice."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from msp.kernel.db import db

Row = TypeVar("Row")


def page_by_id(
    query: Select[Row],
    key: InstrumentedAttribute[Any],
    *,
    after: UUID | int | None,
    limit: int,
    newest_first: bool = False,
) -> list[Row]:
    """Up to `limit` rows in key order, after the row whose key is `after`."""
    if after is not None:
        query = query.where(key < after if newest_first else key > after)
    ordered = query.order_by(key.desc() if newest_first else key.asc()).limit(limit)
    return list(db.session.scalars(ordered).unique())
