"""Billing's console pages: closing a month, the invoices, one invoice. Require the right to bill."""

from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from billing import (
    confirmations,
    credit_notes,
    documents,
    invoices,
    issuing,
    payment_pages,
    queries,
    views,
)
from billing.events import InvoicePushRequested
from billing.faults import blaming, is_outage, note, refusing
from billing.legal.qr import qr_svg
from billing.models import Invoice
from billing.month import Month, month_being_closed, month_of, read_month, today_at_issuer
from billing.phrases import remark
from billing.rating import Period
from billing.runs import run_invoices
from billing.sentences import sentence, sentence_or_code
from billing.sentences.parties import issuer_incomplete
from msp.clients.queries import access_client, all_clients
from msp.kernel import clock
from msp.kernel.db import current_scope, db, work
from msp.kernel.errors import Conflict, Invalid, NotFound, Refusal
from msp.kernel.events import emit
from msp.kernel.issuer import read_issuer
from msp.people.access import may
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import MenuEntry, add_menu, shell
from msp.words import formats
from msp.words.refusals import message

PAGE = 50
TABS = ("draft", "issued", "overdue", "paid", "void")


def register(app: Flask) -> None:
    """Add the pages and their navigation entry."""
    blueprint = Blueprint("billing", __name__, url_prefix="/billing", template_folder="templates")
    bill = needs("bill")
    get, post = ["GET"], ["POST"]
    for rule, name, view, methods in (
        ("/", "month", month, get),
        ("/run", "run", run, post),
        ("/issue-ready", "issue_ready", issue_ready, post),
        ("/invoices", "invoices", invoice_list, get),
        ("/invoices/<uuid:invoice_id>", "invoice", invoice_page, get),
        ("/invoices/<uuid:invoice_id>/pdf", "pdf", pdf, get),
        ("/invoices/<uuid:invoice_id>/qr.svg", "qr", qr, get),
        ("/invoices/<uuid:invoice_id>/issue", "issue", issue, post),
        ("/invoices/<uuid:invoice_id>/hold", "hold", hold, post),
        ("/invoices/<uuid:invoice_id>/push", "push", push, post),
        ("/invoices/<uuid:invoice_id>/credit", "credit", credit, post),
    ):
        blueprint.add_url_rule(rule, name, bill(view), methods=methods)
    payment_pages.add_routes(blueprint)
    app.register_blueprint(blueprint)
    add_menu(MenuEntry("desk", lazy_gettext("Billing"), "receipt-euro", "billing.month", "bill", 60))
    add_menu(MenuEntry("desk", lazy_gettext("Invoices"), "file-text", "billing.invoices", "bill", 61))


def month() -> str:
    """The month-closing page: clients that are ready, clients to check, and the open draft."""
    period = _period(request.args.get("period"))
    found = read_month(period)
    draft, is_chosen = _open_draft(found)
    before, after = month_of(_day_before(period.first)), month_of(_day_after(period.last))
    person = current_person()
    return render_template(
        "billing/month.html",
        shell=shell(current="billing.month"),
        title=gettext("Billing for %(month)s", month=formats.month(period.first)),
        subtitle=views.subtitle(found),
        net=sum(place.net for place in found.places if place.currency == issuing.EURO),
        currency=issuing.EURO,
        before_url=url_for("billing.month", period=f"{before.first:%Y-%m}"),
        after_url=url_for("billing.month", period=f"{after.first:%Y-%m}"),
        period=f"{period.first:%Y-%m}",
        ready_count=len(found.in_state("ready")),
        has_run=found.has_run,
        groups=views.groups(found, current=draft, person=person),
        list_url=url_for("billing.month", period=f"{period.first:%Y-%m}"),
        hindrance=_hindrance(),
        settings_url=url_for("admin.settings") if may(person, "administer") and not person.is_restricted else None,
        **(_draft_or_notice(draft, is_chosen) if draft else {"draft": None}),
    )


def _hindrance() -> str:
    """What keeps every draft from being issued: incomplete data of the provider; an empty string if nothing does."""
    missing = issuing.missing_of_issuer(read_issuer())
    return issuer_incomplete({"missing": missing}) if missing else ""


def _draft_or_notice(draft: Invoice, is_chosen: bool) -> dict[str, object]:
    """The open draft; a notice if its data cannot be shown, so that other clients can still be closed."""
    try:
        with refusing("a draft cannot be shown", draft.id), blaming("fault.draft"), db.session.begin_nested():
            return _draft_shown(draft, is_chosen)
    except Conflict as refused:
        flash(message(refused), "red")
        return {"draft": None}


def _draft_shown(draft: Invoice, is_chosen: bool) -> dict[str, object]:
    client = access_client(draft.client_id)
    shown = views.ledger(draft, queries.billed_entry_texts(draft), as_seen_by=current_person())
    shown["draft"] = {
        "client_name": client.legal_name or client.name,
        "note": views.draft_note(draft, client.payment_days),
        "warnings": [sentence_or_code(warning) for warning in draft.warnings],
        "pdf_url": url_for("billing.pdf", invoice_id=draft.id),
        "held": draft.held_at is not None,
        "chosen": is_chosen,
    }
    return shown


def _open_draft(found: Month) -> tuple[Invoice | None, bool]:
    """The draft named in the URL, else the first that needs checking."""
    wanted = _uuid(request.args.get("invoice"))
    if wanted is not None:
        invoice = queries.access_invoice(wanted)
        return (invoice, True) if invoice.state == "draft" else (None, False)
    places = found.in_state("check") or found.in_state("ready") or found.in_state("missing", "held")
    return (queries.access_invoice(places[0].id), False) if places else (None, False)


def run() -> AnyResponse:
    """Create or rebuild the drafts of a month."""
    period = _period(request.form.get("period"))
    if is_first_time():
        run_invoices(period, at=clock.now(), clients=all_clients(active=False))
    return redirect(url_for("billing.month", period=f"{period.first:%Y-%m}"), 303)


def issue_ready() -> Answer:
    """Issue every ready draft of a month, each in its own transaction."""
    period = _period(request.form.get("period"))
    ready, done = read_month(period).in_state("ready"), 0
    back = url_for("billing.month", period=f"{period.first:%Y-%m}")
    if asked := confirmations.asked_to_issue_all(ready, period_end=period.last, back_url=back):
        return asked
    for place in ready if is_first_time() else []:
        try:
            with work(current_scope()):
                invoices.issue(place.id, at=clock.now())
            done += 1
        except Refusal as refusal:
            flash(f"{place.client_name}: {message(refusal)}", "red")
        except Exception as fault:
            if is_outage(fault):
                raise
            note(fault, "a draft cannot be issued", place.id)
            flash(f"{place.client_name}: {sentence(remark('fault.draft'))}", "red")
    if done:
        flash(ngettext("%(num)d invoice issued.", "%(num)d invoices issued.", done), "green")
    return redirect(url_for("billing.month", period=f"{period.first:%Y-%m}"), 303)


def issue(invoice_id: UUID) -> Answer:
    """Issue one draft and show the invoice."""
    draft = queries.access_invoice(invoice_id)
    if asked := confirmations.asked_to_issue(draft):
        return asked
    first = is_first_time()
    try:
        if first:
            draft = invoices.issue(invoice_id, at=clock.now())
    except Conflict as refused:
        return _refused(draft, message(refused))
    return redirect(url_for("billing.invoice", invoice_id=invoice_id), 303)


def hold(invoice_id: UUID) -> AnyResponse:
    """Put a draft on hold, or release it."""
    draft = queries.access_invoice(invoice_id)
    try:
        invoices.hold(invoice_id, at=clock.now())
    except Conflict as refused:
        return _refused(draft, message(refused))
    return _to_draft(draft)


def push(invoice_id: UUID) -> AnyResponse:
    """Send an issued invoice to Stripe again."""
    invoice = queries.access_invoice(invoice_id)
    payment = queries.payment_of(invoice_id)
    if payment is None or payment.reason is None:
        raise NotFound("payment")
    payment.reason = None
    emit(InvoicePushRequested(), invoice.id, client_id=invoice.client_id, at=clock.now())
    return redirect(url_for("billing.invoice", invoice_id=invoice_id), 303)


def credit(invoice_id: UUID) -> Answer:
    """Issue a credit note for all that is not credited yet."""
    original = queries.access_invoice(invoice_id)
    if asked := confirmations.asked_to_credit(original):
        return asked
    if not is_first_time():
        return redirect(url_for("billing.invoice", invoice_id=invoice_id), 303)
    reason, record_type = request.form.get("reason", ""), request.form.get("record_type", "R1")
    try:
        note = credit_notes.credit(invoice_id, reason=reason, record_type=record_type, at=clock.now())
    except Conflict as refused:
        return _refused(original, message(refused))
    except Invalid:
        return _refused(original, gettext("Enter the reason for the credit note."))
    return redirect(url_for("billing.invoice", invoice_id=note.id), 303)


def invoice_list() -> str:
    """All invoices, newest first."""
    tab = request.args.get("state", "")
    today = today_at_issuer(clock.now())
    before = _cursor(request.args.get("before"))
    found = queries.invoice_rows(today=today, states=[tab] if tab in TABS else [], limit=PAGE + 1, before=before)
    more = len(found) > PAGE
    found = found[:PAGE]
    tabs = [("", gettext("all of them")), *((state, _tab(state)) for state in TABS)]
    return render_template(
        "billing/invoices.html",
        shell=shell(current="billing.invoices"),
        subtitle=gettext("newest first"),
        tabs=[
            {"label": label, "url": url_for("billing.invoices", state=state or None), "current": state == tab}
            for state, label in tabs
        ],
        rows=[_list_row(row) for row, _ in found],
        before_url=url_for("billing.invoices", state=tab or None) if before else None,
        after_url=url_for("billing.invoices", state=tab or None, before=_written(found[-1])) if more else None,
        shown="",
    )


def _tab(state: str) -> str:
    """A tab's name."""
    return {
        "draft": gettext("drafts"),
        "issued": gettext("pending payment"),
        "overdue": gettext("overdue"),
        "paid": gettext("paid"),
        "void": gettext("credited"),
    }[state]


def _list_row(row: queries.InvoiceRow) -> dict[str, object]:
    return {
        "number": row.number,
        "client_name": row.client_name,
        "period": row.period_start,
        "issued_on": row.issued_on,
        "due_on": row.due_on,
        "state": row.state,
        "total": row.total,
        "currency": row.currency,
        "url": url_for("billing.invoice", invoice_id=row.id),
    }


def invoice_page(invoice_id: UUID) -> str:
    """One invoice: lines with their reasons, payment, record, history."""
    invoice = queries.access_invoice(invoice_id)
    client = access_client(invoice.client_id)
    payment = queries.payment_of(invoice_id)
    corrected = queries.access_invoice(invoice.corrects_id) if invoice.corrects_id else None
    notes = queries.corrections_of(invoice_id) if invoice.kind == "invoice" else []
    entry_texts = queries.billed_entry_texts(invoice)
    is_creditable = invoice.kind == "invoice" and invoice.state == "issued"
    return render_template(
        "billing/invoice.html",
        shell=shell(current="billing.invoices"),
        client_name=client.name,
        client_url=url_for("admin.client", client_id=client.id),
        note=_note(invoice),
        facts=views.facts(invoice, corrected, notes),
        state=queries.state_of(invoice, payment.state if payment else None, today_at_issuer(clock.now())),
        pdf_url=url_for("billing.pdf", invoice_id=invoice.id),
        payment=views.payment_shown(payment),
        ledger=payment_pages.shown(invoice),
        record=views.record_shown(invoice, queries.record_of(invoice_id)),
        history=views.history(invoice),
        may_issue=invoice.held_at is None,
        may_credit=is_creditable and not any(note.corrects_all for note in notes),
        **views.ledger(invoice, entry_texts, as_seen_by=current_person()),
    )


def _note(invoice: Invoice) -> str:
    when = formats.month(invoice.period_start)
    return f"{gettext('Credit note')} · {when}" if invoice.kind == "credit_note" else when


def pdf(invoice_id: UUID) -> AnyResponse:
    """The issued PDF, or the preview of a draft."""
    invoice = queries.access_invoice(invoice_id)
    if invoice.state == "issued":
        document = queries.access_document(invoice_id)
        content, name = document.content, document.name
    else:
        try:
            content, name = issuing.preview(invoice, access_client(invoice.client_id)), "draft"
        except Conflict as refused:
            return _refused(invoice, message(refused))
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-cache"},
    )


def qr(invoice_id: UUID) -> Response:
    """The tax QR as PNG; 404 if the record was not sent to the AEAT."""
    record = queries.record_of(invoice_id)
    if record is None or not documents.is_verifiable(queries.access_invoice(invoice_id)):
        raise NotFound("invoice_record")
    picture = qr_svg(record.qr_url, light="#fff")
    return Response(picture, mimetype="image/svg+xml", headers={"Cache-Control": "private, max-age=86400"})


def _refused(invoice: Invoice, text: str) -> AnyResponse:
    """Roll back and redirect to the previous page with the reason."""
    back = url_for("billing.invoice", invoice_id=invoice.id)
    if invoice.state == "draft":
        back = url_for("billing.month", period=f"{invoice.period_start:%Y-%m}", invoice=invoice.id)
    db.session.rollback()
    flash(text, "red")
    return redirect(back, 303)


def _to_draft(draft: Invoice) -> AnyResponse:
    return redirect(url_for("billing.month", period=f"{draft.period_start:%Y-%m}", invoice=draft.id), 303)


def _period(text: str | None) -> Period:
    """The month in the URL (2026-10), else the one to close now."""
    if not text:
        return month_being_closed(today_at_issuer(clock.now()))
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError as wrong:
        raise NotFound("period") from wrong
    if not date.min.year < first.year < date.max.year:  # links to the previous and next month need both to exist
        raise NotFound("period")
    return month_of(first)


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as wrong:
        raise NotFound("invoice") from wrong


def _cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    try:
        at, _, id = text.partition("_")
        return datetime.fromisoformat(at), UUID(id)
    except ValueError as wrong:
        raise NotFound("page") from wrong


def _written(last: tuple[queries.InvoiceRow, datetime]) -> str:
    row, at = last
    return f"{at.isoformat()}_{row.id}"
