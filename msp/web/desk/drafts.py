"""Drafts of replies and notes: saved while typing, removed when sent, listed for their author."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Redirect

from msp.kernel import clock
from msp.kernel.errors import Invalid
from msp.tickets.drafts import drafts_of, drop_draft, save_draft
from msp.tickets.queries import access_by_label, access_ticket
from msp.web.guards import needs
from msp.web.request_scope import current_person
from msp.web.shell import shell


def add_routes(blueprint: Blueprint) -> None:
    """The routes of drafts."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/drafts", "drafts", guard(drafts))
    blueprint.add_url_rule("/live/<uuid:ticket_id>/draft", "save_draft", guard(save), methods=["PUT"])
    blueprint.add_url_rule("/drafts/<label>/removal", "drop_draft", guard(drop), methods=["POST"])


def drafts() -> str:
    """The person's drafts, the latest first."""
    found = drafts_of(current_person(), at=clock.now())
    return render_template("desk/drafts.html", shell=shell(current="desk.drafts"), drafts=found)


def save(ticket_id: UUID) -> Response:
    """Save the text of the composer; 204. An empty one is removed."""
    given = request.get_json(silent=True)
    body, visibility = (given.get("body"), given.get("visibility")) if isinstance(given, dict) else (None, None)
    if not isinstance(body, str) or not isinstance(visibility, str):
        raise Invalid(fields={"body": ["invalid"]})
    save_draft(access_ticket(ticket_id), current_person(), body=body, visibility=visibility, at=clock.now())
    return Response(status=204)


def drop(label: str) -> Redirect:
    """Discard a draft."""
    drop_draft(access_by_label(label).id, current_person())
    flash(gettext("Draft discarded."), "green")
    return redirect(url_for("desk.drafts"), 303)
