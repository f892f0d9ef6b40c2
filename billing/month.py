"""The month-closing page: the state of every client, read in a few statements."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, select

from billing.inputs import instants
from billing.issuing import day_at_issuer, issuer_zone
from billing.models import Invoice, InvoiceLine, InvoiceLineEntry
from billing.phrases import BLOCKING, is_fault, needs_review
from billing.rating import Period
from billing.runs import last_runs
from msp.clients.models import Client
from msp.clients.queries import all_clients
from msp.contracts.models import Contract
from msp.kernel import settings
from msp.kernel.collation import by_name, name_key
from msp.kernel.db import Json, db
from msp.worklog.billed import IS_UNBILLED
from msp.worklog.models import TimeEntry

CLOSING_DAYS = 20  # until this day of a month the previous one is the default


@dataclass(frozen=True, slots=True)
class MonthInvoice:
    """A draft or issued invoice of the month; `minutes` are those on its lines, `kinds` those of its contracts."""

    id: UUID
    client_id: UUID
    client_name: str
    state: str  # issued, held, missing, check or ready
    number: str | None
    po_number: str | None
    net: int
    currency: str
    warnings: list[Json]
    kinds: tuple[str, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Loose:
    """A client without a draft: what a run left out, or the minutes that no run has covered."""

    client_id: UUID
    client_name: str
    minutes: int
    reasons: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month's invoices, and clients without any, by client name."""

    period: Period
    places: tuple[MonthInvoice, ...]
    loose: tuple[Loose, ...]
    has_run: bool

    def in_state(self, *states: str) -> list[MonthInvoice]:
        """The invoices in some states."""
        return [place for place in self.places if place.state in states]


def read_month(period: Period) -> Month:
    """The state of every client in a period."""
    places = _places(period)
    runs = last_runs(period)
    reasons: dict[UUID, list[Json]] = {}
    for out in runs[0].left_out if runs else []:
        reasons.setdefault(UUID(out["client_id"]), []).append(out["reason"])
    minutes = _unbilled(period)
    placed = {place.client_id for place in places}
    # A fault is shown also if an invoice of the period exists; a draft shows it itself.
    drafted = {place.client_id for place in places if place.state != "issued"}
    faulty = {client_id for client_id, found in reasons.items() if any(map(is_fault, found))}
    wanted = ((set(minutes) | set(reasons)) - placed) | (faulty - drafted)
    names = _names(wanted)
    loose = [
        Loose(client_id, names[client_id], minutes.get(client_id, 0), tuple(reasons.get(client_id, ())))
        for client_id in sorted(names, key=lambda id: name_key(names[id]))
    ]
    return Month(period, tuple(places), tuple(loose), has_run=bool(runs))


def _places(period: Period) -> list[MonthInvoice]:
    parts = (
        select(
            InvoiceLine.invoice_id,
            func.array_agg(Contract.kind.distinct()).label("kinds"),
            func.coalesce(func.sum(InvoiceLine.minutes), 0).label("minutes"),
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Contract, Contract.id == InvoiceLine.contract_id)
        .where(Invoice.period_start == period.first)
        .group_by(InvoiceLine.invoice_id)
        .subquery()
    )
    query = (
        select(
            Invoice.id,
            Invoice.client_id,
            Client.name,
            Invoice.state,
            Invoice.number,
            Invoice.po_number,
            Invoice.net,
            Invoice.currency,
            Invoice.warnings,
            Invoice.held_at,
            parts.c.kinds,
            parts.c.minutes,
        )
        .join(Client, Client.id == Invoice.client_id)
        .outerjoin(parts, parts.c.invoice_id == Invoice.id)
        .where(Invoice.period_start == period.first, Invoice.kind == "invoice")
        .order_by(by_name(Client.name), Invoice.po_number, Invoice.currency, Invoice.id)
    )
    return [_place(row) for row in db.session.execute(query)]


def _place(row: Any) -> MonthInvoice:
    return MonthInvoice(
        id=row.id,
        client_id=row.client_id,
        client_name=row.name,
        state=place_state(row.state, held_at=row.held_at, warnings=row.warnings),
        number=row.number,
        po_number=row.po_number,
        net=row.net,
        currency=row.currency,
        warnings=row.warnings,
        kinds=tuple(row.kinds or ()),
        minutes=row.minutes or 0,
    )


def place_state(state: str, *, held_at: datetime | None, warnings: list[Json]) -> str:
    """The state of a draft or an issued invoice, as a word of the billing vocabulary."""
    if state == "issued":
        return "issued"
    if held_at is not None:
        return "held"
    if any(warning["code"] in BLOCKING for warning in warnings):
        return "missing"
    return "check" if needs_review(warnings) else "ready"


def _unbilled(period: Period) -> dict[UUID, int]:
    """Minutes by client worked until the end of the period and not billed."""
    _, until = instants(period, issuer_zone(settings.read("provider")))
    is_drafted = exists(
        select(InvoiceLineEntry.line_id)
        .join(InvoiceLine, InvoiceLine.id == InvoiceLineEntry.line_id)
        .join(Invoice, and_(Invoice.id == InvoiceLine.invoice_id, Invoice.state == "draft"))
        .where(InvoiceLineEntry.entry_id == TimeEntry.id)
    )
    query = (
        select(TimeEntry.client_id, func.sum(TimeEntry.minutes))
        .where(IS_UNBILLED, TimeEntry.started_at < until, ~is_drafted)
        .group_by(TimeEntry.client_id)
    )
    return {client_id: int(minutes) for client_id, minutes in db.session.execute(query)}


def _names(ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    return {client.id: client.name for client in all_clients(active=False) if client.id in ids}


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    first = day.replace(day=1)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Period(first, date.fromordinal(following.toordinal() - 1))


def month_being_closed(today: date) -> Period:
    """The month to close: until day 20 the previous one, if any contract was active in it."""
    this = month_of(today)
    last = month_of(date.fromordinal(this.first.toordinal() - 1))
    held = select(exists(select(1).where(Contract.starts_on <= last.last)))
    return last if today.day <= CLOSING_DAYS and db.session.execute(held).scalar_one() else this


def today_at_issuer(at: datetime) -> date:
    """The current day at the place of issue."""
    return day_at_issuer(at)
