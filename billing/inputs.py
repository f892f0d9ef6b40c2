"""Everything that a client's drafts are made from, read in a few statements for many clients."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, func, select

from billing.billed_before import (
    LOOK_BACK,
    BilledFee,
    fixed_lines_of,
    is_reversed,
    sales_of,
)
from billing.counted_units import READERS, counted_before
from billing.faults import DataFault, blaming
from billing.models import BlockMovement, Invoice, InvoiceLine, InvoiceLineEntry
from billing.rating import Period
from billing.terms_in_force import DatedTerms
from msp.calendars.models import Calendar
from msp.clients.models import Client
from msp.contracts.kinds import COUNTED_UNITS, KINDS, FeeUnit
from msp.contracts.models import Contract, ContractTerms
from msp.kernel.db import db
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.worklog.billed import IS_UNBILLED
from msp.worklog.models import TimeEntry

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class UnbilledEntry:
    """A time entry on no invoice; `worked_on` is the day in the client's zone."""

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
class BilledShare:
    """A contract's part in an issued, not reversed invoice of any period or in another period's draft."""

    invoice_id: UUID
    number: str | None
    period: Period
    currency: str
    po_number: str | None
    net: int
    contract_id: UUID | None


@dataclass(frozen=True, slots=True)
class BillingInputs:
    """The inputs of one client."""

    client: Client
    contracts: list[tuple[Contract, int]] = field(default_factory=list)  # with the calendar's version
    entries: list[UnbilledEntry] = field(default_factory=list)
    on_drafts: dict[UUID, date] = field(default_factory=dict)
    moved: dict[UUID, dict[str, int]] = field(default_factory=dict)
    sold: dict[UUID, dict[str, Fraction]] = field(
        default_factory=dict
    )  # by contract and block: the share of its price not credited
    order_used: dict[str, int] = field(default_factory=dict)
    fees: dict[UUID, list[BilledFee]] = field(default_factory=dict)
    credited: dict[UUID, list[date]] = field(default_factory=dict)  # first days of fully credited fees
    terms: dict[UUID, list[DatedTerms]] = field(default_factory=dict)
    counted: dict[FeeUnit, list[tuple[str, UUID | None, date]]] = field(default_factory=dict)
    counted_before: dict[tuple[FeeUnit, UUID | None], set[str]] = field(default_factory=dict)
    issued: list[BilledShare] = field(default_factory=list)
    drafted: list[BilledShare] = field(default_factory=list)


def read_inputs(clients: Sequence[Client], period: Period) -> list[BillingInputs]:
    """Read the inputs of these clients for days in each client's zone."""
    books = {client.id: BillingInputs(client) for client in clients}
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
    for unit in COUNTED_UNITS:
        _read_counted(books, ids, period, unit)
    return list(books.values())


def read_each(clients: Sequence[Client], period: Period) -> list[tuple[Client, BillingInputs | DataFault]]:
    """Each client with its inputs, or the fault that prevents reading them. Reads one by one only after a fault."""
    try:
        return [(books.client, books) for books in _read_safely(clients, period)]
    except DataFault:
        return [(client, _inputs_or_fault(client, period)) for client in clients]


def _inputs_or_fault(client: Client, period: Period) -> BillingInputs | DataFault:
    try:
        return _read_safely([client], period)[0]
    except DataFault as fault:
        return fault


def _read_safely(clients: Sequence[Client], period: Period) -> list[BillingInputs]:
    with blaming("fault.client"), db.session.begin_nested():
        return read_inputs(clients, period)


def zone_of(client: Client) -> ZoneInfo:
    """The client's time zone."""
    return ZoneInfo(client.timezone)


def instants(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open UTC interval of a period of local days."""
    return (
        datetime.combine(period.first, time(), zone).astimezone(UTC),
        datetime.combine(period.last + ONE_DAY, time(), zone).astimezone(UTC),
    )


def _read_contracts(books: Mapping[UUID, BillingInputs], ids: list[UUID], period: Period) -> None:
    query = (
        select(Contract, Calendar.version)
        .join(Calendar, Calendar.id == Contract.calendar_id)
        .where(Contract.client_id.in_(ids), Contract.starts_on <= period.last)
        .order_by(Contract.starts_on, Contract.id)
    )
    for contract, version in db.session.execute(query):
        books[contract.client_id].contracts.append((contract, version))


def _read_entries(books: Mapping[UUID, BillingInputs], ids: list[UUID], period: Period) -> None:
    # Up to the last client's midnight; later entries of each client are left to its next period.
    until = max(instants(period, zone_of(each.client))[1] for each in books.values())
    query = (
        select(TimeEntry, Ticket.number, Ticket.contract_id)
        .join(Ticket, and_(Ticket.client_id == TimeEntry.client_id, Ticket.id == TimeEntry.ticket_id))
        .where(TimeEntry.client_id.in_(ids), IS_UNBILLED, TimeEntry.started_at < until)
        .order_by(TimeEntry.started_at, TimeEntry.id)
        .execution_options(populate_existing=True)
    )
    for entry, number, contract_id in db.session.execute(query):
        mine = books[entry.client_id]
        worked_on = entry.started_at.astimezone(zone_of(mine.client)).date()
        if worked_on <= period.last:
            mine.entries.append(_unbilled_entry(entry, str(Label(mine.client.code, number)), contract_id, worked_on))


def _unbilled_entry(entry: TimeEntry, label: str, contract_id: UUID | None, worked_on: date) -> UnbilledEntry:
    return UnbilledEntry(
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


def _read_invoices(books: Mapping[UUID, BillingInputs], ids: list[UUID], period: Period) -> None:
    near = (Invoice.kind == "invoice", Invoice.period_end >= period.first - LOOK_BACK)
    issued = _shares(ids).where(*near, Invoice.state == "issued", ~is_reversed())
    for row in db.session.execute(issued):
        books[row.client_id].issued.append(_billed_share(row))
    drafted = _shares(ids).where(Invoice.state == "draft", Invoice.period_start != period.first)
    for row in db.session.execute(drafted):
        books[row.client_id].drafted.append(_billed_share(row))
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


def _billed_share(row: Row[Any]) -> BilledShare:
    return BilledShare(
        invoice_id=row.id,
        number=row.number,
        period=Period(row.period_start, row.period_end),
        currency=row.currency,
        po_number=row.po_number,
        net=row.net,
        contract_id=row.contract_id,
    )


def _read_movements(books: Mapping[UUID, BillingInputs], ids: list[UUID]) -> None:
    query = (
        select(BlockMovement.client_id, BlockMovement.contract_id, BlockMovement.block, func.sum(BlockMovement.units))
        .where(BlockMovement.client_id.in_(ids))
        .group_by(BlockMovement.client_id, BlockMovement.contract_id, BlockMovement.block)
    )
    for client_id, contract_id, block, units in db.session.execute(query):
        books[client_id].moved.setdefault(contract_id, {})[block] = int(units)


def _read_sales(books: Mapping[UUID, BillingInputs], ids: list[UUID]) -> None:
    """The blocks sold, each with the share of its price that was not credited."""
    for client_id, contract_id, block, part in sales_of(ids):
        books[client_id].sold.setdefault(contract_id, {})[block] = part


def _read_fees(books: Mapping[UUID, BillingInputs], ids: list[UUID], period: Period) -> None:
    """The fixed lines on all invoices and on drafts of other periods, which are not billed again."""
    for row in fixed_lines_of(ids, period):
        mine = books[row.client_id]
        if row.is_taken_back:
            mine.credited.setdefault(row.contract_id, []).append(row.fee.first)
        else:
            mine.fees.setdefault(row.contract_id, []).append(row.fee)


def _read_terms(books: Mapping[UUID, BillingInputs], ids: list[UUID]) -> None:
    query = select(ContractTerms).where(ContractTerms.client_id.in_(ids)).order_by(ContractTerms.version)
    for row in db.session.scalars(query):
        dated = DatedTerms(row.version, row.valid_from, row.kind, row.terms, row.created_at)
        books[row.client_id].terms.setdefault(row.contract_id, []).append(dated)


def _read_orders(books: Mapping[UUID, BillingInputs], ids: list[UUID]) -> None:
    if not any(contract.po_number for each in books.values() for contract, _ in each.contracts):
        return
    query = (
        select(Invoice.client_id, Invoice.po_number, func.sum(Invoice.net))
        .where(Invoice.client_id.in_(ids), Invoice.state == "issued", Invoice.po_number.is_not(None))
        .group_by(Invoice.client_id, Invoice.po_number)
    )
    for client_id, po_number, net in db.session.execute(query):
        books[client_id].order_used[po_number or ""] = int(net)


def _read_counted(books: Mapping[UUID, BillingInputs], ids: list[UUID], period: Period, unit: FeeUnit) -> None:
    """The pieces of a unit until the end of the period, and those that an invoice counts already."""
    wanted = [id for id in ids if _is_ever_counted(books[id], unit)]
    if not wanted:
        return
    spans = [instants(period, zone_of(books[id].client)) for id in wanted]
    begun, until = min(span[0] for span in spans) - 2 * LOOK_BACK, max(span[1] for span in spans)
    for piece in READERS[unit](wanted, begun, until):
        mine = books[piece.client_id]
        if (day := piece.at.astimezone(zone_of(mine.client)).date()) <= period.last:
            mine.counted.setdefault(unit, []).append((piece.label, piece.contract_id, day))
    for client_id, contract_id, labels in counted_before(unit, wanted, period):
        books[client_id].counted_before.setdefault((unit, contract_id), set()).update(labels)


def _is_ever_counted(mine: BillingInputs, unit: FeeUnit) -> bool:
    kinds = {dated.kind for history in mine.terms.values() for dated in history}
    return any(KINDS[kind].fee_unit == unit for kind in kinds | {contract.kind for contract, _ in mine.contracts})


def in_force(contracts: Iterable[tuple[Contract, int]], day: date) -> Contract | None:
    """The oldest contract active on a day; SLAs use the same rule."""
    return next((contract for contract, _ in contracts if holds(contract, day)), None)


def holds(contract: Contract, day: date) -> bool:
    """Whether a contract is active on a local day."""
    return contract.starts_on <= day and (contract.ends_on is None or day <= contract.ends_on)
