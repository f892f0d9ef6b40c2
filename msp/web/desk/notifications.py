"""A person's notifications: the page and the bell."""

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import Json, db
from msp.kernel.event_types import Event, event_type, read_event
from msp.notify.about import about, with_ticket
from msp.notify.inbox import count_unread, mark_read
from msp.notify.models import Notification
from msp.tickets.events import (
    PersonRequested,
    ReplyFailed,
    SlaBreached,
    SlaEscalated,
    SlaWarned,
    StaffMentioned,
    TicketAssigned,
    TicketReceived,
    TicketStatusChanged,
    TicketWoken,
)
from msp.tickets.rating_events import TicketRated
from msp.web.guards import needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words.event_messages import event_message
from msp.words.failure_messages import failure_sentence
from msp.words.vocabulary import word

SHOWN = 40
TONES: dict[type[Event] | None, str] = {SlaBreached: "red", ReplyFailed: "red", SlaWarned: "amber"}


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/notifications", "notifications", needs("desk")(notifications))
    blueprint.add_url_rule(
        "/notifications/read", "read_notifications", needs("desk")(read_notifications), methods=["POST"]
    )


def notifications() -> str:
    """The newest notifications, including read ones."""
    query = with_ticket(select(Notification)).where(Notification.person_id == current_person().id)
    rows = db.session.execute(query.order_by(Notification.at.desc()).limit(SHOWN))
    return render_template(
        "desk/notifications.html",
        shell=shell(current="notifications"),
        rows=[_shown(row, about(*ticket)) for row, *ticket in rows],
        unread=count_unread(current_person().id),
    )


def read_notifications() -> Response:
    """Mark all notifications as read."""
    mark_read(current_person().id, at=clock.now())
    return redirect(url_for("desk.notifications"), 303)


def _shown(row: Notification, ticket: Json) -> dict[str, object]:
    label, kind = ticket.get("label", ""), event_type(row.kind)
    return {
        "id": row.id,
        "icon": kind.icon if kind else "bell",
        "tone": TONES.get(kind, ""),
        "title": sentence(row),
        "text": f"{label} · {ticket['subject']} · {ticket['client']}" if label else "",
        "url": url_for("desk.ticket", label=label) if label else url_for("desk.notifications"),
        "at": row.at,
        "is_read": row.read_at is not None,
    }


def sentence(row: Notification) -> str:
    """The text of a notification in the reader's language."""
    match read_event(row.kind, row.data):
        case TicketAssigned():
            return gettext("A ticket was assigned to you")
        case TicketStatusChanged(after=after):
            return gettext("A ticket you follow is now %(status)s", status=word(after, "status"))
        case TicketReceived():
            return gettext("The client replied on your ticket")
        case ReplyFailed(reason=code, channel=channel):
            reason = failure_sentence(code, service=channel or "")
            return gettext("A reply could not be delivered. %(reason)s", reason=reason)
        case StaffMentioned():
            return gettext("You were mentioned in a note")
        case TicketWoken():
            return gettext("A scheduled ticket is open again")
        case PersonRequested():
            return gettext("Someone asks to talk to a person")
        case TicketRated(rating=rating):
            return gettext("Your ticket was rated: %(rating)s", rating=word(rating, "rating"))
        case SlaWarned() as warned:
            return event_message(warned)
        case SlaEscalated(clock=""):
            return gettext("A ticket was escalated")
        case SlaEscalated(clock=target):
            return gettext("%(target)s: escalated", target=word(target, "clock_long"))
        case SlaBreached(clock=target):
            return gettext("%(target)s: SLA breached", target=word(target, "clock_long"))
    return row.kind
