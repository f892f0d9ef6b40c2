"""Hand-offs are accepted: by a button, or when a technician takes the ticket."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from msp.kernel.db import db
from msp.tickets.events import HandOffAccepted, emit_ticket_event
from msp.tickets.hand_off_models import HandOff
from msp.tickets.models import Ticket


def accept_hand_offs(ticket: Ticket, person_id: UUID, *, at: datetime) -> None:
    """Mark the hand-offs of a ticket as accepted; emits `ticket.hand_off_accepted` if there was one. Idempotent."""
    query = update(HandOff).where(
        HandOff.ticket_id == ticket.id, HandOff.handed_at.is_not(None), HandOff.accepted_at.is_(None)
    )
    query = query.values(accepted_at=at, accepted_by_id=person_id).returning(HandOff.id)
    accepted = db.session.scalars(query).all()
    if accepted:
        emit_ticket_event(ticket, HandOffAccepted(hand_off_id=max(accepted)), at=at, actor_id=person_id)
