"""Names in the alphabet of who reads: Cárnicas before Clínica, Óscar among the O; ñ behind n in Spanish.

The embedded PostgreSQL is built without ICU, so the order is a function of our own database: the same everywhere.
"""

from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.sql.elements import SQLCoreOperations

from msp.kernel.folding import name_sort_key
from msp.kernel.i18n import current_reader


def by_name(name: SQLCoreOperations[Any]) -> ColumnElement[str]:
    """What to sort a column of names by, for the present reader."""
    return func.name_sort_key(name, current_reader().locale).collate("C")


def name_key(name: str) -> tuple[str, str]:
    """What to sort a name by that is not in the database, for the present reader."""
    return name_sort_key(name, current_reader().locale)
