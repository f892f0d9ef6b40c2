"""Links between tickets of a client."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.tickets import linking
from msp.tickets.link_rules import OFFERED, RELATIONS
from msp.tickets.link_targets import target_named
from msp.tickets.linking import LinkRow
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from msp.web.api.access import caller, require
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.resource import Answer, resource

blueprint = resource("links", tag="Tickets")


class OtherTicketIn(Schema):
    """Another ticket of the same client, by its id or its number."""

    ticket_id = fields.UUID()
    number = TextField(longest=30, metadata={"description": "LOZ-42 or 42"})


class LinkIn(OtherTicketIn):
    """A link to another ticket of the same client."""

    relation = one_of(OFFERED, required=True, metadata={"description": "What this ticket is to the other one"})


class LinkOut(Shown):
    """A linked ticket."""

    id = fields.UUID(metadata={"description": "Of the link"})
    relation = fields.String(metadata={"description": f"What this ticket is to the other: {', '.join(RELATIONS)}"})
    ticket_id = fields.UUID(metadata={"description": "Of the other ticket"})
    number = fields.String(metadata={"example": "LOZ-42"})
    subject = fields.String()
    status = fields.String()
    created_at = Instant()


class LinksOut(Shown):
    """The links of a ticket, oldest first."""

    items = fields.List(fields.Nested(LinkOut))


@blueprint.get("/tickets/<uuid:ticket_id>/links")
@blueprint.output(LinksOut)
def list_links(ticket_id: UUID) -> Answer:
    """The tickets that are linked to this one; for staff and admin tokens."""
    ticket = access_ticket(ticket_id)
    require("desk")
    return {"items": [_shown(each) for each in linking.links_of(ticket.id)]}


@blueprint.post("/tickets/<uuid:ticket_id>/links")
@blueprint.input(LinkIn)
@blueprint.output(LinkOut, status_code=201)
def create_link(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Link the ticket to another one of its client: 409 `already_linked` if the two are linked."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    other_id = other_ticket(ticket, json_data)
    made = linking.link_tickets(ticket.id, other_id, json_data["relation"], at=clock.now(), actor_id=caller().id)
    return _shown(next(each for each in linking.links_of(ticket.id) if each.id == made.id))


@blueprint.delete("/tickets/<uuid:ticket_id>/links/<uuid:link_id>")
@blueprint.output({}, status_code=204)
def delete_link(ticket_id: UUID, link_id: UUID) -> Answer:
    """Remove a link."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    linking.unlink(ticket.id, link_id, at=clock.now(), actor_id=caller().id)
    return ""


def other_ticket(ticket: Ticket, data: dict[str, Any]) -> UUID:
    """The id of the ticket that a request names; raises Invalid if it names none, or none that the caller may see."""
    if "ticket_id" not in data:
        return target_named(ticket, data.get("number", "")).id
    try:
        return access_ticket(data["ticket_id"]).id
    except NotFound as unknown:
        raise Invalid(fields={"ticket_id": ["unknown"]}) from unknown


def _shown(link: LinkRow) -> dict[str, Any]:
    names = ("id", "relation", "ticket_id", "subject", "status", "created_at")
    return {name: getattr(link, name) for name in names} | {"number": link.label}
