"""The requester's rating of a finished ticket (CSAT): good or bad, with a comment; once, and changeable for a day.

Called by the portal, the link in the mail and the API. Clients whose setting `asks_rating` is off have no ratings.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from msp.kernel.batch_read import RowQuery
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Denied, Invalid
from msp.people.models import Person
from msp.tickets.detail import THIS
from msp.tickets.events import emit_ticket_event
from msp.tickets.models import Ticket
from msp.tickets.rating_events import TicketRated
from msp.tickets.rating_models import RATINGS, TicketRating
from msp.tickets.states import FINISHED

CHANGEABLE_FOR = timedelta(days=1)  # after the first rating
OPEN_FOR = timedelta(days=30)  # after the ticket was resolved
MAX_COMMENT = 2000  # characters


class RatingRow(NamedTuple):
    """A rating, as a page and the API show it."""

    rating: str
    comment: str | None
    rated_at: datetime
    changed_at: datetime
    person_id: UUID
    person: str


def _rating(ticket_id: Any) -> Select[*tuple[Any, ...]]:
    rater = aliased(Person)
    return (
        select(
            TicketRating.rating, TicketRating.comment, TicketRating.rated_at, TicketRating.changed_at,
            TicketRating.person_id, rater.name.label("person"),
        )
        .join(rater, rater.id == TicketRating.person_id)
        .where(TicketRating.ticket_id == ticket_id)
    )  # fmt: skip


RATING = RowQuery(RatingRow, _rating(THIS))


def rating_of(ticket_id: UUID) -> RatingRow | None:
    """The rating of a ticket, or None."""
    row = db.session.execute(_rating(ticket_id)).first()
    return RatingRow(*row) if row else None


def may_rate(ticket: Ticket, person: Person, *, at: datetime) -> bool:
    """Whether this person may rate the ticket now, or change their rating."""
    return ticket.requester_id == person.id and _refusal(ticket, db.session.get(TicketRating, ticket.id), at) is None


def rate(ticket: Ticket, person: Person, rating: str, *, at: datetime, comment: str = "") -> bool:
    """Rate a locked ticket, or change the rating; emits `ticket.rated`. Returns False if it is the same already.

    Raises Denied for anybody but the requester; Conflict where the client has no ratings, the ticket is not finished
    or has been for more than OPEN_FOR, or a day has passed since the first rating; Invalid for wrong values.
    """
    if ticket.requester_id != person.id or person.client_id != ticket.client_id:
        raise Denied("not_allowed")
    text = comment.strip()
    if rating not in RATINGS:
        raise Invalid(fields={"rating": ["unknown"]})
    if len(text) > MAX_COMMENT:
        raise Invalid(fields={"comment": ["too_long"]})
    before = db.session.get(TicketRating, ticket.id)
    if code := _refusal(ticket, before, at):
        raise Conflict(code)
    if before is not None and (before.rating, before.comment) == (rating, text or None):
        return False
    _store(ticket, person, before, rating, text or None, at)
    event = TicketRated(rating=rating, has_comment=bool(text), is_change=before is not None)
    emit_ticket_event(ticket, event, at=at, actor_id=person.id)
    return True


def _refusal(ticket: Ticket, before: TicketRating | None, at: datetime) -> str | None:
    """The code of the reason why the ticket cannot be rated now."""
    if not ticket.client.asks_rating:
        return "no_ratings"
    if before is not None:
        return "rating_is_final" if at >= before.rated_at + CHANGEABLE_FOR else None
    if ticket.status not in FINISHED or ticket.closed_as is not None or ticket.resolved_at is None:
        return "not_finished"
    return "rating_too_late" if at >= ticket.resolved_at + OPEN_FOR else None


def _store(
    ticket: Ticket, person: Person, before: TicketRating | None, rating: str, comment: str | None, at: datetime
) -> None:
    if before is not None:
        before.rating, before.comment, before.changed_at = rating, comment, at
        return
    db.session.add(
        TicketRating(
            ticket_id=ticket.id,
            client_id=ticket.client_id,
            person_id=person.id,
            technician_id=ticket.assignee_id,
            rating=rating,
            comment=comment,
            rated_at=at,
            changed_at=at,
        )
    )
    db.session.flush()
