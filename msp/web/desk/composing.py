"""Helps of the composer: the preview of a reply in the requester's channel, quotes, names to mention."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request
from markupsafe import Markup

from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Invalid, NotFound
from msp.kernel.i18n import reading_as
from msp.notify.replies import DraftReply, ReplyPreview, channels_for
from msp.notify.requester_contact import requester_contact
from msp.people.names import first_name
from msp.richtext import read_markdown
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import Message, Ticket
from msp.tickets.noting import mentionable
from msp.tickets.queries import access_by_label, access_ticket
from msp.web.desk.ticket import preview_page
from msp.web.guards import Answer, needs
from msp.web.parts.quoting import quoted
from msp.web.parts.rich import shown_document
from msp.web.request_scope import current_person


@dataclass(frozen=True, slots=True)
class Preview:
    """Context of desk/_preview.html: the channel (none for a note, or if nobody can be reached) and what it shows."""

    channel: str | None
    is_note: bool
    requester: str
    heading: str
    subject: str
    parts: tuple[Markup, ...]


def add_routes(blueprint: Blueprint) -> None:
    """The routes of the composer's helps."""
    blueprint.add_url_rule("/tickets/<label>/preview", "preview", needs("work_tickets")(preview), methods=["POST"])
    names = needs("work_tickets")(mentionable_names)
    blueprint.add_url_rule("/live/<uuid:ticket_id>/mentionable", "mentionable", names)
    blueprint.add_url_rule("/messages/<uuid:message_id>/quote", "quote", needs("work_tickets")(quote))


def preview(label: str) -> Answer:
    """What the requester will see of the text in the composer; without script on the ticket's page."""
    body = request.form.get("body", "")
    if len(body) > MAX_BODY:
        raise Invalid(fields={"body": ["too_long"]})
    shown = _preview(access_by_label(label), body, is_note=request.form.get("visibility") == "internal")
    if request.headers.get("HX-Request"):
        return render_template("desk/_preview.html", preview=shown)
    return preview_page(label, body, shown)


def mentionable_names(ticket_id: UUID) -> Response:
    """The names of the members of staff whom a note on this ticket can mention, but for oneself."""
    ticket = access_ticket(ticket_id)
    me = current_person().id
    return jsonify(names=[name for id, name in mentionable(ticket.client_id).items() if id != me])


def quote(message_id: UUID) -> Response:
    """A message as a Markdown quote."""
    message = db.session.get(Message, message_id)
    if message is None or message.deleted_at is not None:
        raise NotFound("message")
    return Response(quoted(message.body, message.content), mimetype="text/plain")


def _preview(ticket: Ticket, body: str, *, is_note: bool) -> Preview:
    requester = first_name(ticket.requester.name) or ticket.requester.name
    channel, made = (None, ReplyPreview((read_markdown(body),))) if is_note else _by_channel(ticket, body)
    return Preview(channel, is_note, requester, made.heading, made.subject, tuple(map(shown_document, made.parts)))


def _by_channel(ticket: Ticket, body: str) -> tuple[str | None, ReplyPreview]:
    """The channel that would send a reply, and how it shows the text."""
    with work(Scope.system()):
        contact = requester_contact(ticket.id)
    channel = next(iter(channels_for(contact)), None)
    document = read_markdown(body)
    if channel is None:
        return None, ReplyPreview((document,))
    with reading_as(ticket.requester.locale, ticket.requester.timezone):
        draft = DraftReply(document, current_person().name, ticket.label, ticket.subject)
        return channel.name, channel.preview(draft)
