"""Fixtures of the billing tests."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from msp.kernel.db import db


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL sent to the database, in order."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)
