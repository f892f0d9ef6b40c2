"""Confirmation pages before invoices are issued: number, amount, and whether the billed month is over."""

from collections.abc import Sequence
from datetime import date

from flask import request, url_for
from flask_babel import gettext, ngettext

from billing import numbering
from billing.issuing import issuer_zone
from billing.models import Invoice
from billing.month import MonthInvoice, today_at_issuer
from msp.clients.queries import access_client
from msp.kernel import clock, settings
from msp.web.confirm import confirmation, needs_confirmation
from msp.words import formats


def asked_to_issue(invoice: Invoice) -> str | None:
    """The confirmation page before one draft is issued; None if it was confirmed or needs none."""
    is_early = invoice.period_end >= today_at_issuer(clock.now())
    if invoice.state != "draft" or not needs_confirmation(is_always=is_early):
        return None
    return confirmation(
        gettext("Issue the invoice"),
        gettext("The invoice gets its number and is sent to the client. Later corrections require a credit note."),
        facts=[
            (gettext("Client"), access_client(invoice.client_id).name),
            (gettext("Number"), _number("invoice")),
            (gettext("Period"), formats.month(invoice.period_start)),
            (gettext("Amount"), formats.money(invoice.payable, invoice.currency)),
        ],
        warning=_early(invoice) if is_early else "",
        button=gettext("Issue"),
        back_url=_draft_url(invoice),
    )


def asked_to_issue_all(places: Sequence[MonthInvoice], *, period_end: date, back_url: str) -> str | None:
    """The confirmation page before all ready drafts of a month are issued."""
    is_early = bool(places) and period_end >= today_at_issuer(clock.now())
    if not places or not needs_confirmation(is_always=is_early):
        return None
    return confirmation(
        ngettext("Issue %(num)d invoice", "Issue %(num)d invoices", len(places)),
        gettext("The invoices get their numbers and are sent to the clients. Later corrections require a credit note."),
        facts=[
            (gettext("First number"), _number("invoice")),
            *((gettext("Net"), formats.money(net, currency)) for currency, net in _nets(places).items()),
        ],
        warning=gettext("The month is not over: work of its last days will not be included.") if is_early else "",
        button=gettext("Issue"),
        back_url=back_url,
    )


def asked_to_credit(invoice: Invoice) -> str | None:
    """The confirmation page before a credit note for a whole invoice is issued."""
    if not needs_confirmation() or not request.form.get("reason", "").strip():
        return None
    return confirmation(
        gettext("Issue the credit note"),
        gettext("Issues a credit note for the remaining amount. Its hours can be billed again."),
        facts=[
            (gettext("Client"), access_client(invoice.client_id).name),
            (gettext("Invoice"), invoice.number or ""),
            (gettext("Number"), _number("credit_note")),
            (gettext("Amount"), formats.money(-invoice.payable, invoice.currency)),
        ],
        button=gettext("Issue the credit note"),
        back_url=url_for("billing.invoice", invoice_id=invoice.id),
    )


def _early(invoice: Invoice) -> str:
    last = invoice.period_end
    return gettext(
        "%(month)s is not over: it ends on %(day)s. Work until then will not be included in this invoice.",
        month=formats.month(invoice.period_start).capitalize(),
        day=formats.day(last),
    )


def _draft_url(invoice: Invoice) -> str:
    return url_for("billing.month", period=f"{invoice.period_start:%Y-%m}", invoice=invoice.id)


def _number(kind: numbering.SeriesKind) -> str:
    return numbering.number_to_come(kind, at=clock.now(), zone=issuer_zone(settings.read("provider")))


def _nets(places: Sequence[MonthInvoice]) -> dict[str, int]:
    nets: dict[str, int] = {}
    for place in places:
        nets[place.currency] = nets.get(place.currency, 0) + place.net
    return nets
