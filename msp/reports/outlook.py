"""SLA targets due in the next hours with their forecast, and the accuracy of past forecasts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from msp.calendars.business_time import elapsed
from msp.calendars.queries import working_calendar
from msp.clients.models import Client
from msp.kernel.db import db
from msp.kernel.ttl_cache import cached
from msp.people.models import Person
from msp.reports.forecast import Accuracy, Forecast, Waiting, forecast
from msp.reports.late_chance import TargetGroup
from msp.reports.targets import lessons
from msp.sla.models import Clock
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.tickets.ticket_rows import IS_UNFINISHED

HORIZONS = (2, 4, 8)  # hours
LESSON_SECONDS = 600.0  # seconds for which the history is cached


@dataclass(frozen=True, slots=True)
class Expected:
    """A target due in the next hours, with its ticket and forecast."""

    ticket_id: UUID
    label: str
    subject: str
    priority: str
    client_id: UUID
    client: str
    assignee: str | None
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next hours in the current scope: targets by deadline, and the number of breached ones.

    `accuracy` covers the whole scope, whatever the filters.
    """

    expected: tuple[Expected, ...]
    late_already: int
    accuracy: Accuracy

    @property
    def tickets(self) -> int:
        """The number of tickets with a due target."""
        return len({each.ticket_id for each in self.expected})

    @property
    def tickets_at_risk(self) -> int:
        """The number of tickets with a target at risk."""
        return len({each.ticket_id for each in self.expected if each.forecast.verdict == "at_risk"})


def outlook(*, at: datetime, hours: int, client_id: UUID | None = None, tier: int | None = None) -> Outlook:
    """The forecast of targets due within `hours` from `at` in the current scope.

    The history is cached for ten minutes per scope.
    """
    rows = [
        row
        for row in _running(until=at + timedelta(hours=hours))
        if client_id in (None, row.client_id) and tier in (None, row.tier)
    ]
    history, accuracy = cached(lambda: lessons(at=at), name="lessons", of=at.date(), seconds=LESSON_SECONDS)
    known = {row.clock_id: row for row in rows}
    found = forecast((_waiting(row, at=at) for row in rows), history, at=at)
    shown = tuple(_expected(known[each.waiting.clock_id], each) for each in found)
    return Outlook(shown, sum(1 for row in rows if row.due_at <= at), accuracy)


def _running(*, until: datetime) -> list[Any]:
    assignee = aliased(Person)
    query = (
        select(
            Clock.id.label("clock_id"),
            Clock.kind,
            Clock.calendar_id,
            Clock.budget_seconds,
            Clock.due_at,
            Ticket.id.label("ticket_id"),
            Client.code,
            Ticket.number,
            Ticket.subject,
            Ticket.priority,
            Ticket.tier,
            Ticket.assignee_id,
            Ticket.client_id,
            Client.name.label("client"),
            assignee.name.label("assignee"),
        )
        .join(Clock, Clock.ticket_id == Ticket.id)
        .join(Client, Client.id == Ticket.client_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .where(IS_UNFINISHED, Ticket.due_at <= until, Clock.state == "running", Clock.due_at <= until)
    )
    return list(db.session.execute(query))


def _waiting(row: Any, *, at: datetime) -> Waiting:
    left = elapsed(working_calendar(row.calendar_id), at, row.due_at) if row.due_at > at else timedelta()
    alike = TargetGroup(row.kind, row.client_id, row.budget_seconds)
    return Waiting(row.clock_id, alike, row.tier, row.assignee_id, row.due_at, left)


def _expected(row: Any, found: Forecast) -> Expected:
    label = str(Label(row.code, row.number))
    return Expected(row.ticket_id, label, row.subject, row.priority, row.client_id, row.client, row.assignee, found)
