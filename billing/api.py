"""The REST API of billing: runs, invoices, their PDF, issuing and correcting them."""

from typing import Any
from uuid import UUID

from flask import Flask, Response

from billing import credit_notes, invoices, payments, queries
from billing.api_shapes import (
    CreditNoteIn,
    InvoiceOut,
    InvoiceQuery,
    InvoiceSettingsIn,
    InvoiceSettingsOut,
    InvoiceSummary,
    PaymentIn,
    RunIn,
    RunOut,
    invoice_shown,
    run_shown,
    summary_shown,
)
from billing.models import Invoice
from billing.month import today_at_issuer
from billing.pdf import EntryTexts
from billing.rating import Period
from billing.runs import drafts_of, run_invoices
from msp.clients.models import Client
from msp.clients.queries import access_client, all_clients
from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.kernel.issuer import AVAILABLE_MODES, read_issuer, set_verifactu_mode, verifactu_mode
from msp.web.api import QUERY, Answer, is_allowed, page, page_of, require, resource, uuid_cursor
from msp.web.sharing import refuse_restricted

blueprint = resource("invoices", tag="Invoices")

PDF: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {
        "description": "The PDF",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def register(app: Flask) -> None:
    """Add billing's resources to the API."""
    app.register_blueprint(blueprint)


@blueprint.post("/invoice-runs")
@blueprint.input(RunIn)
@blueprint.output(RunOut, status_code=201)
def create_invoice_run(json_data: dict[str, Any]) -> Answer:
    """Create or rebuild the drafts of a period; returns them with the excluded items and their reasons. Idempotent."""
    require("bill")
    period = Period(json_data["period_start"], json_data["period_end"])
    run = run_invoices(period, at=clock.now(), clients=_clients(json_data.get("client_ids")))
    drafts = drafts_of(run)
    return run_shown(run, drafts, _entry_details(drafts))


def _clients(ids: list[UUID] | None) -> list[Client]:
    if ids is None:
        return all_clients(active=False)
    try:
        return [access_client(client_id) for client_id in dict.fromkeys(ids)]
    except NotFound as unknown:
        raise Invalid(fields={"client_ids": ["unknown"]}) from unknown


def _entry_details(drafts: list[Invoice]) -> EntryTexts:
    return {entry_id: text for draft in drafts for entry_id, text in queries.billed_entry_texts(draft).items()}


@blueprint.get("/invoice-settings")
@blueprint.output(InvoiceSettingsOut)
def read_invoice_settings() -> Answer:
    """The VERI*FACTU mode. While it is "off", records are stored here and nothing is sent to the AEAT."""
    require("bill", "administer")
    return _settings_shown(verifactu_mode(read_issuer()))


@blueprint.patch("/invoice-settings")
@blueprint.input(InvoiceSettingsIn)
@blueprint.output(InvoiceSettingsOut)
def edit_invoice_settings(json_data: dict[str, Any]) -> Answer:
    """Set the VERI*FACTU mode. Unsupported modes are refused with 422."""
    require("administer")
    refuse_restricted()
    return _settings_shown(set_verifactu_mode(json_data["verifactu_mode"]))


def _settings_shown(mode: str) -> Answer:
    return {"verifactu_mode": mode, "available_modes": list(AVAILABLE_MODES)}


@blueprint.get("/invoices")
@blueprint.input(InvoiceQuery, **QUERY)
@blueprint.output(page_of(InvoiceSummary, "Invoice"))
def list_invoices(query_data: dict[str, Any]) -> Answer:
    """Invoices and credit notes, newest first. Client tokens see only those issued to their company."""
    require("bill", "see_company")
    limit = query_data["limit"]
    rows = queries.invoices_page(
        client_id=query_data.get("client_id"),
        states=[query_data["state"]] if "state" in query_data else [],
        today=today_at_issuer(clock.now()),
        before=uuid_cursor(query_data["cursor"]),
        limit=limit + 1,
    )
    found = page(rows, limit=limit, key=lambda each: each.id)
    return found | {"items": [summary_shown(invoice) for invoice in rows[:limit]]}


@blueprint.get("/invoices/<uuid:invoice_id>")
@blueprint.output(InvoiceOut)
def read_invoice(invoice_id: UUID) -> Answer:
    """One invoice: each line with its explanation and its time entries."""
    invoice = queries.access_invoice(invoice_id)
    require("bill", "see_company")
    return _shown(invoice)


@blueprint.get("/invoices/<uuid:invoice_id>/pdf")
@blueprint.doc(responses=PDF)
def read_invoice_pdf(invoice_id: UUID) -> Response:
    """The PDF as issued; its bytes never change. `ETag` is their SHA-256. 404 for drafts."""
    queries.access_invoice(invoice_id)
    require("bill", "see_company")
    document = queries.access_document(invoice_id)
    return Response(
        document.content,
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{document.name}.pdf"',
            "ETag": f'"{document.sha256}"',
        },
    )


@blueprint.post("/invoices/<uuid:invoice_id>/issue")
@blueprint.output(InvoiceOut)
def issue_invoice(invoice_id: UUID) -> Answer:
    """Issue a draft: number, record and PDF. 409 if it cannot be issued. Cannot be undone."""
    queries.access_invoice(invoice_id)
    require("bill")
    return _shown(invoices.issue(invoice_id, at=clock.now()))


@blueprint.post("/invoices/<uuid:invoice_id>/credit-notes")
@blueprint.input(CreditNoteIn)
@blueprint.output(InvoiceOut, status_code=201)
def create_credit_note(invoice_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Issue a credit note by differences, for all of an invoice or parts of its lines."""
    queries.access_invoice(invoice_id)
    require("bill")
    parts = json_data.get("lines")
    note = credit_notes.credit(
        invoice_id,
        reason=json_data["reason"],
        record_type=json_data["record_type"],
        parts=None if parts is None else [_part(each) for each in parts],
        at=clock.now(),
    )
    return _shown(note), 201, {"Location": f"/api/v1/invoices/{note.id}"}


@blueprint.post("/invoices/<uuid:invoice_id>/payments")
@blueprint.input(PaymentIn)
@blueprint.output(InvoiceOut, status_code=201)
def create_payment(invoice_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Record a payment or refund made outside Stripe."""
    queries.access_invoice(invoice_id)
    require("bill")
    payments.note_payment(invoice_id, **json_data, at=clock.now())
    return _shown(queries.access_invoice(invoice_id)), 201


@blueprint.post("/invoices/<uuid:invoice_id>/payments/<uuid:entry_id>/reversal")
@blueprint.output(InvoiceOut, status_code=201)
def reverse_payment(invoice_id: UUID, entry_id: UUID) -> Answer:
    """Reverse an entry that was recorded by mistake. Stripe's entries cannot be reversed."""
    invoice = queries.access_invoice(invoice_id)
    require("bill")
    if entry_id not in {entry.id for entry in payments.entries_of(invoice_id)}:
        raise NotFound("payment_entry")
    payments.reverse_entry(entry_id, at=clock.now())
    return _shown(invoice), 201


def _part(given: dict[str, Any]) -> credit_notes.Part:
    return credit_notes.Part(given["line_id"], minutes=given.get("minutes"), net=given.get("amount"))


def _shown(invoice: Invoice) -> Answer:
    record = queries.record_of(invoice.id) if is_allowed("bill") else None
    return invoice_shown(
        invoice,
        queries.billed_entry_texts(invoice),
        payment=queries.payment_of(invoice.id),
        entries=payments.entries_of(invoice.id),
        record=record,
    )
