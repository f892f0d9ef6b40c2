"""What earlier invoices and drafts contain of a contract: fixed lines and blocks sold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased, raiseload

from billing.models import Invoice, InvoiceLine
from billing.rating import Period
from billing.terms import block_of_month
from msp.contracts.kinds import COUNTED_UNITS, KINDS
from msp.kernel.db import Json, db

LOOK_BACK = timedelta(days=400)  # the oldest invoices that can overlap or be compared with a period
FEE_CODES = (
    "line.fee", "line.seats", "line.seats_added", "line.seats_removed", "line.fee_adjusted", "line.milestone",
    "line.block_sale", *(f"line.{unit}s" for unit in COUNTED_UNITS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BilledFee:
    """A fixed line on an issued invoice or on the draft of another period: days, price and net.

    `issued_at` is None on a draft; `milestone` is its name and day, `block` the block that was sold.
    """

    code: str
    first: date
    last: date
    unit_price: Decimal
    net: int
    is_credited: bool
    issued_at: datetime | None = None
    milestone: tuple[str | None, str] | None = None
    block: str | None = None


class FixedLine(NamedTuple):
    """A fixed line of a contract; `is_taken_back` if a credit note reverses its whole invoice."""

    client_id: UUID
    contract_id: UUID
    fee: BilledFee
    is_taken_back: bool


def is_reversed() -> ColumnElement[bool]:
    """SQL condition: a credit note reverses the whole invoice."""
    note = aliased(Invoice)
    return exists(
        select(note.id).where(note.client_id == Invoice.client_id, note.corrects_id == Invoice.id, note.corrects_all)
    )


def fixed_lines_of(ids: list[UUID], period: Period) -> Iterator[FixedLine]:
    """Fixed lines of these clients on all invoices and on drafts of other periods, about two years back."""
    note = aliased(InvoiceLine)
    is_credited = exists(
        select(note.id).where(note.client_id == InvoiceLine.client_id, note.corrects_line_id == InvoiceLine.id)
    )
    query = (
        select(InvoiceLine, is_credited, is_reversed(), Invoice.issued_at)
        .options(raiseload(InvoiceLine.entries))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.client_id.in_(ids), Invoice.kind == "invoice", InvoiceLine.contract_id.is_not(None))
        .where(or_(Invoice.state == "issued", Invoice.period_start != period.first))
        .where(Invoice.period_end >= period.first - 2 * LOOK_BACK)
        .where(InvoiceLine.description["code"].astext.in_(FEE_CODES))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    )
    for line, credited, taken_back, issued_at in db.session.execute(query):
        assert line.contract_id is not None  # asked for
        fee = _fee_of(line, is_credited=credited, issued_at=issued_at)
        yield FixedLine(line.client_id, line.contract_id, fee, taken_back)


def _fee_of(line: InvoiceLine, *, is_credited: bool, issued_at: datetime | None) -> BilledFee:
    code, params = line.description["code"], line.description["params"]
    first = params.get("first") or params.get("on") or params.get("due_on")
    return BilledFee(
        code=code,
        first=date.fromisoformat(first),
        last=date.fromisoformat(params.get("last") or first),
        unit_price=Decimal(line.unit_price),
        net=line.net,
        is_credited=is_credited,
        issued_at=issued_at,
        milestone=(params["name"], params["due_on"]) if code == "line.milestone" else None,
        block=params["block"] if code == "line.block_sale" else None,
    )


def sales_of(ids: list[UUID]) -> Iterator[tuple[UUID, UUID, str, Fraction]]:
    """Blocks bought by these clients, by contract, with the share of the price that was not credited."""
    note = aliased(InvoiceLine)
    credited = select(func.coalesce(func.sum(note.net), 0)).where(
        note.client_id == InvoiceLine.client_id, note.corrects_line_id == InvoiceLine.id
    )
    query = (
        select(InvoiceLine, credited.scalar_subquery())
        .options(raiseload(InvoiceLine.entries))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.client_id.in_(ids), Invoice.state == "issued", Invoice.kind == "invoice", InvoiceLine.net > 0)
        .where(InvoiceLine.contract_id.is_not(None))
        .where(InvoiceLine.description["code"].astext.in_(("line.block_sale", "line.fee")))
    )
    sold: dict[tuple[UUID, UUID, str], Fraction] = {}
    for line, taken in db.session.execute(query):
        if (name := _block_sold(line.description)) is not None:
            place = (line.client_id, line.contract_id, name)
            sold[place] = min(sold.get(place, Fraction(0)) + Fraction(line.net + int(taken), line.net), Fraction(1))
    for (client_id, contract_id, name), part in sold.items():
        yield client_id, contract_id, name, part


def _block_sold(description: Json) -> str | None:
    """The block that a line sells: by name, or the one filled for the fee of its month; None for other fees."""
    params = description["params"]
    if description["code"] == "line.block_sale":
        return str(params["block"])
    return block_of_month(params["first"]) if KINDS[params["kind"]].block_unit else None
