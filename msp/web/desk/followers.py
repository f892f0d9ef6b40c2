"""Followers of a ticket: the forms of its side panel, and the people to choose from while one types."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets import following
from msp.tickets.models import Ticket
from msp.tickets.queries import access_by_label
from msp.web.guards import needs
from msp.web.request_scope import current_person


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these forms."""
    desk, guard = needs("desk"), needs("work_tickets")
    blueprint.add_url_rule("/tickets/<label>/colleagues", "colleagues", guard(offer_colleagues))
    blueprint.add_url_rule("/tickets/<label>/follow", "follow", desk(follow), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/unfollow", "unfollow", desk(unfollow), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/cc", "cc", guard(add_cc), methods=["POST"])
    url = "/tickets/<label>/cc/<uuid:person_id>/remove"
    blueprint.add_url_rule(url, "remove_cc", guard(remove_cc), methods=["POST"])


def offer_colleagues(label: str) -> str:
    """The people of the client that match `typed`, as choices of a form."""
    ticket, typed = access_by_label(label), request.args.get("typed", "")
    return render_template("desk/_colleagues.html", people=following.colleagues(ticket, typed), typed=typed)


def follow(label: str) -> Response:
    """Follow the ticket oneself."""
    ticket = access_by_label(label)
    me = access_person(current_person().id)
    following.follow(ticket, me, at=clock.now(), actor_id=me.id)
    return _back(ticket)


def unfollow(label: str) -> Response:
    """No longer follow the ticket oneself."""
    ticket, me = access_by_label(label), current_person()
    if following.is_follower(ticket.id, me.id):
        following.unfollow(ticket, me.id, at=clock.now(), actor_id=me.id)
    return _back(ticket)


def add_cc(label: str) -> Response:
    """Add a person of the client in CC: the chosen one, or the only one whose name or address was typed."""
    ticket = access_by_label(label)
    following.follow(ticket, _chosen(ticket), at=clock.now(), actor_id=current_person().id)
    return _back(ticket)


def remove_cc(label: str, person_id: UUID) -> Response:
    """Remove a person from CC."""
    ticket = access_by_label(label)
    following.unfollow(ticket, person_id, at=clock.now(), actor_id=current_person().id)
    return _back(ticket)


def _chosen(ticket: Ticket) -> Person:
    if not (chosen := request.form.get("person_id", "")):
        typed = request.form.get("typed", "").strip()
        found = following.colleagues(ticket, typed) if typed else []
        if len(found) != 1:
            raise Invalid(fields={"person_id": ["unknown" if typed else "required"]})
        return found[0]
    try:
        return access_person(UUID(chosen))
    except (ValueError, NotFound) as wrong:
        raise Invalid(fields={"person_id": ["unknown"]}) from wrong


def _back(ticket: Ticket) -> Response:
    return redirect(url_for("desk.ticket", label=ticket.label), 303)
