"""Row queries of time entries and timers for the ticket page, part of one statement (msp.kernel.batch_read)."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from msp.clients.models import Client
from msp.kernel.batch_read import RowQuery
from msp.people.models import Person
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.worklog.models import TimeEntry, Timer
from msp.worklog.overlaps import is_overlapped


class ShownEntry(NamedTuple):
    """Minutes that a person worked, with a description."""

    id: UUID
    person_id: UUID
    person: str
    minutes: int
    work_type: str
    billable: bool
    note: str
    state: str
    started_at: datetime
    is_overlapped: bool

    @property
    def ended_at(self) -> datetime:
        """When the work ended."""
        return self.started_at + timedelta(minutes=self.minutes)


class ShownTimer(NamedTuple):
    """The running timer of a person, and its ticket."""

    ticket_id: UUID
    code: str
    number: int
    started_at: datetime

    @property
    def label(self) -> str:
        """The ticket number."""
        return str(Label(self.code, self.number))


def entries_read(ticket_id: Any) -> RowQuery[ShownEntry]:
    """A ticket's time entries, by when the work was done; the ticket is given by an expression for its id."""
    return RowQuery(
        ShownEntry,
        select(
            TimeEntry.id, TimeEntry.person_id, Person.name.label("person"), TimeEntry.minutes, TimeEntry.work_type,
            TimeEntry.billable, TimeEntry.note, TimeEntry.state, TimeEntry.started_at,
            is_overlapped().label("is_overlapped"),
        )
        .join(Person, Person.id == TimeEntry.person_id)
        .where(TimeEntry.ticket_id == ticket_id)
        .order_by(TimeEntry.started_at, TimeEntry.id),
    )  # fmt: skip


def timer_read(person_id: Any) -> RowQuery[ShownTimer]:
    """The timer of a person, given by an expression for their id."""
    return RowQuery(
        ShownTimer,
        select(Timer.ticket_id, Client.code, Ticket.number, Timer.started_at)
        .join(Ticket, Ticket.id == Timer.ticket_id)
        .join(Client, Client.id == Ticket.client_id)
        .where(Timer.person_id == person_id),
    )
