"""View models of billing's pages: line sections with entries and reasons, rows, figures, history."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from flask import url_for
from flask_babel import gettext, ngettext
from sqlalchemy import select

from billing.documents import is_verifiable
from billing.models import Invoice, InvoiceLine, InvoiceRecord, Payment
from billing.month import Loose, Month, MonthInvoice
from billing.pdf import EntryTexts, line_title, tax_words
from billing.phrases import MILD, is_fault
from billing.queries import BilledEntryText
from billing.sentences import paragraph, sentence_or_code
from billing.sentences.figures import days
from msp.contracts.models import Contract
from msp.kernel.db import Json, db
from msp.kernel.event_types import read_event
from msp.kernel.events import StoredEvent
from msp.people.access import may
from msp.people.models import Person
from msp.people.names import first_name
from msp.words import formats
from msp.words.event_messages import event_message
from msp.words.vocabulary import word

Row = dict[str, object]


def ledger(invoice: Invoice, entry_texts: EntryTexts, *, as_seen_by: Person) -> Row:
    """What billing/_draft.html needs of an invoice."""
    sections: list[Row] = []
    for line in invoice.lines:
        name = line.contract_name or ""
        if not sections or sections[-1]["title"] != name:
            sections.append({"title": name, "lines": []})
        items: list[Row] = sections[-1]["lines"]  # type: ignore[assignment]
        items.append(_line(line, entry_texts, links=may(as_seen_by, "desk")))
    taxes = [
        {"label": tax_words(row["name"], row["category"], Decimal(row["rate"])), "amount": row["amount"]}
        for row in invoice.taxes
    ]
    return {"invoice": invoice, "sections": sections, "taxes": taxes}


def _line(line: InvoiceLine, entry_texts: EntryTexts, *, links: bool) -> Row:
    shares = [(entry_texts[share.entry_id], share) for share in line.entries if share.entry_id in entry_texts]
    shares.sort(key=lambda pair: pair[0].on)
    return {
        "line": line,
        "text": line_title(line, entry_texts),
        "mark": _mark(line.reasons),
        "entries": [
            {
                "on": entry.on,
                "label": entry.ticket,
                "url": url_for("desk.ticket", label=entry.ticket) if links else None,
                "text": _work(entry),
                "worked_minutes": share.worked_minutes,
                "billed_minutes": share.billed_minutes,
            }
            for entry, share in shares
        ],
        "reason": paragraph(line.reasons),
    }


def _work(entry: BilledEntryText) -> str:
    return " · ".join(filter(None, (first_name(entry.person), entry.note or entry.subject)))


def _mark(reasons: Iterable[Json]) -> str:
    """The surcharge of a line, as a short label beside its name."""
    factors = [reason["params"]["factor"] for reason in reasons if reason["code"] in ("multiplier", "drain")]
    return f"×{formats.number(Decimal(factors[0]))}" if factors else ""


def groups(month: Month, *, current: Invoice | None, person: Person) -> list[Row]:
    """The month's clients, those that need attention first."""
    listed = [
        ("check", gettext("To review"), [_place_row(each, month, current) for each in month.in_state("check")]),
        ("ready", gettext("Ready"), [_place_row(each, month, current) for each in month.in_state("ready")]),
        ("out", gettext("Excluded from run"), _out_rows(month, current, person)),
        ("unbilled", gettext("Not billed yet"), _unbilled_rows(month, person)),
        ("issued", gettext("Already issued"), [_place_row(each, month, current) for each in month.in_state("issued")]),
    ]
    return [{"key": key, "title": title, "count": len(rows), "rows": rows} for key, title, rows in listed if rows]


def _out_rows(month: Month, current: Invoice | None, person: Person) -> list[Row]:
    rows = [_place_row(each, month, current) for each in month.in_state("missing", "held")]
    if month.has_run:
        rows += [_loose_row(each, month, person) for each in month.loose if each.reasons]
    return rows


def _unbilled_rows(month: Month, person: Person) -> list[Row]:
    return [_loose_row(each, month, person) for each in month.loose if not (month.has_run and each.reasons)]


def _place_row(place: MonthInvoice, month: Month, current: Invoice | None) -> Row:
    is_issued = place.state == "issued"
    if is_issued:
        url = url_for("billing.invoice", invoice_id=place.id)
    else:
        url = url_for("billing.month", period=f"{month.period.first:%Y-%m}", invoice=place.id)
    return {
        "name": place.client_name,
        "note": _place_note(place),
        "state": place.state,
        "amount": place.net,
        "currency": place.currency,
        "url": url,
        "current": current is not None and current.id == place.id,
    }


def _place_note(place: MonthInvoice) -> str:
    if place.number:
        return place.number
    telling = [warning for warning in place.warnings if warning["code"] not in MILD]
    if telling:
        return sentence_or_code(telling[0])
    parts = [word(kind, "contract") for kind in place.kinds]
    if place.minutes:
        parts.append(formats.minutes(place.minutes))
    if place.po_number:
        parts.append(place.po_number)
    return " · ".join(parts)


def _loose_row(loose: Loose, month: Month, person: Person) -> Row:
    carried = next((reason for reason in loose.reasons if reason["code"] == "left_out.carried"), None)
    fault = next(filter(is_fault, loose.reasons), None)
    shown = fault or carried or (loose.reasons[0] if loose.reasons else None)
    note = sentence_or_code(shown) if shown else gettext("%(minutes)s to bill", minutes=formats.minutes(loose.minutes))
    has_page = may(person, "see_contracts")
    return {
        "name": loose.client_name,
        "note": note,
        "state": "carried" if shown is carried and carried else "check",
        "amount": None,
        "currency": "EUR",
        "url": url_for("admin.client", client_id=loose.client_id) if has_page else url_for("billing.month"),
        "current": False,
    }


def subtitle(month: Month) -> str:
    """The month's summary in figures."""
    out = len(month.in_state("missing", "held")) + sum(1 for each in month.loose if each.reasons)
    ready, check, issued = (len(month.in_state(state)) for state in ("ready", "check", "issued"))
    parts = [
        ngettext("%(num)d ready", "%(num)d ready", ready) if ready else "",
        ngettext("%(num)d to review", "%(num)d to review", check) if check else "",
        ngettext("%(num)d excluded", "%(num)d excluded", out) if out and month.has_run else "",
        ngettext("%(num)d issued", "%(num)d issued", issued) if issued else "",
    ]
    return " · ".join(part for part in parts if part)


def draft_note(invoice: Invoice, payment_days: int) -> str:
    """The note below a draft's client: period, contracts with their versions, due date."""
    ids = {line.contract_id for line in invoice.lines if line.contract_id}
    rows = db.session.execute(
        select(Contract.name, Contract.version).where(Contract.id.in_(ids)).order_by(Contract.starts_on, Contract.id)
    ).all()
    names = ", ".join(gettext("“%(name)s” v%(version)s", name=name, version=version) for name, version in rows)
    parts = [
        gettext("Draft"),
        days(invoice.period_start.isoformat(), invoice.period_end.isoformat()),
        names,
        gettext("due after %(num)d days", num=payment_days),
    ]
    return " · ".join(part for part in parts if part)


def facts(invoice: Invoice, corrected: Invoice | None, notes: Iterable[Invoice]) -> list[tuple[str, str]]:
    """The figures at the head of an invoice's page."""
    rows = [
        (gettext("Issued"), _day(invoice.issued_on)),
        (gettext("Due"), _day(invoice.due_on)),
        (gettext("Period"), days(invoice.period_start.isoformat(), invoice.period_end.isoformat())),
        (gettext("Tax ID"), invoice.customer.get("tax_id", "")),
        (gettext("PO"), invoice.po_number or ""),
        (gettext("Corrects"), f"{corrected.number} · {invoice.correction_reason}" if corrected else ""),
        (gettext("Corrected by"), ", ".join(note.number or "" for note in notes)),
    ]
    return [(label, text) for label, text in rows if text]


def _day(on: date | None) -> str:
    return formats.day(on, year=True) if on else ""


def payment_shown(payment: Payment | None) -> Row | None:
    """The payment section of an invoice's page."""
    if payment is None:
        return None
    return {
        "state": payment.state,
        "hosted_url": payment.hosted_url,
        "paid_at": payment.paid_at,
        "reason": payment.reason,
    }


def record_shown(invoice: Invoice, record: InvoiceRecord | None) -> Row | None:
    """The chained record; with the QR's URL and picture if it was sent to the AEAT."""
    if record is None:
        return None
    shown: Row = {"position": record.position, "huella": record.huella, "qr_url": None, "picture_url": None}
    if is_verifiable(invoice):
        picture = url_for("billing.qr", invoice_id=invoice.id)
        shown |= {"qr_url": record.qr_url, "picture_url": picture}
    return shown


def history(invoice: Invoice) -> list[Row]:
    """The history of an invoice in order."""
    query = (
        select(StoredEvent.kind, StoredEvent.at, StoredEvent.data, Person.name)
        .outerjoin(Person, Person.id == StoredEvent.actor_id)
        .where(StoredEvent.subject_id == invoice.id)
        .order_by(StoredEvent.seq)
    )
    return [
        {"at": at, "icon": event.icon, "text": _with_name(event_message(event), name)}
        for kind, at, data, name in db.session.execute(query)
        if (event := read_event(kind, data)) is not None
    ]


def _with_name(text: str, name: str | None) -> str:
    return f"{text} · {name}" if name else text
