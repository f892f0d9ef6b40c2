"""Ratings of the demo: requesters rated some of the resolved tickets, some with a comment."""

from datetime import timedelta
from random import Random

from sqlalchemy import insert, select

from msp.demo import world as told
from msp.demo.loaded import Row
from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.tickets.rating_events import TicketRated
from msp.tickets.rating_models import TicketRating
from msp.tickets.states import FINISHED

_SEED = 20261201
_RATED, _GOOD, _WITH_COMMENT = 0.35, 0.9, 0.3  # shares
_COMMENTS = {
    ("es", "good"): ("Rápido y muy claro, gracias.", "Todo solucionado a la primera.", "Muy amable, como siempre."),
    ("es", "bad"): ("Tardasteis mucho en contestar.", "Ha vuelto a fallar al día siguiente."),
    ("en", "good"): ("Quick and clear, thank you.", "Solved at the first try."),
    ("en", "bad"): ("It took too long to get an answer.", "It failed again the next day."),
}


def load(world: told.DemoWorld) -> None:
    """Rate finished tickets (system scope); the same world always gets the same ratings."""
    rng = Random(_SEED)  # noqa: S311  # the demo must be reproducible
    query = select(Ticket, Person.locale).join(Person, Person.id == Ticket.requester_id)
    finished = query.where(Ticket.status.in_(FINISHED), Ticket.resolved_at.is_not(None))
    rows: list[Row] = []
    for ticket, locale in db.session.execute(finished.order_by(Ticket.client_id, Ticket.number)):
        row = _rating(ticket, locale, rng)
        if row is not None and row["rated_at"] < world.today:
            rows.append(row)
    db.session.execute(insert(TicketRating), rows)
    db.session.execute(insert(StoredEvent), [_event(row) for row in rows])


def _rating(ticket: Ticket, locale: str, rng: Random) -> Row | None:
    share, quality, talk, hours = rng.random(), rng.random(), rng.random(), rng.uniform(0.2, 20)
    rating = "good" if quality < _GOOD else "bad"
    comment = rng.choice(_COMMENTS["en" if locale == "en" else "es", rating])
    if share >= _RATED or ticket.resolved_at is None:
        return None
    rated_at = ticket.resolved_at + timedelta(hours=hours)
    return {
        "ticket_id": ticket.id,
        "client_id": ticket.client_id,
        "person_id": ticket.requester_id,
        "technician_id": ticket.assignee_id,
        "rating": rating,
        "comment": comment if talk < _WITH_COMMENT or rating == "bad" else None,
        "rated_at": rated_at,
        "changed_at": rated_at,
    }


def _event(row: Row) -> Row:
    event = TicketRated(rating=row["rating"], has_comment=row["comment"] is not None)
    return {
        "id": new_id(),
        "client_id": row["client_id"],
        "kind": event.kind,
        "subject_id": row["ticket_id"],
        "actor_id": row["person_id"],
        "at": row["rated_at"],
        "visibility": event.visibility,
        "data": event.data(),
    }
