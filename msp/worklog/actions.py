"""Time entries: logged by hand or with a timer, corrected, deleted. Minutes are whole; a billed entry cannot change."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from msp.contracts.models import WORK_TYPES
from msp.kernel.db import current_scope, db
from msp.kernel.errors import Conflict, Denied, Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.people.access import may
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.worklog.events import TimeDeleted, TimeEdited, TimeEvent, TimeLogged
from msp.worklog.models import TimeEntry, Timer

MAX_MINUTES = 1440
FIRST_YEAR = 1990  # the earliest day accepted: calculations with dates of year 1 fail
EDITABLE = frozenset(("started_at", "minutes", "work_type", "billable", "note"))


class Changeable(Protocol):
    """A time entry, or its row on a page."""

    @property
    def person_id(self) -> UUID:
        """The person who worked."""

    @property
    def state(self) -> str:
        """Draft, approved or billed."""


def log_time(
    ticket: Ticket,
    *,
    person: Person,
    started_at: datetime,
    minutes: int,
    work_type: str,
    note: str,
    at: datetime,
    billable: bool = True,
) -> TimeEntry:
    """Log work on a ticket; emits `time.logged`. Refuses the future, zero minutes and more than a day of them."""
    _check(started_at=started_at, minutes=minutes, work_type=work_type, at=at)
    entry = TimeEntry(
        id=new_id(),
        client_id=ticket.client_id,
        ticket_id=ticket.id,
        person_id=person.id,
        started_at=started_at,
        minutes=minutes,
        work_type=work_type,
        billable=billable,
        note=note.strip(),
        state="approved",
        created_at=at,
    )
    db.session.add(entry)
    _emit(TimeLogged, entry, at=at)
    return entry


def edit_time(entry: TimeEntry, *, at: datetime, **changes: object) -> None:
    """Correct an entry; emits `time.edited`. Refuses an entry that is billed, and one of another person.

    Waits for an invoice that is being issued with it. EDITABLE names the fields that may change.
    """
    if unknown := changes.keys() - EDITABLE:
        raise Invalid(fields={name: ["unknown_field"] for name in unknown})
    _hold(entry)
    for name, value in changes.items():
        setattr(entry, name, value)
    _check(
        started_at=entry.started_at,
        minutes=entry.minutes,
        work_type=entry.work_type,
        at=at,
    )
    _emit(TimeEdited, entry, at=at)


def delete_time(entry: TimeEntry, *, at: datetime) -> None:
    """Delete an entry; emits `time.deleted` with its values. Refuses as `edit_time` does."""
    _hold(entry)
    _emit(TimeDeleted, entry, at=at)
    db.session.delete(entry)


def owns_time(worker_id: UUID, *, by_id: UUID, is_administrator: bool) -> bool:
    """Whether a person may log, correct and delete the time of this worker: the worker and administrators may."""
    return by_id == worker_id or is_administrator


def may_change(entry: Changeable, *, by_id: UUID, is_administrator: bool) -> bool:
    """Whether a person may correct or delete an entry: it is theirs (`owns_time`) and not billed."""
    return entry.state != "billed" and owns_time(entry.person_id, by_id=by_id, is_administrator=is_administrator)


def start_timer(ticket: Ticket, person: Person, *, at: datetime) -> Timer:
    """Start a person's timer on a ticket; raises Conflict if one runs on another ticket. Idempotent."""
    running = timer_of(person.id)
    if running is not None:
        if running.ticket_id == ticket.id:
            return running
        raise Conflict("timer_running", ticket_id=str(running.ticket_id))
    timer = Timer(
        person_id=person.id,
        client_id=ticket.client_id,
        ticket_id=ticket.id,
        started_at=at,
    )
    db.session.add(timer)
    return timer


def drop_timer(person: Person) -> None:
    """Discard the running timer without logging time."""
    timer = timer_of(person.id)
    if timer is not None:
        db.session.delete(timer)


def timer_of(person_id: UUID) -> Timer | None:
    """The running timer of a person."""
    return db.session.get(Timer, person_id)


def access_entry(entry_id: UUID) -> TimeEntry:
    """The time entry; raises NotFound."""
    entry = db.session.get(TimeEntry, entry_id)
    if entry is None:
        raise NotFound("time_entry")
    return entry


def entries_of(ticket_id: UUID) -> list[TimeEntry]:
    """A ticket's time entries, by when the work was done."""
    query = select(TimeEntry).where(TimeEntry.ticket_id == ticket_id).order_by(TimeEntry.started_at, TimeEntry.id)
    return list(db.session.scalars(query))


def _check(*, started_at: datetime, minutes: int, work_type: str, at: datetime) -> None:
    wrong = {
        "started_at": _fault_of_start(started_at, at=at),
        "minutes": "out_of_range" if not 1 <= minutes <= MAX_MINUTES else "",
        "work_type": "unknown" if work_type not in WORK_TYPES else "",
    }
    if fields := {name: [code] for name, code in wrong.items() if code}:
        raise Invalid(fields=fields)


def _fault_of_start(started_at: datetime, *, at: datetime) -> str:
    if started_at > at + timedelta(minutes=1):
        return "in_future"
    return "invalid" if started_at.year < FIRST_YEAR else ""


def _hold(entry: TimeEntry) -> None:
    """Lock an entry until the transaction ends, reload it, and refuse if it may not change."""
    query = select(TimeEntry).where(TimeEntry.client_id == entry.client_id, TimeEntry.id == entry.id)
    found = db.session.scalars(query.with_for_update(of=TimeEntry).execution_options(populate_existing=True))
    if found.one_or_none() is None:
        raise NotFound("time_entry")
    _refuse_others(entry.person_id)
    if entry.state == "billed":
        raise Conflict("time_entry_billed")


def _refuse_others(person_id: UUID) -> None:
    """Refuse time of other people, except for administrators and for the desk itself (no acting person)."""
    actor_id = current_scope().actor_id
    actor = db.session.get(Person, actor_id) if actor_id else None
    is_administrator = actor is not None and may(actor, "administer")
    if actor_id and not owns_time(person_id, by_id=actor_id, is_administrator=is_administrator):
        raise Denied("not_allowed")


def _emit(event: type[TimeEvent], entry: TimeEntry, *, at: datetime) -> None:
    stored = event(entry_id=entry.id, minutes=entry.minutes, work_type=entry.work_type)
    emit(stored, entry.ticket_id, client_id=entry.client_id, at=at)
