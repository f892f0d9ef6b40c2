"""The bell: what a person should hear about."""

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import Json, db
from msp.notify.about import about, with_ticket
from msp.notify.inbox import count_unread, mark_read
from msp.notify.models import Notification
from msp.web.guards import needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words.failure_messages import failure_sentence
from msp.words.vocabulary import word

SHOWN = 40
ICONS = {
    "ticket.assigned": "user-plus",
    "ticket.received": "message-square-text",
    "ticket.person_asked": "phone",
    "ticket.woken": "calendar-clock",
    "ticket.reply_failed": "circle-alert",
    "sla.warned": "clock-alert",
    "sla.breached": "triangle-alert",
    "sla.escalated": "arrow-up-right",
}


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/notifications", "notifications", needs("desk")(notifications))
    blueprint.add_url_rule(
        "/notifications/read", "read_notifications", needs("desk")(read_notifications), methods=["POST"]
    )


def notifications() -> str:
    """The newest notifications, read ones too."""
    query = with_ticket(select(Notification)).where(Notification.person_id == current_person().id)
    rows = db.session.execute(query.order_by(Notification.at.desc()).limit(SHOWN))
    return render_template(
        "desk/notifications.html",
        shell=shell(current="notifications"),
        rows=[_shown(row, about(*ticket)) for row, *ticket in rows],
        unread=count_unread(current_person().id),
    )


def read_notifications() -> Response:
    """Mark everything read."""
    mark_read(current_person().id, at=clock.now())
    return redirect(url_for("desk.notifications"), 303)


def _shown(row: Notification, ticket: Json) -> dict[str, object]:
    label = ticket.get("label", "")
    return {
        "id": row.id,
        "icon": ICONS.get(row.kind, "bell"),
        "tone": {"sla.breached": "red", "ticket.reply_failed": "red", "sla.warned": "amber"}.get(row.kind, ""),
        "title": sentence(row),
        "text": f"{label} · {ticket['subject']} · {ticket['client']}" if label else "",
        "url": url_for("desk.ticket", label=label) if label else url_for("desk.notifications"),
        "at": row.at,
        "is_read": row.read_at is not None,
    }


def sentence(row: Notification) -> str:
    """What a notification says, in the reader's language."""
    if row.kind == "ticket.assigned":
        return gettext("A ticket was assigned to you")
    if row.kind == "ticket.received":
        return gettext("The client replied on your ticket")
    if row.kind == "ticket.reply_failed":
        reason = failure_sentence(row.data.get("reason"), service=row.data.get("channel") or "")
        return gettext("A reply could not be delivered. %(reason)s", reason=reason)
    if row.kind == "ticket.woken":
        return gettext("A scheduled ticket is open again")
    promise = word(row.data.get("clock", ""), "clock_long")
    if row.kind == "ticket.person_asked":
        return gettext("Someone asks to talk to a person")
    if row.kind == "sla.warned":
        return gettext("%(promise)s: 75 %% of the SLA target used", promise=promise)
    if row.kind == "sla.escalated":
        return gettext("%(promise)s: escalated", promise=promise)
    if row.kind == "sla.breached":
        return gettext("%(promise)s: SLA breached", promise=promise)
    return row.kind
