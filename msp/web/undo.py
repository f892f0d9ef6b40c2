"""Actions that can be undone for some seconds: the countdown line and the undo endpoint."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.tickets import undoable
from msp.tickets.models import Ticket
from msp.tickets.queries import access_by_label
from msp.web.guards import needs
from msp.web.request_scope import current_person

COOKIE = "undo"  # session key: the last pending action of this browser, so that pages need no query for it


@dataclass(frozen=True, slots=True)
class UndoLine:
    """What parts/_undo.html draws: sentence, end of the undo period and undo URL."""

    text: str
    until: datetime
    asked: UUID
    url: str


def add_routes(blueprint: Blueprint) -> None:
    """The route that undoes."""
    view = needs("work_tickets")(undo)
    blueprint.add_url_rule("/tickets/<label>/undo/<uuid:asked>", "undo", view, methods=["POST"])


def ask(ticket: Ticket, action: str, *, at: datetime) -> None:
    """Schedule an action for the end of the undo period, and show the undo line."""
    show(ticket, undoable.ask(ticket, action, person=current_person(), at=at))


def show(ticket: Ticket, pending: undoable.Pending | None) -> None:
    """Show the undo line of a pending action, if there is one."""
    if pending is not None:
        until = pending.until.isoformat()
        session[COOKIE] = {"label": ticket.label, "action": pending.action, "until": until, "asked": str(pending.id)}


def undo(label: str, asked: UUID) -> Response:
    """Undo a pending action."""
    ticket = access_by_label(label, lock=True)
    session.pop(COOKIE, None)
    undoable.undo(ticket, asked, person=current_person(), at=clock.now())
    flash(gettext("Undone. Nothing was changed or sent."), "green")
    return redirect(url_for("desk.ticket", label=label), 303)


def undo_line() -> UndoLine | None:
    """The action that this browser can still undo, or None."""
    kept = session.get(COOKIE)
    if not kept or request.endpoint == "desk.undo":
        return None
    until = datetime.fromisoformat(kept["until"])
    if until <= clock.now():
        session.pop(COOKIE, None)
        return None
    text = {
        "resolve": gettext("Resolving %(label)s", label=kept["label"]),
        "resolve_with_children": gettext("Resolving %(label)s and its child tickets", label=kept["label"]),
        "reply": gettext("Sending the reply on %(label)s", label=kept["label"]),
        "escalate": gettext("Escalating %(label)s", label=kept["label"]),
        "return": gettext("Returning %(label)s", label=kept["label"]),
    }[kept["action"]]
    asked = UUID(kept["asked"])
    return UndoLine(text, until, asked, url_for("desk.undo", label=kept["label"], asked=asked))
