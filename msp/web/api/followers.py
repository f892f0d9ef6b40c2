"""Followers of a ticket: staff who watch it, people of its client in CC."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.people.queries import access_person
from msp.tickets import following
from msp.tickets.following import FollowerRow
from msp.tickets.queries import access_ticket
from msp.web.api.access import caller, check_own, require
from msp.web.api.fields import Instant, Schema, Shown
from msp.web.api.resource import Answer, resource

blueprint = resource("followers", tag="Tickets")


class FollowerIn(Schema):
    """A person who follows the ticket from now on."""

    person_id = fields.UUID(required=True)


class FollowerOut(Shown):
    """A follower: staff are notified; people of the client see the ticket and get its replies."""

    person_id = fields.UUID()
    name = fields.String()
    is_staff = fields.Boolean()
    added_at = Instant()


class FollowersOut(Shown):
    """The followers of a ticket, in the order in which they were added."""

    items = fields.List(fields.Nested(FollowerOut))


@blueprint.get("/tickets/<uuid:ticket_id>/followers")
@blueprint.output(FollowersOut)
def list_followers(ticket_id: UUID) -> Answer:
    """Who follows the ticket; a client token sees the people of its company."""
    ticket = check_own(access_ticket(ticket_id))
    rows = following.followers_of(ticket.id)
    return {"items": [_shown(each) for each in rows if caller().is_staff or not each.is_staff]}


@blueprint.post("/tickets/<uuid:ticket_id>/followers")
@blueprint.input(FollowerIn)
@blueprint.output(FollowerOut, status_code=201)
def create_follower(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Add a follower: yourself, a colleague, or a person of the client in CC. Idempotent; for staff tokens."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    try:
        person = access_person(json_data["person_id"])
    except NotFound as unknown:
        raise Invalid(fields={"person_id": ["unknown"]}) from unknown
    following.follow(ticket, person, at=clock.now(), actor_id=caller().id)
    return _shown(next(each for each in following.followers_of(ticket.id) if each.id == person.id))


@blueprint.delete("/tickets/<uuid:ticket_id>/followers/<uuid:person_id>")
@blueprint.output({}, status_code=204)
def delete_follower(ticket_id: UUID, person_id: UUID) -> Answer:
    """Remove a follower."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    following.unfollow(ticket, person_id, at=clock.now(), actor_id=caller().id)
    return ""


def _shown(row: FollowerRow) -> dict[str, Any]:
    return {"person_id": row.id, "name": row.name, "is_staff": row.is_staff, "added_at": row.added_at}
