"""Actions that can be undone for some seconds: the line above every page that counts down, and the way back."""

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

COOKIE = "undo"  # in the session: what this browser asked for last, so that no page has to look for it


@dataclass(frozen=True, slots=True)
class UndoLine:
    """What parts/_undo.html draws: a sentence, until when, and where to undo it."""

    text: str
    until: datetime
    asked: UUID
    url: str


def add_routes(blueprint: Blueprint) -> None:
    """The route that undoes."""
    view = needs("work_tickets")(undo)
    blueprint.add_url_rule("/tickets/<label>/undo/<uuid:asked>", "undo", view, methods=["POST"])


def ask(ticket: Ticket, action: str, *, at: datetime) -> None:
    """Do an action once its seconds are over, and show the line that undoes it."""
    pending = undoable.ask(ticket, action, person=current_person(), at=at)
    if pending is not None:
        until = pending.until.isoformat()
        session[COOKIE] = {"label": ticket.label, "action": action, "until": until, "asked": str(pending.id)}


def undo(label: str, asked: UUID) -> Response:
    """Take an action back that waits."""
    ticket = access_by_label(label, lock=True)
    session.pop(COOKIE, None)
    undoable.undo(ticket, asked, person=current_person(), at=clock.now())
    flash(gettext("Undone. Nothing was changed or sent."), "green")
    return redirect(url_for("desk.ticket", label=label), 303)


def undo_line() -> UndoLine | None:
    """The action that this browser can still undo; None where there is none."""
    kept = session.get(COOKIE)
    if not kept or request.endpoint == "desk.undo":
        return None
    until = datetime.fromisoformat(kept["until"])
    if until <= clock.now():
        session.pop(COOKIE, None)
        return None
    text = {
        "resolve": gettext("Resolving %(label)s", label=kept["label"]),
        "escalate": gettext("Escalating %(label)s", label=kept["label"]),
    }[kept["action"]]
    asked = UUID(kept["asked"])
    return UndoLine(text, until, asked, url_for("desk.undo", label=kept["label"], asked=asked))
