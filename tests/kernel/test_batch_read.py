"""Batch queries check their columns, keep types, order and policies, and see uncommitted changes of the session."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import Uuid, bindparam, literal, null, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from msp.kernel import clock
from msp.kernel.batch_read import BatchQuery, RowQuery, SingleQuery
from msp.kernel.bulk_insert import insert_pending
from msp.kernel.db import Scope, db, work
from msp.kernel.event_types import Event
from msp.kernel.events import StoredEvent, emit
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets import detail
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World


class PersonRow(NamedTuple):
    name: str
    id: UUID
    tier: int | None
    is_vip: bool
    created_at: datetime
    email: str | None
    note: str = ""  # not a column


class NameRow(NamedTuple):
    name: str


_PEOPLE = select(Person.name, Person.id, Person.tier, Person.is_vip, Person.created_at, Person.email)
PEOPLE = RowQuery(PersonRow, _PEOPLE.order_by(Person.name))
ONE = RowQuery(NameRow, select(Person.name).where(Person.id == bindparam("person_id", type_=Uuid)))
BOTH = BatchQuery(PEOPLE, ONE)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((Person.email, Person.name), "column email where the field is name"),
        ((Person.name,), "column None where the field is email"),
        ((Person.name, Person.email, Person.title), "column title where the field is None"),
        ((Person.name.label("email"), Person.email.label("name")), "column email where the field is name"),
        ((Person.name, Person.is_vip.label("email")), "ContactRow.email: the column has the type Boolean()"),
        ((Person.name, literal(Decimal(1)).label("email")), "ContactRow.email: the column has the type Numeric()"),
        ((Person.name, null().label("email")), "ContactRow.email: the column has the type NullType()"),
    ],
)
def test_columns_that_do_not_fit_the_row_type_are_refused_when_the_query_is_defined(
    columns: tuple[Any, ...], message: str
) -> None:
    class ContactRow(NamedTuple):
        name: str
        email: str | None

    RowQuery(ContactRow, select(Person.name, Person.email))
    with pytest.raises(TypeError, match=re.escape(message)):
        RowQuery(ContactRow, select(*columns))


def test_two_swapped_columns_of_a_page_are_refused_when_it_is_imported() -> None:
    source = Path(detail.__file__).read_text()
    swapped = source.replace("Message.visibility, Message.channel", "Message.channel, Message.visibility")
    with pytest.raises(TypeError, match="MessageRow: column channel where the field is visibility"):
        exec(compile(swapped, detail.__file__, "exec"), {"__name__": detail.__name__})


def test_values_come_with_their_types_in_order(world: World) -> None:
    with work(Scope.staff()):
        found = BOTH.read(person_id=world.marta.id)
        alone = SingleQuery(PersonRow, PEOPLE.query).rows()
    people = found.all(PEOPLE)
    assert [row.name for row in people] == sorted(row.name for row in people)
    irene = next(row for row in people if row.name == "Irene Navas")
    assert (irene.id, irene.tier, irene.is_vip, irene.email) == (world.irene.id, 2, False, world.irene.email)
    assert isinstance(irene.id, UUID) and irene.created_at == clock.now() and irene.created_at.tzinfo is UTC
    assert found.first(ONE) == NameRow("Marta Ruiz")
    assert alone == people


def test_a_client_sees_its_own_and_what_is_not_there_is_none(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        found = BOTH.read(person_id=world.inigo.id)
    assert found.first(ONE) is None
    assert "Iñigo Azcárate" not in {row.name for row in found.all(PEOPLE)}


def test_what_was_changed_in_this_unit_of_work_counts(world: World) -> None:
    with work(Scope.staff()) as session:
        session.get_one(Person, world.marta.id).name = "Marta R."
        assert BOTH.read(person_id=world.marta.id).first(ONE) == NameRow("Marta R.")


def test_new_rows_are_known_to_the_session_as_if_it_had_read_them(world: World) -> None:
    with work(Scope.client(world.lozano.id)) as session:
        asked = Request(subject="VPN", body="No entra", source="portal")
        ticket, message = open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
        assert session.get(Ticket, ticket.id) is ticket and message in session and not session.new
        assert (ticket.version, ticket.impact, message.delivery_state) == (1, "medium", "none")
        ticket.subject = "La VPN"
    with work(Scope.staff()) as session:
        kept = session.get_one(Ticket, ticket.id)
        assert (kept.subject, kept.version) == ("La VPN", 2)
        assert session.scalars(select(Message.body).where(Message.ticket_id == ticket.id)).all() == ["No entra"]


def test_a_lost_race_shows_on_a_row_that_was_written_so(world: World) -> None:
    asked = Request(subject="VPN", body="No entra", source="portal")
    with work(Scope.staff()) as session:
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
        session.connection().exec_driver_sql("update ticket set version = 7")
        ticket.subject = "Otra"
        with pytest.raises(StaleDataError):
            session.flush()
        session.rollback()


class Counted(Event, kind="tests.counted"):
    n: int


def test_policies_hold_and_nothing_of_it_is_written(world: World) -> None:
    other = StoredEvent(
        id=new_id(), client_id=world.azcarate.id, kind=Counted.kind, subject_id=new_id(), at=clock.now(), data={}
    )
    with work(Scope.client(world.lozano.id)) as session:
        emit(Counted(n=0), new_id(), client_id=world.lozano.id)
        db.session.add(other)
        with pytest.raises(DBAPIError):
            insert_pending()
        session.rollback()
    with work(Scope.system()) as session:
        assert session.scalars(select(StoredEvent.id).where(StoredEvent.kind == Counted.kind)).all() == []


def test_rows_of_one_table_are_numbered_in_their_order(world: World) -> None:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    with work(Scope.staff()):
        for number in range(3):
            at_number = at + timedelta(minutes=number)
            emit(Counted(n=number), world.lozano.id, client_id=world.lozano.id, at=at_number)
        insert_pending()
        insert_pending()  # nothing left to write
    with work(Scope.staff()) as session:
        rows = session.execute(
            select(StoredEvent.at, StoredEvent.data).where(StoredEvent.kind == Counted.kind).order_by(StoredEvent.seq)
        )
        assert [(row.at - at, row.data) for row in rows] == [(timedelta(minutes=n), {"n": n}) for n in range(3)]
