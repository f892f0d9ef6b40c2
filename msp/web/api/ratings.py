"""The requester's rating of a finished ticket."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.kernel import clock
from msp.tickets.queries import access_ticket
from msp.tickets.rating import MAX_COMMENT, rate, rating_of
from msp.tickets.rating_models import RATINGS
from msp.web.api.access import caller, check_own
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("ratings", tag="Tickets")


class RatingIn(Schema):
    """A rating, with a comment if there is something to say."""

    rating = one_of(RATINGS, required=True)
    comment = TextField(longest=MAX_COMMENT, load_default="")


class RatingOut(Shown):
    """The rating of a ticket; all values are null if it has none."""

    rating = fields.String(allow_none=True, metadata={"description": "good or bad"})
    comment = fields.String(allow_none=True)
    person_id = fields.UUID(allow_none=True)
    rated_at = Instant(allow_none=True)
    changed_at = Instant(allow_none=True)


@blueprint.get("/tickets/<uuid:ticket_id>/rating")
@blueprint.output(RatingOut)
def read_rating(ticket_id: UUID) -> Answer:
    """The rating of a ticket; all values are null if it has none."""
    return _shown(check_own(access_ticket(ticket_id)).id)


@blueprint.put("/tickets/<uuid:ticket_id>/rating")
@blueprint.input(RatingIn)
@blueprint.output(RatingOut)
def store_rating(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Rate a resolved or closed ticket within 30 days, or change the rating within a day; for its requester's token."""
    ticket = check_own(access_ticket(ticket_id, lock=True))
    rate(ticket, caller(), json_data["rating"], comment=json_data["comment"], at=clock.now())
    settled(ticket)
    return _shown(ticket.id)


def _shown(ticket_id: UUID) -> dict[str, Any]:
    found = rating_of(ticket_id)
    return found._asdict() if found else dict.fromkeys(RatingOut().fields)
