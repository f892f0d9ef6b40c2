"""Schemas of invoices and billing runs: exact amounts; codes with a sentence in the caller's language."""

from collections.abc import Iterable, Sequence
from typing import Any

from marshmallow import fields, validate

from billing.credit_notes import LONGEST_REASON, RECORD_TYPES
from billing.documents import is_verifiable
from billing.models import (
    PAYMENT_KINDS,
    PAYMENT_STATES,
    Invoice,
    InvoiceLine,
    InvoiceRecord,
    InvoiceRun,
    Payment,
    PaymentEntry,
)
from billing.payments import LONGEST_NOTE, METHODS
from billing.pdf import EntryTexts, line_title
from billing.sentences import sentence_or_code
from msp.kernel.db import Json
from msp.kernel.issuer import MODES
from msp.kernel.money import Money
from msp.web.api.fields import Instant, MoneyShape, Schema, Shown, TextField, Whole, one_of
from msp.web.api.pages import PageQuery
from msp.worklog.actions import MAX_MINUTES

STATES = ("draft", "issued", "overdue", "paid", "void")


class RunIn(Schema):
    """A period in each client's time zone, both days included; without `client_ids`, all clients."""

    period_start = fields.Date(required=True)
    period_end = fields.Date(required=True)
    client_ids = fields.List(fields.UUID(), validate=validate.Length(max=1000, error="too_long"))


class InvoiceQuery(PageQuery):
    """Filters of the invoice list."""

    client_id = fields.UUID()
    state = one_of(STATES)


class PartIn(Schema):
    """How much of a line to credit: minutes or a net amount; without either, all that is not credited yet."""

    line_id = fields.UUID(required=True)
    minutes = Whole(least=1, most=MAX_MINUTES * 1000)
    amount = fields.Nested(MoneyShape)


class CreditNoteIn(Schema):
    """A credit note by differences; without `lines`, for all that is not credited yet."""

    reason = TextField(required=True, blank=False, longest=LONGEST_REASON)
    record_type = one_of(RECORD_TYPES, load_default="R1")
    lines = fields.List(fields.Nested(PartIn), validate=validate.Length(min=1, max=1000, error="out_of_range"))


class InvoiceSettingsIn(Schema):
    """The VERI*FACTU mode of invoices issued from now on; "verifactu" is refused until records can be sent."""

    verifactu_mode = one_of(MODES, required=True)


class InvoiceSettingsOut(Shown):
    """The VERI*FACTU mode and the modes that can be chosen."""

    verifactu_mode = fields.String(metadata={"example": "off"})
    available_modes = fields.List(fields.String())


class PhraseOut(Shown):
    """A code with its parameters and its sentence."""

    code = fields.String()
    params = fields.Dict()
    text = fields.String()


class TaxOut(Shown):
    """The tax of all lines with one treatment; `category` is that of UNCL 5305."""

    name = fields.String()
    category = fields.String()
    rate = fields.String(metadata={"example": "21"})
    base = fields.Nested(MoneyShape)
    amount = fields.Nested(MoneyShape)


class ShareOut(Shown):
    """The part of a time entry that a line bills, in whole minutes."""

    time_entry_id = fields.UUID()
    worked_minutes = fields.Integer()
    billable_minutes = fields.Integer()
    billed_minutes = fields.Integer()


class LineOut(Shown):
    """A line with the reasons for its price and the time entries behind it."""

    id = fields.UUID()
    contract_id = fields.UUID(allow_none=True)
    contract_name = fields.String(allow_none=True)
    kind = fields.String()
    description = fields.String()
    minutes = fields.Integer(allow_none=True)
    quantity = fields.String()
    unit = fields.String(metadata={"description": "UN/ECE Rec 20: HUR hours, C62 pieces, KMT kilometres"})
    unit_price = fields.String()
    net = fields.Nested(MoneyShape)
    tax_name = fields.String()
    tax_category = fields.String()
    tax_rate = fields.String()
    explanation = fields.List(fields.Nested(PhraseOut))
    time_entry_ids = fields.List(fields.UUID())
    time_entries = fields.List(fields.Nested(ShareOut))


class PaymentIn(Schema):
    """A payment or refund made outside Stripe; `on` is the booking date."""

    direction = one_of(("received", "returned"), load_default="received")
    amount = fields.Nested(MoneyShape, required=True)
    method = one_of(METHODS, load_default="transfer")
    on = fields.Date(required=True)
    note = TextField(longest=LONGEST_NOTE, load_default="")


class PaymentEntryOut(Shown):
    """An entry of the ledger: positive if received, negative if returned."""

    id = fields.UUID()
    kind = fields.String(metadata={"description": f"One of {', '.join(PAYMENT_KINDS)}"})
    amount = fields.Nested(MoneyShape)
    on = fields.Date()
    note = fields.String(allow_none=True)
    takes_back_id = fields.UUID(allow_none=True)
    created_at = Instant()


class PaymentOut(Shown):
    """How the invoice is collected: its ledger, and the state that follows from ledger and credit notes.

    void: fully credited. cancelled: Stripe no longer collects it, but it is still owed.
    """

    state = fields.String(metadata={"description": f"One of {', '.join(PAYMENT_STATES)}"})
    entries = fields.List(fields.Nested(PaymentEntryOut))
    hosted_url = fields.String(allow_none=True)
    amount_paid = fields.Nested(MoneyShape)
    paid_at = Instant(allow_none=True)
    reason = fields.String(allow_none=True)


class RecordOut(Shown):
    """The chained record of an issued invoice (RD 1007/2023)."""

    position = fields.Integer()
    record_type = fields.String()
    huella = fields.String()
    previous = fields.String()
    qr_url = fields.String(
        allow_none=True, metadata={"description": "null if the VERI*FACTU mode is off: the tax agency has no record"}
    )


class InvoiceSummary(Shown):
    """An invoice or credit note in a list."""

    id = fields.UUID()
    client_id = fields.UUID()
    kind = fields.String(metadata={"description": "invoice or credit_note"})
    state = fields.String(metadata={"description": "draft or issued"})
    number = fields.String(allow_none=True)
    issued_on = fields.Date(allow_none=True)
    due_on = fields.Date(allow_none=True)
    period_start = fields.Date()
    period_end = fields.Date()
    po_number = fields.String(allow_none=True)
    net = fields.Nested(MoneyShape)
    tax = fields.Nested(MoneyShape)
    total = fields.Nested(MoneyShape)
    withholding = fields.Nested(MoneyShape)
    payable = fields.Nested(MoneyShape)


class InvoiceOut(InvoiceSummary):
    """An invoice or credit note in full."""

    taxes = fields.List(fields.Nested(TaxOut))
    lines = fields.List(fields.Nested(LineOut))
    warnings = fields.List(fields.Nested(PhraseOut))
    is_held = fields.Boolean()
    corrects_id = fields.UUID(allow_none=True)
    correction_reason = fields.String(allow_none=True)
    payment = fields.Nested(PaymentOut, allow_none=True)
    record = fields.Nested(RecordOut, allow_none=True)


class LeftOutOut(Shown):
    """An item excluded from all drafts, with the reason."""

    client_id = fields.UUID()
    contract_id = fields.UUID(allow_none=True)
    time_entry_id = fields.UUID(allow_none=True)
    reason = fields.Nested(PhraseOut)


class RunOut(Shown):
    """An invoice run: its drafts and the excluded items."""

    id = fields.UUID()
    period_start = fields.Date()
    period_end = fields.Date()
    created_at = Instant()
    drafts = fields.List(fields.Nested(InvoiceOut))
    left_out = fields.List(fields.Nested(LeftOutOut))


def run_shown(run: InvoiceRun, drafts: Iterable[Invoice], entry_texts: EntryTexts) -> Json:
    """Serialize a run."""
    return {
        "id": run.id,
        "period_start": run.period_start,
        "period_end": run.period_end,
        "created_at": run.created_at,
        "drafts": [invoice_shown(draft, entry_texts) for draft in drafts],
        "left_out": [out | {"reason": _phrase(out["reason"])} for out in run.left_out],
    }


def summary_shown(invoice: Invoice) -> Json:
    """Serialize an invoice for a list."""
    amounts = ("net", "tax", "total", "withholding", "payable")
    named = ("id", "client_id", "kind", "state", "number", "issued_on", "due_on", "period_start", "period_end")
    shown: dict[str, Any] = {name: getattr(invoice, name) for name in (*named, "po_number")}
    return shown | {name: Money(getattr(invoice, name), invoice.currency) for name in amounts}


def invoice_shown(
    invoice: Invoice,
    entry_texts: EntryTexts,
    *,
    payment: Payment | None = None,
    entries: Sequence[PaymentEntry] = (),
    record: InvoiceRecord | None = None,
) -> Json:
    """Serialize an invoice with its lines."""
    currency = invoice.currency
    taxes = [
        row | {"base": Money(row["base"], currency), "amount": Money(row["amount"], currency)} for row in invoice.taxes
    ]
    return summary_shown(invoice) | {
        "taxes": taxes,
        "lines": [_line(invoice, line, entry_texts) for line in invoice.lines],
        "warnings": [_phrase(warning) for warning in invoice.warnings],
        "is_held": invoice.held_at is not None,
        "corrects_id": invoice.corrects_id,
        "correction_reason": invoice.correction_reason,
        "payment": _payment(payment, entries, currency) if payment else None,
        "record": _record(invoice, record) if record else None,
    }


def _line(invoice: Invoice, line: InvoiceLine, entry_texts: EntryTexts) -> Json:
    named = ("id", "contract_id", "contract_name", "kind", "minutes", "unit", "tax_name", "tax_category")
    return {name: getattr(line, name) for name in named} | {
        "description": line_title(line, entry_texts),
        "quantity": f"{line.quantity:f}",
        "unit_price": f"{line.unit_price:f}",
        "net": Money(line.net, invoice.currency),
        "tax_rate": f"{line.tax_rate:f}",
        "explanation": [_phrase(reason) for reason in line.reasons],
        "time_entry_ids": [share.entry_id for share in line.entries],
        "time_entries": [
            {
                "time_entry_id": share.entry_id,
                "worked_minutes": share.worked_minutes,
                "billable_minutes": share.billable_minutes,
                "billed_minutes": share.billed_minutes,
            }
            for share in line.entries
        ],
    }


def _phrase(phrase: Json) -> Json:
    return {"code": phrase["code"], "params": phrase["params"], "text": sentence_or_code(phrase)}


def _payment(payment: Payment, entries: Sequence[PaymentEntry], currency: str) -> Json:
    named = ("id", "kind", "note", "takes_back_id", "created_at")
    return {
        "state": payment.state,
        "entries": [
            {name: getattr(entry, name) for name in named}
            | {"amount": Money(entry.amount, currency), "on": entry.on_day}
            for entry in entries
        ],
        "hosted_url": payment.hosted_url,
        "amount_paid": Money(payment.amount_paid, currency),
        "paid_at": payment.paid_at,
        "reason": payment.reason,
    }


def _record(invoice: Invoice, record: InvoiceRecord) -> Json:
    return {
        "position": record.position,
        "record_type": invoice.record_type,
        "huella": record.huella,
        "previous": record.previous,
        "qr_url": record.qr_url if is_verifiable(invoice) else None,
    }
