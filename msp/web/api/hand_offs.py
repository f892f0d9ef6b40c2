"""Hand-offs of tickets between tiers."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from msp.kernel import clock
from msp.tickets import hand_offs
from msp.tickets.actions import MAX_TIER
from msp.tickets.hand_offs import LONGEST, HandOffForm
from msp.tickets.queries import access_ticket
from msp.web.api.access import caller, require
from msp.web.api.fields import Instant, Schema, Shown
from msp.web.api.resource import Answer, resource, settled
from msp.web.api.ticket_shapes import TicketOut, shown

blueprint = resource("hand-offs", tag="Tickets")


def _answer(*, required: bool = False) -> fields.String:
    return fields.String(required=required, validate=validate.Length(max=LONGEST))


class HandOffIn(Schema):
    """What the technicians of the other tier need to know."""

    tier = fields.Integer(required=True, validate=validate.Range(1, MAX_TIER), metadata={"description": "Next tier"})
    tried = _answer()
    found = _answer()
    needed = _answer(required=True)


class HandOffOut(Shown):
    """A hand-off; `accepted_at` is null until a technician of the next tier accepts it or takes the ticket."""

    id = fields.UUID()
    from_tier = fields.Integer()
    to_tier = fields.Integer()
    tried = fields.String()
    found = fields.String()
    needed = fields.String()
    person_id = fields.UUID()
    person_name = fields.String()
    handed_at = Instant()
    accepted_at = Instant(allow_none=True)
    accepted_by_name = fields.String(allow_none=True)


class HandOffsOut(Shown):
    """The hand-offs of a ticket, latest first."""

    items = fields.List(fields.Nested(HandOffOut))


@blueprint.get("/tickets/<uuid:ticket_id>/hand-offs")
@blueprint.output(HandOffsOut)
def list_hand_offs(ticket_id: UUID) -> Answer:
    """The latest hand-offs of the ticket; for staff tokens."""
    ticket = access_ticket(ticket_id)
    require("desk")
    return {"items": hand_offs.hand_offs_of(ticket.id)}


@blueprint.post("/tickets/<uuid:ticket_id>/hand-off")
@blueprint.input(HandOffIn)
@blueprint.output(TicketOut)
def hand_off_ticket(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Escalate the ticket to a higher tier, or return it to a lower one; at once, for staff tokens.

    A ticket that returns is assigned to the person who escalated it; otherwise it has no assignee.
    """
    ticket = access_ticket(ticket_id, lock=True)
    require("work_tickets")
    form = HandOffForm(json_data.get("tried", ""), json_data.get("found", ""), json_data["needed"])
    hand_offs.hand_off(ticket, json_data["tier"], form, person=caller(), at=clock.now())
    return shown(settled(ticket))


@blueprint.post("/tickets/<uuid:ticket_id>/accept-hand-off")
@blueprint.output(TicketOut)
def accept_hand_off(ticket_id: UUID) -> Answer:
    """Accept the ticket's hand-off and take the ticket; refused if it is assigned to another person."""
    ticket = access_ticket(ticket_id, lock=True)
    require("work_tickets")
    hand_offs.accept(ticket, person=caller(), at=clock.now())
    return shown(settled(ticket))
