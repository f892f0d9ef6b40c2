"""The timeline of a ticket as JSON, for the file of the ticket page and the API."""

from msp.kernel.db import Json
from msp.tickets.models import Ticket
from msp.tickets.timeline_rows import timeline_rows


def timeline_json(ticket: Ticket) -> Json:
    """The ticket's number with all its entries, oldest first; times are ISO 8601 in UTC."""
    entries = [
        {
            "id": str(each.id),
            "at": each.at.isoformat(),
            "type": each.type,
            "code": each.code,
            "visibility": each.visibility,
            "who": each.who,
            "channel": each.channel,
            "text": each.text,
            "data": each.data,
        }
        for each in timeline_rows(ticket.id)
    ]
    return {"number": ticket.label, "subject": ticket.subject, "entries": entries}
