"""How a ticket's verbs say what happened: every fact touches the ticket and bears its client."""

from datetime import datetime
from uuid import UUID

from msp.kernel.events import emit
from msp.tickets.models import Ticket


def tell(
    ticket: Ticket,
    kind: str,
    *,
    at: datetime,
    actor_id: UUID | None = None,
    visibility: str = "public",
    **data: object,
) -> None:
    """Emit what happened to a ticket."""
    ticket.updated_at = at
    emit(
        kind,
        ticket.id,
        client_id=ticket.client_id,
        visibility=visibility,
        actor_id=actor_id,
        at=at,
        **data,
    )
