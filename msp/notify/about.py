"""Ticket data of a notification: read when it is shown or sent, so no text is copied."""

from typing import Any

from sqlalchemy import Select

from msp.clients.models import Client
from msp.kernel.db import Json
from msp.notify.models import Notification
from msp.tickets.label import Label
from msp.tickets.models import Ticket


def with_ticket(query: Select[Any]) -> Select[Any]:
    """A query of notifications that also reads what `about` needs; None for a notification without a ticket."""
    return (
        query.add_columns(Client.code, Ticket.number, Ticket.subject, Client.name)
        .outerjoin(Ticket, Ticket.id == Notification.ticket_id)
        .outerjoin(Client, Client.id == Ticket.client_id)
    )


def about(code: str | None, number: int | None, subject: str | None, client: str | None) -> Json:
    """Current label, subject and client of the ticket."""
    if code is None or number is None:
        return {}
    return {"label": str(Label(code, number)), "subject": subject, "client": client}
