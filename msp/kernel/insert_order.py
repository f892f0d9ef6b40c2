"""New rows are inserted in the order of their foreign keys, whether or not a relationship connects their models.

SQLAlchemy's unit of work orders inserts by relationships whose attributes were set; without one it goes by class name,
and an attachment would be inserted before its message. Models here mostly set ids, so each flush is given what depends
on what. Uses SQLAlchemy's private `_SaveUpdateAll`; tests/kernel/test_insert_order.py fails if that changes.
"""

from functools import cache
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.unitofwork import UOWTransaction, _SaveUpdateAll

from msp.kernel.db import Model


@event.listens_for(Session, "before_flush")
def _order_inserts(session: Session, flush: UOWTransaction, _instances: object) -> None:
    mappers = {inspect(type(row)).base_mapper for row in session.new if isinstance(row, Model)}
    for child in mappers if len(mappers) > 1 else ():
        for parent in mappers & _referred(child):
            flush.dependencies.add(_before(flush, parent, child))


def _before(flush: UOWTransaction, parent: Mapper[Any], child: Mapper[Any]) -> tuple[_SaveUpdateAll, _SaveUpdateAll]:
    return _SaveUpdateAll(flush, parent), _SaveUpdateAll(flush, child)  # type: ignore[no-untyped-call]


@cache
def _referred(mapper: Mapper[Any]) -> frozenset[Mapper[Any]]:
    """The mappers of the tables that a mapper's table refers to, except itself."""
    tables = {key.column.table for key in mapper.local_table.foreign_keys}
    return frozenset(each for each in Model.registry.mappers if each.local_table in tables and each is not mapper)
