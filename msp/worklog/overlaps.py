"""Implausible time: entries of one person at the same time, and days of more than 24 hours.

It is not refused (two clients may be served at once, and people mistype); it is shown.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import aliased

from msp.clients.models import Client
from msp.kernel.db import db
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.worklog.models import TimeEntry

_LONGEST = timedelta(days=1)  # an entry is never longer, so the index on its start finds it


class Overlap(NamedTuple):
    """An entry at the same time as another: its ticket number, start and minutes."""

    ticket: str
    started_at: datetime
    minutes: int


class FullDay(NamedTuple):
    """A person's local day with more minutes logged than it has; `began_at` is its midnight."""

    began_at: datetime
    minutes: int


def _end(entry: Any) -> ColumnElement[datetime]:
    return entry.started_at + func.make_interval(0, 0, 0, 0, 0, entry.minutes)


def is_overlapped() -> ColumnElement[bool]:
    """The condition that the same person has another entry at the same time, within the scope."""
    other = aliased(TimeEntry)
    return exists(
        select(other.id).where(
            other.person_id == TimeEntry.person_id,
            other.id != TimeEntry.id,
            other.started_at > TimeEntry.started_at - _LONGEST,
            other.started_at < _end(TimeEntry),
            _end(other) > TimeEntry.started_at,
        )
    )


def overlaps_of(entry: TimeEntry) -> list[Overlap]:
    """The other entries of the same person at the same time, the earliest first."""
    end = entry.started_at + timedelta(minutes=entry.minutes)
    query = (
        select(Client.code, Ticket.number, TimeEntry.started_at, TimeEntry.minutes)
        .join(Ticket, and_(Ticket.client_id == TimeEntry.client_id, Ticket.id == TimeEntry.ticket_id))
        .join(Client, Client.id == TimeEntry.client_id)
        .where(TimeEntry.person_id == entry.person_id, TimeEntry.id != entry.id)
        .where(TimeEntry.started_at > entry.started_at - _LONGEST, TimeEntry.started_at < end)
        .where(_end(TimeEntry) > entry.started_at)
        .order_by(TimeEntry.started_at, TimeEntry.id)
    )
    return [
        Overlap(str(Label(code, number)), started_at, minutes)
        for code, number, started_at, minutes in db.session.execute(query)
    ]


def full_days(entry: TimeEntry, *, zone: ZoneInfo) -> Iterator[FullDay]:
    """The local days of an entry on which its person logged more minutes than the day has."""
    first = entry.started_at.astimezone(zone).date()
    last = (entry.started_at + timedelta(minutes=entry.minutes - 1)).astimezone(zone).date()
    for day in dict.fromkeys((first, last)):
        begun = datetime.combine(day, time(), zone).astimezone(UTC)
        until = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        minutes = _minutes_between(entry.person_id, begun, until)
        if minutes > (until - begun) / timedelta(minutes=1):
            yield FullDay(begun, minutes)


def _minutes_between(person_id: UUID, begun: datetime, until: datetime) -> int:
    """The minutes of a person's entries between two instants; overlapping entries are added up."""
    query = select(TimeEntry.started_at, TimeEntry.minutes).where(
        TimeEntry.person_id == person_id, TimeEntry.started_at > begun - _LONGEST, TimeEntry.started_at < until
    )
    total = timedelta()
    for started_at, minutes in db.session.execute(query):
        end = min(started_at + timedelta(minutes=minutes), until)
        total += max(end - max(started_at, begun), timedelta())
    return int(total.total_seconds() // 60)
