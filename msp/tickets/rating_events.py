"""The event of a rating."""

from msp.kernel.event_types import Audience
from msp.tickets.events import TicketEvent


class TicketRated(
    TicketEvent, kind="ticket.rated", icon="star", visibility="public", audience=Audience(("assignee",), ("console",))
):
    """The requester rated a finished ticket as `good` or `bad`, or changed the rating."""

    rating: str
    has_comment: bool = False
    is_change: bool = False
