"""Sorts names by the reader's alphabet: Cárnicas before Clínica, Óscar among the O; ñ after n in Spanish.

The embedded PostgreSQL is built without ICU, so the sort key is a database function of ours, the same everywhere.
"""

from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.sql.elements import SQLCoreOperations

from msp.kernel.folding import name_sort_key
from msp.kernel.i18n import current_reader


def by_name(name: SQLCoreOperations[Any]) -> ColumnElement[str]:
    """The sort key of a column of names for the current reader."""
    return func.name_sort_key(name, current_reader().locale).collate("C")


def name_key(name: str) -> tuple[str, str]:
    """The sort key of a name that is not in the database, for the current reader."""
    return name_sort_key(name, current_reader().locale)
