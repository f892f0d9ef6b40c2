"""The invoice as PDF/A-3 in the client's language, rendered by typst.

The same invoice gives the same bytes: the document's date is the issue date, and the fonts are bundled.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeAlias
from uuid import UUID

import typst
from babel import Locale
from flask_babel import gettext, pgettext
from stdnum import iban

from billing import fonts, printable
from billing.legal.qr import qr_svg
from billing.models import Invoice, InvoiceLine
from billing.queries import BilledEntryText, access_invoice, billed_entry_texts
from billing.sentences import paragraph, title
from billing.sentences.figures import days
from msp.kernel.db import Json
from msp.kernel.i18n import reading_as
from msp.words import formats

TEMPLATE = Path(__file__).parent / "templates" / "invoice.typ"
QR_MM = 35
_QUIET = 1.25  # the picture includes the quiet zone; the symbol alone is QR_MM wide

_NO_TEXT = frozenset(("lang", "fonts", "document_title", "document_author", "qr_svg", "qr_alt"))

EntryTexts: TypeAlias = Mapping[UUID, BilledEntryText]


class Parties(NamedTuple):
    """Issuer and client as the document names them."""

    issuer: Json
    customer: Json


def render(invoice: Invoice, *, timezone: str, qr_url: str | None, parties: Parties | None = None) -> bytes:
    """Render an invoice in its language. Without number and QR it is marked as a draft.

    `parties` are issuer and client if the invoice has no snapshot yet. With `qr_url` the tax QR and the VERI*FACTU
    legend are printed: only for records that are sent (`billing.documents.is_verifiable`).
    """
    with reading_as(invoice.locale, timezone):
        data = _data(invoice, qr_url, parties or Parties(invoice.issuer, invoice.customer))
    compiled: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        font_paths=fonts.for_typst(),
        sys_inputs={"data": json.dumps(_in_runs(data), ensure_ascii=False)},
        pdf_standards=["a-3b"],
        timestamp=int((invoice.issued_at or invoice.created_at).timestamp()),
    )
    return compiled


def _in_runs(value: object) -> object:
    """The document's data with each text split into runs: font index and characters."""
    if isinstance(value, str):
        return printable.runs(value)
    if isinstance(value, dict):
        return {name: part if name in _NO_TEXT else _in_runs(part) for name, part in value.items()}
    return [_in_runs(part) for part in value] if isinstance(value, list) else value


def _data(invoice: Invoice, qr_url: str | None, parties: Parties) -> Json:
    entry_texts = billed_entry_texts(invoice)
    name = _title(invoice)
    issuer, customer = parties
    return {
        "lang": invoice.locale,
        "fonts": fonts.FAMILIES,
        "document_title": f"{name} {invoice.number or ''}".strip(),
        "document_author": printable.metadata(issuer.get("legal_name", "")),
        "draft_word": "" if invoice.number else gettext("DRAFT"),
        "title": name,
        "number": invoice.number or "",
        "under_title": _under_title(invoice),
        "issuer": {"name": issuer.get("legal_name", ""), "lines": _issuer_lines(issuer)},
        "qr_svg": qr_svg(qr_url, width_mm=QR_MM) if qr_url else "",
        "qr_mm": QR_MM * _QUIET,
        "qr_alt": qr_url or "",
        "customer_word": gettext("Bill to"),
        "customer": {"name": customer.get("name", ""), "lines": _party_lines(customer)},
        "facts": _facts(invoice),
        "columns": [
            pgettext("invoice", "Description"),
            gettext("Quantity"),
            gettext("Price"),
            gettext("Tax"),
            gettext("Amount"),
        ],
        "sections": _sections(invoice, entry_texts),
        "mentions": [mention(each["code"]) for each in invoice.legal_mentions],
        "payment_word": gettext("Payment method"),
        "payment": _payment(invoice, issuer),
        "sums": _sums(invoice),
        "total": [gettext("Total"), formats.money(invoice.payable, invoice.currency)],
        "work_title": gettext("Work detail"),
        "work_columns": [gettext("Day"), gettext("Ticket"), "", gettext("Worked"), gettext("Billed")],
        "work": _work(invoice, entry_texts),
        "footer": " · ".join(part for part in (issuer.get("legal_name"), issuer.get("registry")) if part),
        "page_word": gettext("Page"),
    }


def _title(invoice: Invoice) -> str:
    return gettext("Credit note") if invoice.kind == "credit_note" else gettext("Invoice")


def _under_title(invoice: Invoice) -> list[str]:
    if invoice.corrects_id is None:
        return []
    original = access_invoice(invoice.corrects_id)
    on = formats.long_date(original.issued_on) if original.issued_on else ""
    return [
        gettext("Corrects invoice %(number)s of %(day)s, by differences", number=original.number, day=on),
        gettext("Reason: %(reason)s", reason=invoice.correction_reason),
    ]


def _issuer_lines(issuer: Json) -> list[str]:
    mail = " · ".join(part for part in (issuer.get("email"), issuer.get("phone")) if part)
    return [*_party_lines(issuer), *([mail] if mail else [])]


def _party_lines(party: Json) -> list[str]:
    address = party.get("address") or {}
    place = " ".join(part for part in (address.get("postcode"), address.get("city")) if part)
    if address.get("province") and address["province"] != address.get("city"):
        place = f"{place} ({address['province']})"
    lines = [
        gettext("Tax ID %(number)s", number=party["tax_id"]) if party.get("tax_id") else "",
        address.get("line1", ""),
        address.get("line2", ""),
        place,
        _country(address.get("country", "")),
    ]
    return [line for line in lines if line]


def _country(code: str) -> str:
    """The country's name; empty for Spain, whose invoices need not name it."""
    return "" if code in ("", "ES") else str(Locale(formats.reader_locale()).territories.get(code, code))


def _facts(invoice: Invoice) -> list[list[str]]:
    facts = [
        (gettext("Date of issue"), _date(invoice.issued_on)),
        (gettext("Period"), days(invoice.period_start.isoformat(), invoice.period_end.isoformat())),
        (gettext("Due"), _date(invoice.due_on)),
        (gettext("PO"), invoice.po_number or ""),
    ]
    return [[label, text] for label, text in facts if text]


def _date(on: date | None) -> str:
    return formats.long_date(on) if on else ""


def _sections(invoice: Invoice, entry_texts: EntryTexts) -> list[Json]:
    sections: list[Json] = []
    for line in invoice.lines:
        name = line.contract_name or ""
        if not sections or sections[-1]["title"] != name:
            sections.append({"title": name, "lines": []})
        sections[-1]["lines"].append(_line(invoice, line, entry_texts))
    return sections


def _line(invoice: Invoice, line: InvoiceLine, entry_texts: EntryTexts) -> Json:
    return {
        "text": line_title(line, entry_texts),
        "note": paragraph(reason for reason in line.reasons if reason["code"] == "fee.prorated"),
        "quantity": quantity(line),
        "price": formats.money(Decimal(line.unit_price), invoice.currency) if line.net or line.unit_price else "",
        "tax": tax_words(line.tax_name, line.tax_category, Decimal(line.tax_rate)),
        "amount": formats.money(line.net, invoice.currency),
    }


def line_title(line: InvoiceLine, entry_texts: EntryTexts) -> str:
    """The title of a line in the reader's language."""
    return title(
        line.description,
        (entry_texts[share.entry_id].ticket for share in line.entries if share.entry_id in entry_texts),
    )


def quantity(line: InvoiceLine) -> str:
    """The quantity: time for work, otherwise a number."""
    if line.minutes is not None and line.unit == "HUR":
        return formats.minutes(line.minutes, full=True)
    return formats.number(Decimal(line.quantity).normalize())


def tax_words(name: str, category: str, rate: Decimal) -> str:
    """The tax of a line: `IVA 21 %`, exempt or not subject."""
    if category == "S":
        return f"{name} {formats.percent(rate / 100)}"
    return gettext("exempt") if category == "E" else gettext("not subject")


def mention(code: str) -> str:
    """A sentence that the law requires on the document."""
    return {
        "reverse_charge_eu": gettext(
            "Reverse charge: service located where the customer is established (art. 44 of Directive 2006/112/EC,"
            " art. 69 LIVA)."
        ),
        "not_subject_canarias": gettext(
            "Not subject to IVA: service located in the Canary Islands (art. 69 LIVA). The customer accounts for IGIC."
        ),
        "not_subject_outside_eu": gettext("Not subject to IVA: service located outside the Union (art. 69 LIVA)."),
        "exempt_iva_art_20": gettext("Exempt from IVA by art. 20 LIVA."),
        "exempt_igic": gettext("Exempt from IGIC by art. 50 of Ley 4/2012."),
    }[code]


def _payment(invoice: Invoice, issuer: Json) -> list[str]:
    if invoice.kind == "credit_note" or not invoice.payable:
        return []
    account = issuer.get("iban")
    rows = [gettext("Bank transfer to %(iban)s", iban=iban.format(account))] if account else []
    if invoice.number and account:
        rows.append(gettext("Payment reference: %(number)s", number=invoice.number))
    if invoice.due_on:
        rows.append(gettext("Due on %(day)s", day=formats.long_date(invoice.due_on)))
    return rows


def _sums(invoice: Invoice) -> list[list[str]]:
    rows = [[gettext("Net"), formats.money(invoice.net, invoice.currency)]]
    for row in invoice.taxes:
        label = tax_words(row["name"], row["category"], Decimal(row["rate"]))
        if len(invoice.taxes) > 1:
            label = gettext("%(tax)s of %(base)s", tax=label, base=formats.money(row["base"], invoice.currency))
        rows.append([label, formats.money(row["amount"], invoice.currency)])
    if invoice.withholding:
        rows.append([gettext("Withholding (IRPF)"), formats.money(-invoice.withholding, invoice.currency)])
    return rows


def _work(invoice: Invoice, entry_texts: EntryTexts) -> list[Json]:
    """The entries of each line, with the reason for its price."""
    parts = []
    for line in invoice.lines:
        shares = [(entry_texts[share.entry_id], share) for share in line.entries if share.entry_id in entry_texts]
        if shares:
            shares.sort(key=lambda pair: pair[0].on)
            rows = [
                [
                    formats.day(entry.on),
                    entry.ticket,
                    entry.subject,
                    formats.minutes(share.worked_minutes),
                    formats.minutes(share.billed_minutes),
                ]
                for entry, share in shares
            ]
            parts.append({"title": line_title(line, entry_texts), "reason": paragraph(line.reasons), "rows": rows})
    return parts
