"""Links of a ticket: the forms of its side panel, and the tickets to choose from while one types."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.people.queries import access_person
from msp.tickets import linking
from msp.tickets.link_targets import target_named, targets
from msp.tickets.queries import access_by_label
from msp.web.guards import is_first_time, needs
from msp.web.request_scope import current_person


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these forms."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/tickets/<label>/targets", "targets", guard(offer_targets))
    blueprint.add_url_rule("/tickets/<label>/link", "link", guard(link), methods=["POST"])
    url = "/tickets/<label>/links/<uuid:link_id>/remove"
    blueprint.add_url_rule(url, "unlink", guard(unlink), methods=["POST"])
    url = "/tickets/<label>/resolve-children"
    blueprint.add_url_rule(url, "resolve_children", guard(resolve_children), methods=["POST"])


def offer_targets(label: str) -> str:
    """The other tickets of the client that match `typed`, as choices of a form."""
    ticket = access_by_label(label)
    typed = request.args.get("typed", "")
    return render_template("desk/_targets.html", targets=targets(ticket, typed), typed=typed)


def link(label: str) -> Response:
    """Link the ticket to the chosen one, or to the one whose number was typed."""
    ticket = access_by_label(label)
    if is_first_time():
        other = target_named(ticket, request.form.get("ticket") or request.form.get("typed", ""))
        relation = request.form.get("relation", "")
        linking.link_tickets(ticket.id, other.id, relation, at=clock.now(), actor_id=current_person().id)
    return _back(ticket.label)


def unlink(label: str, link_id: UUID) -> Response:
    """Remove a link."""
    ticket = access_by_label(label)
    linking.unlink(ticket.id, link_id, at=clock.now(), actor_id=current_person().id)
    return _back(ticket.label)


def resolve_children(label: str) -> Response:
    """Resolve the child tickets that are still open."""
    ticket = access_by_label(label)
    count = linking.resolve_children(ticket, access_person(current_person().id), at=clock.now())
    flash(ngettext("%(num)d child ticket resolved.", "%(num)d child tickets resolved.", count), "green")
    return _back(ticket.label)


def _back(label: str) -> Response:
    return redirect(url_for("desk.ticket", label=label), 303)
