"""The signed link in a mail by which a requester rates one ticket without signing in.

It names ticket, client and person. It has no date of its own: `msp.tickets.rating` limits how long a ticket can be
rated, and a rating becomes final after a day.
"""

from typing import NamedTuple
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer


class RatingLink(NamedTuple):
    """What a link names."""

    client_id: UUID
    ticket_id: UUID
    person_id: UUID


def rating_token(link: RatingLink) -> str:
    """The token of a link."""
    return str(_serializer().dumps([each.hex for each in link]))


def read_rating_token(token: str) -> RatingLink | None:
    """What a token names, or None if we did not sign it."""
    try:
        return RatingLink(*(UUID(hex=each) for each in _serializer().loads(token)))
    except (BadSignature, TypeError, ValueError, AttributeError):
        return None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="ticket-rating")
