"""SLA targets of the last months with their histories, in the current scope: four statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from msp.calendars.models import CalendarRevision
from msp.calendars.working_calendar import WorkingCalendar
from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.reports.as_of import Stood, TargetChange, TargetHistory
from msp.reports.backtest import LEARNED, TESTED, Past
from msp.reports.forecast import Accuracy
from msp.reports.late_chance import History, TargetGroup
from msp.reports.outcome import due
from msp.sla.models import Clock, Pause
from msp.tickets.events import SlaRecomputed

MOST = 6_000  # maximum number of targets read
LEAST_BEFORE = 3_000  # of them, those before a tested morning if not all could be read
_ENDS = {"resolution", "fulfilment"}


def lessons(*, at: datetime) -> tuple[History, Accuracy]:
    """The history for open targets at `at`, and the accuracy of past forecasts."""
    known = past(at=at)
    is_cut = len(known.targets) == MOST
    return known.history(at), known.accuracy(at, since=known.targets[-LEAST_BEFORE].started_at if is_cut else None)


def past(*, at: datetime) -> Past:
    """The newest targets that started before `at`, with their histories."""
    return Past(_read(at))


def _read(at: datetime) -> list[TargetHistory]:
    query = (
        select(
            Clock.id,
            Clock.ticket_id,
            Clock.client_id,
            Clock.calendar_id,
            Clock.kind,
            Clock.state,
            Clock.budget_seconds,
            Clock.started_at,
            due(Clock).label("due_at"),
            Clock.met_at,
        )
        .where(Clock.started_at > at - LEARNED - TESTED, Clock.started_at <= at)
        .order_by(Clock.started_at.desc(), Clock.id)
        .limit(MOST)
    )
    rows = db.session.execute(query).all()
    tickets = list({row.ticket_id for row in rows})
    pauses, changes = _pauses(tickets), _changes(tickets, since=at - TESTED)
    versions = _versions({row.calendar_id for row in rows})
    return [_target(row, pauses.get(row.ticket_id, ()), changes, versions) for row in rows if versions[row.calendar_id]]


def _target(
    row: Any,
    pauses: Sequence[Stood],
    changes: dict[tuple[UUID, str], list[TargetChange]],
    versions: dict[UUID, list[tuple[datetime, WorkingCalendar]]],
) -> TargetHistory:
    return TargetHistory(
        row.id,
        TargetGroup(row.kind, row.client_id, row.budget_seconds),
        row.state,
        row.started_at,
        row.due_at,
        row.met_at,
        versions[row.calendar_id],
        pauses,
        changes.get((row.ticket_id, _sort(row.kind)), ()),
    )


def _pauses(tickets: list[UUID]) -> dict[UUID, list[Stood]]:
    query = select(Pause.ticket_id, Pause.started_at, Pause.ended_at, Pause.reason).order_by(Pause.started_at)
    found: dict[UUID, list[Stood]] = {}
    for row in db.session.execute(query.where(Pause.ticket_id == any_(literal(tickets, ARRAY(Uuid))))):
        found.setdefault(row.ticket_id, []).append(Stood(row.started_at, row.ended_at, row.reason))
    return found


def _changes(tickets: list[UUID], *, since: datetime) -> dict[tuple[UUID, str], list[TargetChange]]:
    """Target changes by ticket and sort of target; those before every tested morning are irrelevant."""
    query = select(StoredEvent.subject_id, StoredEvent.at, StoredEvent.data).where(
        StoredEvent.subject_id == any_(literal(tickets, ARRAY(Uuid))),
        StoredEvent.kind == SlaRecomputed.kind,
        StoredEvent.at > since,
    )
    found: dict[tuple[UUID, str], list[TargetChange]] = {}
    for row in db.session.execute(query.order_by(StoredEvent.seq)):
        for each in SlaRecomputed.read(row.data).clocks:
            found.setdefault((row.subject_id, _sort(each.clock)), []).append(TargetChange(row.at, each.before))
    return found


def _sort(kind: str) -> str:
    """Resolution and fulfilment are one target: a change of the ticket's type turns one into the other."""
    return "end" if kind in _ENDS else kind


def _versions(calendars: Iterable[UUID]) -> dict[UUID, list[tuple[datetime, WorkingCalendar]]]:
    found: dict[UUID, list[tuple[datetime, WorkingCalendar]]] = {each: [] for each in calendars}
    query = select(CalendarRevision).where(CalendarRevision.calendar_id == any_(literal(list(found), ARRAY(Uuid))))
    for each in db.session.scalars(query.order_by(CalendarRevision.version.desc())):
        found[each.calendar_id].append((each.at, WorkingCalendar.from_json(each.working_calendar)))
    return found
