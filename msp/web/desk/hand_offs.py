"""Hand-offs in the console: the form that escalates or returns a ticket, and its acceptance by the next technician."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.tickets import hand_offs
from msp.tickets.actions import MAX_TIER
from msp.tickets.hand_offs import HandOffForm, HandOffRow
from msp.tickets.models import Ticket
from msp.tickets.queries import access_by_label
from msp.tickets.states import FINISHED
from msp.tickets.ticket_rows import TicketRow
from msp.web import undo
from msp.web.guards import check_version, is_first_time, needs
from msp.web.request_scope import current_person
from msp.words.vocabulary import word


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these forms."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/tickets/<label>/hand-off", "hand_off", guard(hand_off), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/accept-hand-off", "accept_hand_off", guard(accept), methods=["POST"])


def hand_off(label: str) -> Response:
    """Escalate or return the ticket; can be undone for some seconds."""
    ticket, at = access_by_label(label, lock=True), clock.now()
    check_version(ticket)
    if is_first_time():
        _ask(ticket, at)
    return _back(ticket)


def accept(label: str) -> Response:
    """Take the ticket with its hand-off."""
    ticket = access_by_label(label, lock=True)
    if is_first_time():
        hand_offs.accept(ticket, person=current_person(), at=clock.now())
    return _back(ticket)


def hand_off_parts(this: TicketRow, rows: Sequence[HandOffRow], *, may_act: bool) -> dict[str, object]:
    """What the ticket page shows: the hand-off to accept, earlier ones, and the form with its tiers."""
    handed = [each for each in rows if each.handed_at is not None]
    is_open = this.status not in FINISHED
    to_accept = handed[0] if handed and handed[0].accepted_at is None and is_open else None
    kept = next((each for each in rows if each.handed_at is None and each.from_tier == this.tier), None)
    return {
        "to_accept": to_accept,
        "handed_off": [each for each in handed if each is not to_accept],
        "hand_off": _form(this, kept) if may_act and is_open else None,
    }


def _form(this: TicketRow, kept: HandOffRow | None) -> dict[str, object]:
    tiers = [tier for tier in range(1, MAX_TIER + 1) if tier != this.tier]
    usual = this.tier + 1 if this.tier < MAX_TIER else this.tier - 1
    return {
        "title": _title(this.tier),
        "tiers": [(tier, _to(tier, this.tier)) for tier in tiers],
        "tier": kept.to_tier if kept else usual,
        "kept": kept,
    }


def _title(tier: int) -> str:
    if tier == 1:
        return gettext("Escalate")
    return gettext("Escalate or return") if tier < MAX_TIER else gettext("Return")


def _to(tier: int, current: int) -> str:
    if tier > current:
        return gettext("Escalate to %(tier)s", tier=word(tier, "tier"))
    return gettext("Return to %(tier)s", tier=word(tier, "tier"))


def _ask(ticket: Ticket, at: datetime) -> None:
    posted = request.form
    typed = posted.get("tier", "")
    tier = int(typed) if typed in ("1", "2", "3") else 0
    form = HandOffForm(*(posted.get(name, "") for name in ("tried", "found", "needed")))
    hand_offs.prepare(ticket, tier, form, person=current_person(), at=at)
    undo.ask(ticket, "escalate" if tier > ticket.tier else "return", at=at)


def _back(ticket: Ticket) -> Response:
    return redirect(url_for("desk.ticket", label=ticket.label), 303)
