"""Billing runs: one draft per client, currency and purchase order, and what was left out with the reasons.

A period is days in each client's own zone. Running it again rebuilds the drafts and does not touch issued invoices.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from babel import Locale
from sqlalchemy import delete, select
from sqlalchemy.orm import raiseload

from billing.drafts import InvoiceDraft, line_values, plan, tax_row
from billing.events import InvoiceDrafted
from billing.faults import DataFault, blaming, note
from billing.inputs import BillingInputs, read_each, zone_of
from billing.models import Invoice, InvoiceLine, InvoiceLineEntry, InvoiceRun
from billing.numbering import lock_runs
from billing.phrases import is_fault, remark
from billing.rating import Period, RatedLine
from billing.sections import LeftOutOfDraft
from billing.sentences import paragraph, title
from msp.clients.models import Client
from msp.contracts.terms import is_day
from msp.kernel.collation import by_name
from msp.kernel.db import Json, current_scope, db
from msp.kernel.errors import Invalid
from msp.kernel.events import emit
from msp.kernel.i18n import reading_as
from msp.kernel.ids import new_id
from msp.kernel.issuer import read_issuer

LONGEST_DAYS = 366


def run_invoices(period: Period, *, at: datetime, clients: Sequence[Client]) -> InvoiceRun:
    """Create or rebuild the drafts of these clients for a period; emits `invoice.drafted` for each new draft.

    A fault in a client's data leaves that client out with a reason; its existing draft stays, with a warning. Raises
    Invalid for a period that ends before it begins, is longer than a year or lies in days without contracts. A draft on
    hold stays on hold.
    """
    if wrong := {name: ["invalid"] for name, day in _named(period).items() if not is_day(day)}:
        raise Invalid(fields=wrong)
    if not 0 <= (period.last - period.first).days < LONGEST_DAYS:
        raise Invalid(fields={"period_end": ["before_start" if period.last < period.first else "out_of_range"]})
    lock_runs()
    run = InvoiceRun(
        id=new_id(),
        period_start=period.first,
        period_end=period.last,
        created_by=current_scope().actor_id,
        created_at=at,
        left_out=[],
    )
    db.session.add(run)
    db.session.flush()
    issuer = read_issuer()
    run.left_out = [
        _left_out_row(client, out)
        for client, books in read_each(clients, period)
        for out in _run_client(run, client, books, period, at=at, issuer=issuer)
    ]
    db.session.flush()
    return run


def _named(period: Period) -> dict[str, date]:
    return {"period_start": period.first, "period_end": period.last}


def _run_client(
    run: InvoiceRun,
    client: Client,
    books: BillingInputs | DataFault,
    period: Period,
    *,
    at: datetime,
    issuer: Json,
) -> Sequence[LeftOutOfDraft]:
    """Write one client's drafts, all or none, and return what is left out."""
    try:
        if isinstance(books, DataFault):
            raise books
        with blaming("fault.draft"), db.session.begin_nested():
            today = at.astimezone(zone_of(client)).date()
            planned = plan(books, period, today=today, issuer=issuer)
            _check_sentences(client, planned.drafts)
            _write_drafts(run, books, planned.drafts, period, at=at)
            return planned.left_out
    except DataFault as fault:
        note(fault, "a client is left out of an invoice run", client.id)
        _warn_of(fault, client, period)
        return [LeftOutOfDraft(fault.contract_id, None, fault.reason)]


def _check_sentences(client: Client, drafts: Iterable[InvoiceDraft]) -> None:
    """Render every phrase of the drafts once: one without a sentence is a fault now, not on every page later."""
    with blaming("fault.client"):
        Locale.parse(client.locale)
    with reading_as(client.locale, client.timezone):
        for draft in drafts:
            paragraph(draft.warnings)
            for values, _ in line_values(draft):
                title(values["description"])
                paragraph(values["reasons"])


def _warn_of(fault: DataFault, client: Client, period: Period) -> None:
    """Add a warning to the client's drafts of the period: they were not recalculated, and why."""
    for invoice in _standing(client, period.first):
        kept = [one for one in invoice.warnings if not is_fault(one) and one["code"] != "draft.not_recalculated"]
        invoice.warnings = [remark("draft.not_recalculated"), fault.reason, *kept]
    db.session.flush()


def drafts_of(run: InvoiceRun) -> list[Invoice]:
    """The drafts that a run created or rebuilt and that are not issued, by client."""
    query = select(Invoice).join(Client, Client.id == Invoice.client_id).where(Invoice.run_id == run.id)
    return list(db.session.scalars(query.where(Invoice.state == "draft").order_by(by_name(Client.name), Invoice.id)))


def last_runs(period: Period) -> list[InvoiceRun]:
    """The runs of a period, newest first."""
    query = select(InvoiceRun).where(InvoiceRun.period_start == period.first, InvoiceRun.period_end == period.last)
    return list(db.session.scalars(query.order_by(InvoiceRun.created_at.desc(), InvoiceRun.id.desc())))


def _left_out_row(client: Client, out: LeftOutOfDraft) -> Json:
    return {
        "client_id": str(client.id),
        "contract_id": str(out.contract_id) if out.contract_id else None,
        "time_entry_id": str(out.entry_id) if out.entry_id else None,
        "reason": out.reason,
    }


def _write_drafts(
    run: InvoiceRun, books: BillingInputs, drafts: Iterable[InvoiceDraft], period: Period, *, at: datetime
) -> None:
    """Update existing drafts (keeping ids and holds), create new ones, and delete those that became empty."""
    standing = {(invoice.currency, invoice.po_number): invoice for invoice in _standing(books.client, period.first)}
    if standing:
        ids = [invoice.id for invoice in standing.values()]
        db.session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids)))
    for draft in drafts:
        invoice = standing.pop((draft.currency, draft.po_number), None)
        is_new = invoice is None
        invoice = invoice or _blank(books.client, draft, at=at)
        _fill(invoice, run, books.client, draft, period)
        db.session.flush()
        write_lines(invoice, draft)
        if is_new:
            emit(InvoiceDrafted(), invoice.id, client_id=invoice.client_id, at=at)
    for invoice in standing.values():
        db.session.delete(invoice)
    db.session.flush()


def _standing(client: Client, first: date) -> list[Invoice]:
    query = (
        select(Invoice)
        .options(raiseload(Invoice.lines))
        .where(Invoice.client_id == client.id, Invoice.period_start == first)
        .where(Invoice.state == "draft", Invoice.kind == "invoice")
        .with_for_update(of=Invoice)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _blank(client: Client, draft: InvoiceDraft, *, at: datetime) -> Invoice:
    invoice = Invoice(
        id=new_id(),
        client_id=client.id,
        kind="invoice",
        state="draft",
        currency=draft.currency,
        po_number=draft.po_number,
        issuer={},
        customer={},
        created_at=at,
    )
    db.session.add(invoice)
    return invoice


def _fill(invoice: Invoice, run: InvoiceRun, client: Client, draft: InvoiceDraft, period: Period) -> None:
    totals = draft.totals
    invoice.run_id = run.id
    invoice.period_start, invoice.period_end = period
    invoice.locale = client.locale
    invoice.taxes = [tax_row(row) for row in totals.taxes]
    invoice.legal_mentions = []
    invoice.net, invoice.tax, invoice.total = totals.net.amount, totals.tax.amount, totals.total.amount
    invoice.withholding, invoice.payable = totals.withholding.amount, totals.payable.amount
    invoice.warnings = list(draft.warnings)


def write_lines(invoice: Invoice, draft: InvoiceDraft) -> None:
    """Add a draft's lines with the shares of their entries."""
    for values, line in line_values(draft):
        row = InvoiceLine(id=new_id(), client_id=invoice.client_id, invoice_id=invoice.id, **values)
        db.session.add(row)
        db.session.add_all(_shares(row, line))
    db.session.flush()
    db.session.expire(invoice, ["lines"])


def _shares(row: InvoiceLine, line: RatedLine) -> list[InvoiceLineEntry]:
    return [
        InvoiceLineEntry(
            line_id=row.id,
            client_id=row.client_id,
            entry_id=UUID(share.entry),
            worked_minutes=share.worked,
            billable_minutes=share.billable,
            billed_minutes=share.billed,
        )
        for share in line.entries
    ]
