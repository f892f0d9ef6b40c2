"""Everything about a client that a draft is made from, read in a handful of statements for many clients at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, raiseload

from billing.faults import DataFault, blaming
from billing.models import BlockMovement, Invoice, InvoiceLine, InvoiceLineEntry
from billing.rating import Period
from billing.terms import block_of_month
from billing.terms_in_force import DatedTerms
from msp.calendars.models import Calendar
from msp.clients.models import Client
from msp.contracts.models import Contract, ContractTerms
from msp.kernel.db import Json, db
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED
from msp.worklog.models import TimeEntry

ONE_DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=400)  # as far as an invoice can overlap or compare with a period


@dataclass(frozen=True, slots=True)
class Worked:
    """A time entry that no invoice holds, with what places it; `worked_on` is the day in the client's zone."""

    id: UUID
    ticket: str
    contract_id: UUID | None
    worked_on: date
    started_at: datetime
    minutes: int
    work_type: str
    is_billable: bool
    is_approved: bool
    write_down: int


@dataclass(frozen=True, slots=True)
class Billed:
    """A contract's share in an invoice of some period: issued and not taken back, or a draft of another period."""

    invoice_id: UUID
    number: str | None
    period: Period
    currency: str
    po_number: str | None
    net: int
    contract_id: UUID | None


@dataclass(frozen=True, slots=True)
class BilledFee:
    """A fixed line that an issued invoice, or the draft of another period, holds: its days, price and net."""

    code: str
    first: date
    last: date
    unit_price: Decimal
    net: int
    is_credited: bool
    milestone: tuple[str | None, str] | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """One client's, as they stand now."""

    client: Client
    contracts: list[tuple[Contract, int]] = field(default_factory=list)  # with the version of the calendar
    entries: list[Worked] = field(default_factory=list)
    on_drafts: dict[UUID, date] = field(default_factory=dict)
    moved: dict[UUID, dict[str, int]] = field(default_factory=dict)
    sold: dict[UUID, dict[str, Fraction]] = field(
        default_factory=dict
    )  # by contract and block: what stays of its price
    order_used: dict[str, int] = field(default_factory=dict)
    fees: dict[UUID, list[BilledFee]] = field(default_factory=dict)
    credited: dict[UUID, list[date]] = field(default_factory=dict)  # first days of fees that were wholly taken back
    terms: dict[UUID, list[DatedTerms]] = field(default_factory=dict)
    completed: list[tuple[str, UUID | None, date]] = field(default_factory=list)
    completed_before: dict[UUID | None, set[str]] = field(default_factory=dict)
    issued: list[Billed] = field(default_factory=list)
    drafted: list[Billed] = field(default_factory=list)


def read_books(clients: Sequence[Client], period: Period) -> list[Books]:
    """The books of these clients for a period of days in each one's own zone."""
    books = {client.id: Books(client) for client in clients}
    if not books:
        return []
    ids = list(books)
    _read_contracts(books, ids, period)
    _read_entries(books, ids, period)
    _read_invoices(books, ids, period)
    _read_movements(books, ids)
    _read_sales(books, ids)
    _read_fees(books, ids, period)
    _read_terms(books, ids)
    _read_orders(books, ids)
    _read_completed(books, ids, period)
    return list(books.values())


def read_each(clients: Sequence[Client], period: Period) -> list[tuple[Client, Books | DataFault]]:
    """Each client with its books, or with the fault that keeps them from being read; one by one only after a fault."""
    try:
        return [(books.client, books) for books in _read_safely(clients, period)]
    except DataFault:
        return [(client, _books_or_fault(client, period)) for client in clients]


def _books_or_fault(client: Client, period: Period) -> Books | DataFault:
    try:
        return _read_safely([client], period)[0]
    except DataFault as fault:
        return fault


def _read_safely(clients: Sequence[Client], period: Period) -> list[Books]:
    with blaming("fault.client"), db.session.begin_nested():
        return read_books(clients, period)


def zone_of(client: Client) -> ZoneInfo:
    """The zone in which a client's days begin and end."""
    return ZoneInfo(client.timezone)


def instants(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open stretch of UTC that a period of local days covers."""
    return (
        datetime.combine(period.first, time(), zone).astimezone(UTC),
        datetime.combine(period.last + ONE_DAY, time(), zone).astimezone(UTC),
    )


def is_reversed() -> ColumnElement[bool]:
    """The condition that an invoice was wholly taken back by a credit note."""
    note = aliased(Invoice)
    return exists(
        select(note.id).where(note.client_id == Invoice.client_id, note.corrects_id == Invoice.id, note.corrects_all)
    )


def _read_contracts(books: Mapping[UUID, Books], ids: list[UUID], period: Period) -> None:
    query = (
        select(Contract, Calendar.version)
        .join(Calendar, Calendar.id == Contract.calendar_id)
        .where(Contract.client_id.in_(ids), Contract.starts_on <= period.last)
        .order_by(Contract.starts_on, Contract.id)
    )
    for contract, version in db.session.execute(query):
        books[contract.client_id].contracts.append((contract, version))


def _read_entries(books: Mapping[UUID, Books], ids: list[UUID], period: Period) -> None:
    # Up to the last client's midnight; what lies behind one's own is left to the next period.
    until = max(instants(period, zone_of(each.client))[1] for each in books.values())
    query = (
        select(TimeEntry, Ticket.number, Ticket.contract_id)
        .join(Ticket, and_(Ticket.client_id == TimeEntry.client_id, Ticket.id == TimeEntry.ticket_id))
        .where(TimeEntry.client_id.in_(ids), TimeEntry.state != "billed", TimeEntry.started_at < until)
        .order_by(TimeEntry.started_at, TimeEntry.id)
        .execution_options(populate_existing=True)
    )
    for entry, number, contract_id in db.session.execute(query):
        mine = books[entry.client_id]
        worked_on = entry.started_at.astimezone(zone_of(mine.client)).date()
        if worked_on <= period.last:
            mine.entries.append(_worked(entry, f"{mine.client.code}-{number}", contract_id, worked_on))


def _worked(entry: TimeEntry, label: str, contract_id: UUID | None, worked_on: date) -> Worked:
    return Worked(
        id=entry.id,
        ticket=label,
        contract_id=contract_id,
        worked_on=worked_on,
        started_at=entry.started_at,
        minutes=entry.minutes,
        work_type=entry.work_type,
        is_billable=entry.billable,
        is_approved=entry.state == "approved",
        write_down=entry.write_down_minutes,
    )


def _read_invoices(books: Mapping[UUID, Books], ids: list[UUID], period: Period) -> None:
    near = (Invoice.kind == "invoice", Invoice.period_end >= period.first - LOOK_BACK)
    issued = _shares(ids).where(*near, Invoice.state == "issued", ~is_reversed())
    for row in db.session.execute(issued):
        books[row.client_id].issued.append(_billed(row))
    drafted = _shares(ids).where(Invoice.state == "draft", Invoice.period_start != period.first)
    for row in db.session.execute(drafted):
        books[row.client_id].drafted.append(_billed(row))
    held = (
        select(InvoiceLineEntry.client_id, InvoiceLineEntry.entry_id, Invoice.period_start)
        .join(InvoiceLine, InvoiceLine.id == InvoiceLineEntry.line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.client_id.in_(ids), Invoice.state == "draft", Invoice.period_start != period.first)
    )
    for client_id, entry_id, first in db.session.execute(held):
        books[client_id].on_drafts[entry_id] = first


def _shares(ids: list[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Invoice.client_id,
            Invoice.id,
            Invoice.number,
            Invoice.period_start,
            Invoice.period_end,
            Invoice.currency,
            Invoice.po_number,
            Invoice.net,
            InvoiceLine.contract_id,
        )
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.client_id.in_(ids))
        .distinct()
    )


def _billed(row: Row[Any]) -> Billed:
    return Billed(
        invoice_id=row.id,
        number=row.number,
        period=Period(row.period_start, row.period_end),
        currency=row.currency,
        po_number=row.po_number,
        net=row.net,
        contract_id=row.contract_id,
    )


def _read_movements(books: Mapping[UUID, Books], ids: list[UUID]) -> None:
    query = (
        select(BlockMovement.client_id, BlockMovement.contract_id, BlockMovement.block, func.sum(BlockMovement.units))
        .where(BlockMovement.client_id.in_(ids))
        .group_by(BlockMovement.client_id, BlockMovement.contract_id, BlockMovement.block)
    )
    for client_id, contract_id, block, units in db.session.execute(query):
        books[client_id].moved.setdefault(contract_id, {})[block] = int(units)


def _read_sales(books: Mapping[UUID, Books], ids: list[UUID]) -> None:
    """The blocks that were sold, each with the part of its price that no credit note took back."""
    note = aliased(InvoiceLine)
    credited = select(func.coalesce(func.sum(note.net), 0)).where(
        note.client_id == InvoiceLine.client_id, note.corrects_line_id == InvoiceLine.id
    )
    query = (
        select(InvoiceLine, credited.scalar_subquery())
        .options(raiseload(InvoiceLine.entries))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Contract, Contract.id == InvoiceLine.contract_id)
        .where(Invoice.client_id.in_(ids), Invoice.state == "issued", Invoice.kind == "invoice", InvoiceLine.net > 0)
        .where(Contract.kind.in_(("block_hours", "retainer")))
        .where(InvoiceLine.description["code"].astext.in_(("line.block_sale", "line.fee")))
    )
    for line, taken in db.session.execute(query):
        name = _block_sold(line.description)
        blocks = books[line.client_id].sold.setdefault(line.contract_id, {})
        blocks[name] = min(blocks.get(name, Fraction(0)) + Fraction(line.net + int(taken), line.net), Fraction(1))


FEE_CODES = ("line.fee", "line.seats", "line.seats_added", "line.seats_removed", "line.fee_adjusted", "line.milestone")


def _read_fees(books: Mapping[UUID, Books], ids: list[UUID], period: Period) -> None:
    """The fixed lines of all invoices, and of drafts of other periods: what needs no billing again."""
    note = aliased(InvoiceLine)
    is_credited = exists(
        select(note.id).where(note.client_id == InvoiceLine.client_id, note.corrects_line_id == InvoiceLine.id)
    )
    query = (
        select(InvoiceLine, is_credited, is_reversed())
        .options(raiseload(InvoiceLine.entries))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.client_id.in_(ids), Invoice.kind == "invoice", InvoiceLine.contract_id.is_not(None))
        .where(or_(Invoice.state == "issued", Invoice.period_start != period.first))
        .where(Invoice.period_end >= period.first - 2 * LOOK_BACK)
        .where(InvoiceLine.description["code"].astext.in_(FEE_CODES))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    )
    for line, credited, taken_back in db.session.execute(query):
        fee, mine = _fee_of(line, is_credited=credited), books[line.client_id]
        assert line.contract_id is not None  # asked for
        if taken_back:
            mine.credited.setdefault(line.contract_id, []).append(fee.first)
        else:
            mine.fees.setdefault(line.contract_id, []).append(fee)


def _fee_of(line: InvoiceLine, *, is_credited: bool) -> BilledFee:
    code, params = line.description["code"], line.description["params"]
    first = params.get("first") or params.get("on") or params.get("due_on")
    return BilledFee(
        code=code,
        first=date.fromisoformat(first),
        last=date.fromisoformat(params.get("last") or first),
        unit_price=Decimal(line.unit_price),
        net=line.net,
        is_credited=is_credited,
        milestone=(params["name"], params["due_on"]) if code == "line.milestone" else None,
    )


def _read_terms(books: Mapping[UUID, Books], ids: list[UUID]) -> None:
    query = select(ContractTerms).where(ContractTerms.client_id.in_(ids)).order_by(ContractTerms.version)
    for row in db.session.scalars(query):
        dated = DatedTerms(row.version, row.valid_from, row.kind, row.terms)
        books[row.client_id].terms.setdefault(row.contract_id, []).append(dated)


def _block_sold(description: Json) -> str:
    """The block that a line is the price of: sold by name, or filled for the fee of its month."""
    params = description["params"]
    return params["block"] if description["code"] == "line.block_sale" else block_of_month(params["first"])


def _read_orders(books: Mapping[UUID, Books], ids: list[UUID]) -> None:
    if not any(contract.po_number for each in books.values() for contract, _ in each.contracts):
        return
    query = (
        select(Invoice.client_id, Invoice.po_number, func.sum(Invoice.net))
        .where(Invoice.client_id.in_(ids), Invoice.state == "issued", Invoice.po_number.is_not(None))
        .group_by(Invoice.client_id, Invoice.po_number)
    )
    for client_id, po_number, net in db.session.execute(query):
        books[client_id].order_used[po_number or ""] = int(net)


def _read_completed(books: Mapping[UUID, Books], ids: list[UUID], period: Period) -> None:
    wanted = [id for id in ids if any(contract.kind == "per_ticket" for contract, _ in books[id].contracts)]
    if not wanted:
        return
    spans = [instants(period, zone_of(books[id].client)) for id in wanted]
    begun, until = min(span[0] for span in spans), max(span[1] for span in spans)
    query = (
        select(Ticket.client_id, Ticket.number, Ticket.contract_id, Ticket.resolved_at)
        .where(Ticket.client_id.in_(wanted), Ticket.status.in_(FINISHED))
        .where(Ticket.resolved_at >= begun, Ticket.resolved_at < until)
        .order_by(Ticket.client_id, Ticket.number)
    )
    for client_id, number, contract_id, resolved_at in db.session.execute(query):
        client = books[client_id].client
        if resolved_at and (day := resolved_at.astimezone(zone_of(client)).date()) in period:
            books[client_id].completed.append((f"{client.code}-{number}", contract_id, day))
    _read_completed_before(books, wanted)


def _read_completed_before(books: Mapping[UUID, Books], ids: list[UUID]) -> None:
    """Tickets that an issued invoice counts already: one that was opened again is not paid for twice."""
    query = (
        select(InvoiceLine.client_id, InvoiceLine.contract_id, InvoiceLine.description)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.client_id.in_(ids), Invoice.state == "issued", Invoice.kind == "invoice", ~is_reversed())
        .where(InvoiceLine.description["code"].astext == "line.tickets")
    )
    labels: dict[tuple[UUID, UUID | None], set[str]] = defaultdict(set)
    for client_id, contract_id, description in db.session.execute(query):
        labels[client_id, contract_id] |= set(description["params"]["tickets"])
    for (client_id, contract_id), found in labels.items():
        books[client_id].completed_before[contract_id] = found


def in_force(contracts: Iterable[tuple[Contract, int]], day: date) -> Contract | None:
    """The oldest contract that holds on a day, as for the desk's promises."""
    return next((contract for contract, _ in contracts if holds(contract, day)), None)


def holds(contract: Contract, day: date) -> bool:
    """Whether a contract is in force on a local day."""
    return contract.starts_on <= day and (contract.ends_on is None or day <= contract.ends_on)
