"""Polling endpoint for open pages: a few statements, and an empty response while nothing changed."""

from uuid import UUID

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.notify.inbox import count_unread
from msp.tickets import queries
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from msp.web.desk.presence import Presence, look, page_version, say_writing, writing_lines
from msp.web.guards import needs
from msp.web.request_scope import background, current_person


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this endpoint."""
    blueprint.add_url_rule("/live", "live", needs("desk")(live))
    blueprint.add_url_rule("/live/<uuid:ticket_id>", "live_ticket", needs("desk")(live))
    guarded = needs("work_tickets")(writing)
    blueprint.add_url_rule("/live/<uuid:ticket_id>/writing", "writing", guarded, methods=["PUT"])


@background
def live(ticket_id: UUID | None = None) -> Response:
    """204 while nothing changed since `since`; otherwise the new version and what it concerns.

    On a ticket's page it also records that this person has it open; people who come or leave count as news, and so does
    the desk falling behind or catching up. `writing` has a sentence for each other person who is writing; if only that
    changed, the news concerns no ticket.
    """
    asked = request.args.get("since", "")
    news = queries.news(asked.partition("~")[0])
    here = _presence(ticket_id) if ticket_id else Presence()
    version = page_version(news.version, here)
    if version == asked:
        return Response(status=204)
    is_drawn_anew = version.rpartition("~")[0] != asked.rpartition("~")[0]
    return jsonify(
        version=version,
        tickets=list(news.tickets) or ([ticket_id] if ticket_id and is_drawn_anew else []),
        notifications=count_unread(current_person().id),
        writing=writing_lines(here.writers),
    )


@background
def writing(ticket_id: UUID) -> Response:
    """Record that this person is writing: JSON with `writing`, which is reply, note or '' for stopped."""
    ticket = access_ticket(ticket_id)
    kind = request.get_json().get("writing", "")
    if not isinstance(kind, str):
        raise Invalid(fields={"writing": ["invalid"]})
    say_writing(ticket.id, kind)
    return Response(status=204)


def _presence(ticket_id: UUID) -> Presence:
    """Other people on a ticket; who is writing is shown only to people who may see the ticket."""
    here = look(ticket_id)
    if here.writers and db.session.scalar(select(Ticket.id).where(Ticket.id == ticket_id)) is None:
        return here._replace(writers=())
    return here
