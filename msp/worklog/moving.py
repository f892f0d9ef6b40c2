"""Time and timers move with the messages of a merged ticket. Billed time stays: its invoice names the ticket."""

from msp.tickets.merging import moves_with_ticket
from msp.worklog.models import TimeEntry, Timer


def register() -> None:
    """Register the tables that move."""
    moves_with_ticket(TimeEntry, where=TimeEntry.state != "billed")
    moves_with_ticket(Timer, key="person_id")
