"""What contracts pay for by the piece, such as completed tickets: where the pieces are read.

Each piece has a label and is billed once, in the run of its day. The units are in `msp.contracts.kinds.COUNTED_UNITS`,
their sentences in `billing.sentences.counted`; no other module names one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import or_, select

from billing.billed_before import is_reversed
from billing.models import Invoice, InvoiceLine
from billing.rating import Period
from msp.clients.models import Client
from msp.contracts.kinds import FeeUnit
from msp.kernel.db import db
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED


class CountedPiece(NamedTuple):
    """One piece, with the contract that it belongs to; None for the one that was active on its day."""

    client_id: UUID
    label: str
    contract_id: UUID | None
    at: datetime


Reader: TypeAlias = Callable[[list[UUID], datetime, datetime], Iterator[CountedPiece]]


def completed_tickets(ids: list[UUID], begun: datetime, until: datetime) -> Iterator[CountedPiece]:
    """Tickets of these clients completed in a half-open interval; not those that ended as merged or spam."""
    query = (
        select(Ticket.client_id, Client.code, Ticket.number, Ticket.contract_id, Ticket.resolved_at)
        .join(Client, Client.id == Ticket.client_id)
        .where(Ticket.client_id.in_(ids), Ticket.status.in_(FINISHED))
        .where(Ticket.resolved_at >= begun, Ticket.resolved_at < until)
        .where(or_(Ticket.closed_as.is_(None), Ticket.resolved_at < Ticket.closed_at))
        .order_by(Ticket.client_id, Ticket.number)
    )
    for client_id, code, number, contract_id, resolved_at in db.session.execute(query):
        assert resolved_at is not None  # asked for
        yield CountedPiece(client_id, str(Label(code, number)), contract_id, resolved_at)


READERS: Mapping[FeeUnit, Reader] = {"ticket": completed_tickets}


def counted_before(unit: FeeUnit, ids: Iterable[UUID], period: Period) -> Iterator[tuple[UUID, UUID | None, list[str]]]:
    """Pieces on an invoice or on another period's draft, so that a reopened ticket is not billed twice."""
    query = (
        select(InvoiceLine.client_id, InvoiceLine.contract_id, InvoiceLine.description)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.client_id.in_(ids), Invoice.kind == "invoice", ~is_reversed())
        .where(or_(Invoice.state == "issued", Invoice.period_start != period.first))
        .where(InvoiceLine.description["code"].astext == f"line.{unit}s")
    )
    for client_id, contract_id, description in db.session.execute(query):
        yield client_id, contract_id, description["params"][f"{unit}s"]
