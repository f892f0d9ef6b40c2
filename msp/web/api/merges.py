"""Merge tickets, undo it, split messages off, and mark spam."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.kernel import clock
from msp.tickets import merging, spam, splitting
from msp.tickets.opening import MAX_SUBJECT
from msp.tickets.queries import access_ticket
from msp.web.api.access import caller, require
from msp.web.api.fields import Flag, Instant, Schema, Shown, TextField
from msp.web.api.links import OtherTicketIn, other_ticket
from msp.web.api.resource import Answer, resource, settled
from msp.web.api.ticket_shapes import TicketOut, shown

blueprint = resource("merges", tag="Tickets")


class SpamIn(Schema):
    """Whether the requester is blocked too."""

    block = Flag(load_default=False)


class SplitIn(Schema):
    """Messages that become a ticket of their own."""

    message_ids = fields.List(fields.UUID(), required=True)
    subject = TextField(longest=MAX_SUBJECT, blank=False, required=True)


class BlockedSenderOut(Shown):
    """A blocked person; `message_count` messages have arrived since."""

    person_id = fields.UUID()
    name = fields.String()
    email = fields.String(allow_none=True)
    client_name = fields.String()
    blocked_at = Instant()
    message_count = fields.Integer()
    last_at = Instant(allow_none=True)


class BlockedOut(Shown):
    """The blocked people."""

    items = fields.List(fields.Nested(BlockedSenderOut))


class MoveIn(OtherTicketIn):
    """Messages that move to another ticket of the same client."""

    message_ids = fields.List(fields.UUID(), required=True)


@blueprint.post("/tickets/<uuid:ticket_id>/merge")
@blueprint.input(OtherTicketIn)
@blueprint.output(TicketOut)
def merge_ticket(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Merge the ticket into another one of its client; returns that one. It can be undone for one day.

    Messages, unbilled time, chat threads and followers move; later messages for the merged ticket reach the other one.
    """
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    target_id = other_ticket(ticket, json_data)
    merging.merge(ticket.id, target_id, at=clock.now(), actor_id=caller().id)
    return shown(settled(access_ticket(target_id)))


@blueprint.post("/tickets/<uuid:ticket_id>/unmerge")
@blueprint.output(TicketOut)
def unmerge_ticket(ticket_id: UUID) -> Answer:
    """Undo the merge of the ticket: what moved returns, messages received since stay on the other ticket."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    merging.undo_merge(ticket.id, at=clock.now(), actor_id=caller().id)
    return shown(settled(access_ticket(ticket_id)))


@blueprint.post("/tickets/<uuid:ticket_id>/split")
@blueprint.input(SplitIn)
@blueprint.output(TicketOut, status_code=201)
def split_ticket(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Open a ticket with some messages of this one; returns the new ticket."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    at = clock.now()
    new = splitting.split(
        ticket.id, json_data["message_ids"], subject=json_data["subject"], at=at, actor_id=caller().id
    )
    return shown(settled(new)), 201, {"Location": f"/api/v1/tickets/{new.id}"}


@blueprint.post("/tickets/<uuid:ticket_id>/move-messages")
@blueprint.input(MoveIn)
@blueprint.output(TicketOut)
def move_ticket_messages(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Move messages of this ticket to another one of its client; returns that one."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    target_id, ids = other_ticket(ticket, json_data), json_data["message_ids"]
    splitting.move_messages(ticket.id, target_id, ids, at=clock.now(), actor_id=caller().id)
    return shown(settled(access_ticket(target_id)))


@blueprint.post("/tickets/<uuid:ticket_id>/spam")
@blueprint.input(SpamIn)
@blueprint.output(TicketOut)
def mark_ticket_as_spam(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Close the ticket as spam: it counts in no report, and its requester is not notified."""
    ticket = access_ticket(ticket_id, lock=True)
    require("work_tickets")
    spam.mark_spam(ticket, at=clock.now(), actor_id=caller().id, blocks=json_data["block"])
    return shown(settled(ticket))


@blueprint.post("/tickets/<uuid:ticket_id>/not-spam")
@blueprint.output(TicketOut)
def unmark_ticket_as_spam(ticket_id: UUID) -> Answer:
    """The ticket is no spam: its status and SLA targets are as before."""
    ticket = access_ticket(ticket_id, lock=True)
    require("work_tickets")
    spam.unmark_spam(ticket, at=clock.now(), actor_id=caller().id)
    return shown(settled(ticket))


@blueprint.get("/blocked-senders")
@blueprint.output(BlockedOut)
def list_blocked_senders() -> Answer:
    """The people whose messages open no tickets, latest first, at most 200."""
    require("work_tickets")
    return {"items": [each._asdict() for each in spam.blocked_senders()]}


@blueprint.delete("/blocked-senders/<uuid:person_id>")
@blueprint.output({}, status_code=204)
def unblock_sender(person_id: UUID) -> Answer:
    """Unblock a person."""
    require("work_tickets")
    spam.unblock(person_id, at=clock.now(), actor_id=caller().id)
    return ""
