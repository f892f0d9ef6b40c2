"""How a ticket's verbs say what happened: every fact touches the ticket and bears its client."""

from datetime import datetime
from uuid import UUID

from msp.kernel.event_types import Event
from msp.kernel.events import emit
from msp.tickets.models import Ticket

RUNNING_OUT = {"sla.warned", "sla.breached", "sla.escalated"}


def emit_ticket_event(
    ticket: Ticket,
    event: Event | str,
    /,
    *,
    at: datetime,
    actor_id: UUID | None = None,
    visibility: str | None = None,
    **data: object,
) -> None:
    """Emit what happened to a ticket: that of an urgent one, and a promise that is running out, go before the rest."""
    ticket.updated_at = at
    emit(
        event,
        ticket.id,
        client_id=ticket.client_id,
        visibility=visibility,
        actor_id=actor_id,
        at=at,
        is_urgent=ticket.priority == "urgent" or (event if isinstance(event, str) else event.kind) in RUNNING_OUT,
        **data,
    )
