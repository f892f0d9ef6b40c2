"""Issue drafts, and put them on hold."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from billing.drafts import InvoiceDraft, line_values, plan, tax_row
from billing.events import InvoiceHeld, InvoiceReleased
from billing.faults import blaming, refusing
from billing.inputs import read_inputs, zone_of
from billing.issuing import issue_document, issuer
from billing.models import BilledEntry, BlockMovement, Invoice, InvoiceLine, Payment
from billing.parties import require_treatment
from billing.rating import Period
from billing.sections import owner_of
from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.kernel.db import db
from msp.kernel.errors import Conflict, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.worklog.billed import lock_entries, mark_billed

_COMPARED = (
    "contract_id",
    "position",
    "kind",
    "description",
    "minutes",
    "quantity",
    "unit",
    "unit_price",
    "net",
    "tax_category",
    "tax_name",
    "tax_rate",
)


def issue(invoice_id: UUID, *, at: datetime) -> Invoice:
    """Issue a draft: bills its entries, drains its blocks, opens its payment. Emits `invoice.issued`. Irreversible.

    Raises Conflict if the invoice is issued or on hold, if the client has no tax number or address, if the tax regime
    contradicts both parties' data, if the provider's data are incomplete or no document can be made ("data_fault", with
    the reason), and if hours, contract or blocks have changed since: the draft has to be rebuilt and checked first.
    """
    with refusing("a draft cannot be issued", invoice_id):
        return _issue(locked(invoice_id), at=at)


def _issue(invoice: Invoice, *, at: datetime) -> Invoice:
    if invoice.state != "draft":
        raise Conflict("invoice_issued")
    if invoice.held_at is not None:
        raise Conflict("invoice_held")
    client = access_client(invoice.client_id)
    draft = _recalculated(invoice, client, at=at)
    invoice.legal_mentions = [{"code": row["mention"]} for row in invoice.taxes if row["mention"]]
    with blaming("fault.draft"):
        _settle(invoice, draft, at=at)
    issue_document(invoice, client, "invoice", at=at)
    return invoice


def _settle(invoice: Invoice, draft: InvoiceDraft, *, at: datetime) -> None:
    """Claim an invoice's entries, drain its blocks, and open its payment."""
    _claim_entries(invoice)
    _drain_blocks(invoice, draft, at=at)
    settled = invoice.payable == 0
    db.session.add(
        Payment(
            invoice_id=invoice.id,
            client_id=invoice.client_id,
            state="paid" if settled else "pending",
            paid_at=at if settled else None,
            updated_at=at,
        )
    )
    db.session.flush()


def hold(invoice_id: UUID, *, at: datetime) -> Invoice:
    """Put a draft on hold, or release it; emits `invoice.held` or `invoice.released`."""
    invoice = locked(invoice_id)
    if invoice.state != "draft":
        raise Conflict("invoice_issued")
    invoice.held_at = None if invoice.held_at else at
    event = InvoiceHeld() if invoice.held_at else InvoiceReleased()
    emit(event, invoice.id, client_id=invoice.client_id, at=at)
    return invoice


def locked(invoice_id: UUID) -> Invoice:
    """The current invoice, locked until the transaction ends; raises NotFound."""
    query = select(Invoice).where(Invoice.id == invoice_id).with_for_update(of=Invoice)
    invoice = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if invoice is None:
        raise NotFound("invoice")
    return invoice


def _recalculated(invoice: Invoice, client: Client, *, at: datetime) -> InvoiceDraft:
    """The recalculated draft, its entries locked; raises Conflict if the stored one differs."""
    entries = entry_ids(invoice.lines)
    lock_entries(entries)
    period = Period(invoice.period_start, invoice.period_end)
    provider = issuer()
    require_treatment(client, provider)
    with blaming("fault.client"):
        books = read_inputs([client], period)[0]
        today = at.astimezone(zone_of(client)).date()
    planned = plan(books, period, today=today, issuer=provider, may_carry=False)
    for draft in planned.drafts:
        is_it = (draft.currency, draft.po_number) == (invoice.currency, invoice.po_number)
        if is_it and _is_equal(invoice, draft):
            return draft
    raise Conflict("draft_outdated")


def _is_equal(invoice: Invoice, draft: InvoiceDraft) -> bool:
    """Whether a stored draft equals a recalculation: lines, their tax, and the total."""
    is_taxed_alike = invoice.taxes == [tax_row(row) for row in draft.totals.taxes]
    return is_taxed_alike and _stored(invoice) == _computed(draft) and invoice.payable == draft.totals.payable.amount


def _stored(invoice: Invoice) -> list[tuple[object, ...]]:
    return [
        (
            *(getattr(line, name) for name in _COMPARED),
            {(share.entry_id, share.worked_minutes, share.billed_minutes) for share in line.entries},
        )
        for line in invoice.lines
    ]


def _computed(draft: InvoiceDraft) -> list[tuple[object, ...]]:
    return [
        (
            *(values[name] for name in _COMPARED),
            {(UUID(share.entry), share.worked, share.billed) for share in line.entries},
        )
        for values, line in line_values(draft)
    ]


def entry_ids(lines: Iterable[InvoiceLine]) -> list[UUID]:
    """The ids of the entries on some lines, without duplicates."""
    return list(dict.fromkeys(share.entry_id for line in lines for share in line.entries))


def _claim_entries(invoice: Invoice) -> None:
    entries = entry_ids(invoice.lines)
    if not entries:
        return
    db.session.add_all(
        BilledEntry(entry_id=entry, client_id=invoice.client_id, invoice_id=invoice.id) for entry in entries
    )
    mark_billed(invoice.client_id, entries)


def _drain_blocks(invoice: Invoice, draft: InvoiceDraft, *, at: datetime) -> None:
    db.session.add_all(
        BlockMovement(
            id=new_id(),
            client_id=invoice.client_id,
            contract_id=owner,
            invoice_id=invoice.id,
            entry_id=UUID(move.entry),
            block=name,
            on_day=move.on,
            units=-move.drained,
            reason="used",
            created_at=at,
        )
        for section in draft.sections
        for move in section.rated.movements
        for owner, name in [owner_of(section.contract, move.block)]
    )
