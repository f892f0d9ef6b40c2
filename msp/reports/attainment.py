"""SLA targets of a report, counted or listed: one statement each.

All queries use the same rows: each target that existed in the period, with its outcome, and each ticket opened in it
without any target. So counted and excluded targets add up to the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    TIMESTAMP,
    ColumnElement,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from msp.clients.models import Client
from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.people.models import Person
from msp.reports.figures import Figures
from msp.reports.outcome import COUNTED, decided, due, is_decided, outcome
from msp.reports.period import ReportPeriod
from msp.sla.models import KINDS, Clock, Pause
from msp.tickets.events import SlaBreached, SlaMet
from msp.tickets.label import Label
from msp.tickets.models import TYPES, Ticket
from msp.tickets.states import PRIORITIES

DIMENSIONS = ("client", "contract", "priority", "type", "technician", "tier", "month", "kind")
ENDS = ("resolution", "fulfilment")  # targets continued when a ticket is reopened
NONE = "none"  # filter value for a missing contract, technician, …
CODES: dict[str, Sequence[str]] = {
    "priority": PRIORITIES,
    "type": TYPES,
    "kind": KINDS,
    "tier": ("1", "2", "3"),
}


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """A period, the time of the query, and filters: values by dimension, `none` for a missing value."""

    period: ReportPeriod
    at: datetime
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One target behind a figure; `clock_id` and times are None for a ticket without target."""

    clock_id: UUID | None
    ticket_id: UUID
    label: str
    subject: str
    client_id: UUID
    client: str
    priority: str
    type: str
    tier: int
    kind: str | None
    outcome: str
    started_at: datetime
    due_at: datetime | None
    met_at: datetime | None
    technician_id: UUID | None
    technician: str | None
    is_reopened: bool


def figures(question: ReportQuery, *, by: str) -> list[Figures]:
    """The figures by value of a dimension, sorted by key; ids are texts, months `2026-10`."""
    rows = _rows(question, has_technician=by == "technician")
    key = _key(rows, by)
    query = select(key.label("key"), rows.c.outcome, func.count().label("number")).group_by("key", rows.c.outcome)
    counts: dict[str | None, dict[str, int]] = {}
    for row in db.session.execute(_narrowed(query, rows, question.only)):
        counts.setdefault(row.key, {})[row.outcome] = row.number
    return [Figures(key, each) for key, each in sorted(counts.items(), key=lambda item: (item[0] is None, item[0]))]


def lines(
    question: ReportQuery, *, outcomes: Sequence[str] = (), limit: int, offset: int = 0
) -> tuple[list[ReportLine], int]:
    """The targets behind figures, last decided first, and their total."""
    page = _page(question, outcomes, limit=limit, offset=offset)
    has_technician = "technician" in question.only
    technician = page.c.technician_id if has_technician else _technician(page.c.outcome)
    reopened = exists().where(Pause.ticket_id == page.c.ticket_id, Pause.reason == "resolved")
    query = (
        select(
            *(page.c[name] for name in _SHOWN),
            technician.label("technician_id"),
            Client.code,
            Ticket.number,
            Ticket.subject,
            Client.name.label("client"),
            and_(page.c.kind.in_(ENDS), reopened).label("is_reopened"),
            page.c.all,
        )
        .join(Ticket, and_(Ticket.client_id == page.c.client_id, Ticket.id == page.c.ticket_id))
        .join(Client, Client.id == page.c.client_id)
        .outerjoin(Clock, Clock.id == page.c.clock_id)
        .subquery("shown")
    )
    named = select(query, Person.name.label("technician")).outerjoin(Person, Person.id == query.c.technician_id)
    found = db.session.execute(named.order_by(*_order(query))).mappings().all()
    return [_line(row) for row in found], found[0]["all"] if found else 0


def _line(row: Mapping[Any, Any]) -> ReportLine:
    fields = {name: each for name, each in row.items() if name not in ("all", "decided_at", "code", "number")}
    return ReportLine(label=str(Label(row["code"], row["number"])), **fields)


def _page(question: ReportQuery, outcomes: Sequence[str], *, limit: int, offset: int) -> Subquery:
    rows = _rows(question, has_technician=False)
    query = select(rows, func.count().over().label("all"))
    if outcomes:
        query = query.where(rows.c.outcome.in_(outcomes))
    return _narrowed(query, rows, question.only).order_by(*_order(rows)).limit(limit).offset(offset).subquery("page")


def _order(rows: Subquery) -> tuple[ColumnElement[Any], ...]:
    return (rows.c.decided_at.desc().nulls_last(), rows.c.started_at.desc(), rows.c.ticket_id, rows.c.kind)


_SHOWN = (
    "clock_id",
    "ticket_id",
    "client_id",
    "priority",
    "type",
    "tier",
    "kind",
    "outcome",
    "started_at",
    "due_at",
    "met_at",
    "decided_at",
)


def _rows(question: ReportQuery, *, has_technician: bool) -> Subquery:
    spans = _spans(question)
    has_technician = has_technician or "technician" in question.only
    with_clock = _targets_in_period(question, spans, has_technician=has_technician)
    return union_all(with_clock, _tickets_without_targets(question, spans)).subquery("sla_target")


def _spans(question: ReportQuery) -> CTE:
    """Each client's period in its own zone."""
    period = question.period
    begun = func.timezone(Client.timezone, cast(literal(period.first), TIMESTAMP))
    ended = func.timezone(Client.timezone, cast(literal(period.last + timedelta(days=1)), TIMESTAMP))
    query = select(Client.id, Client.timezone, begun.label("begun"), ended.label("ended"))
    if "client" in question.only:
        query = query.where(Client.id == question.only["client"])
    return query.cte("span").prefix_with("materialized")


def _targets_in_period(question: ReportQuery, span: CTE, *, has_technician: bool) -> Select[Any]:
    moment, at = decided(Clock), question.at
    earliest, latest = question.period.widest()
    stood = exists().where(
        Pause.ticket_id == Clock.ticket_id,
        Pause.started_at < span.c.ended,
        or_(Pause.ended_at.is_(None), Pause.ended_at >= span.c.ended),
    )
    became = outcome(Clock, at=at, ended=span.c.ended, stood_at_end=stood)
    is_counted = is_decided(Clock, at=at, ended=span.c.ended)
    month = case((is_counted, func.to_char(func.timezone(span.c.timezone, moment), "YYYY-MM")))
    return (
        select(
            Clock.id.label("clock_id"),
            Clock.ticket_id,
            Clock.client_id,
            Ticket.contract_id,
            Ticket.priority,
            Ticket.type,
            Ticket.tier,
            Clock.kind,
            month.label("month"),
            became.label("outcome"),
            Clock.started_at,
            due(Clock).label("due_at"),
            Clock.met_at,
            case((is_counted, moment)).label("decided_at"),
            (_technician(became) if has_technician else null()).label("technician_id"),
        )
        .join(span, span.c.id == Clock.client_id)
        .join(Ticket, and_(Ticket.client_id == Clock.client_id, Ticket.id == Clock.ticket_id))
        .where(
            or_(moment >= earliest, moment.is_(None)),
            Clock.started_at < latest,
            or_(moment >= span.c.begun, moment.is_(None)),
            Clock.started_at < span.c.ended,
            or_(Clock.state != "cancelled", moment.is_not(None), Clock.started_at >= span.c.begun),
        )
    )


def _tickets_without_targets(question: ReportQuery, span: CTE) -> Select[Any]:
    earliest, latest = question.period.widest()
    month = func.to_char(func.timezone(span.c.timezone, Ticket.created_at), "YYYY-MM")
    return (
        select(
            cast(null(), Uuid),
            Ticket.id,
            Ticket.client_id,
            Ticket.contract_id,
            Ticket.priority,
            Ticket.type,
            Ticket.tier,
            cast(null(), Text),
            month,
            case((Ticket.contract_id.is_(None), "no_contract"), else_="no_target"),
            Ticket.created_at,
            cast(null(), TIMESTAMP(timezone=True)),
            cast(null(), TIMESTAMP(timezone=True)),
            cast(null(), TIMESTAMP(timezone=True)),
            Ticket.assignee_id,
        )
        .join(span, span.c.id == Ticket.client_id)
        .where(
            Ticket.created_at >= earliest,
            Ticket.created_at < latest,
            Ticket.created_at >= span.c.begun,
            Ticket.created_at < span.c.ended,
            Ticket.closed_as.is_(None),
            ~exists().where(Clock.ticket_id == Ticket.id),
        )
    )


def _technician(became: ColumnElement[str]) -> ColumnElement[UUID | None]:
    """The technician of a target: who met it in time; else the assignee at the breach; else the current assignee.

    Read from the events. A ticket closed by the client counts for its assignee.
    """
    met, worker = aliased(StoredEvent), aliased(Person)
    who_met = (
        select(met.actor_id)
        .join(worker, and_(worker.id == met.actor_id, worker.client_id.is_(None)))
        .where(
            met.subject_id == Clock.ticket_id,
            met.kind == SlaMet.kind,
            met.at == Clock.met_at,
            met.data["clock"].astext == Clock.kind,
        )
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    late = aliased(StoredEvent)
    had = func.coalesce(late.data["assignee_id"].astext, NONE)
    who_had = (
        select(had)
        .where(
            late.subject_id == Clock.ticket_id,
            late.kind == SlaBreached.kind,
            late.data["clock"].astext == Clock.kind,
            late.at >= Clock.started_at,
        )
        .order_by(late.seq)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    at_breach = func.coalesce(who_had, cast(Ticket.assignee_id, Text), NONE)
    return case(
        (became == "met", func.coalesce(who_met, Ticket.assignee_id)),
        (became.in_(COUNTED), cast(func.nullif(at_breach, NONE), Uuid)),
        else_=Ticket.assignee_id,
    )


def _key(rows: Subquery, by: str) -> ColumnElement[str | None]:
    column = {"client": "client_id", "contract": "contract_id", "technician": "technician_id"}.get(by, by)
    return cast(rows.c[column], Text)


def _narrowed(query: Select[Any], rows: Subquery, only: Mapping[str, str]) -> Select[Any]:
    for name, value in only.items():
        key = _key(rows, name)
        query = query.where(key.is_(None) if value == NONE else key == value)
    return query
