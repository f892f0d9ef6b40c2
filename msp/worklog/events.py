"""Events of time entries; their subject is the ticket."""

from uuid import UUID

from msp.kernel.event_types import Event


class TimeEvent(Event):
    """A time entry of a ticket; the values are those after the change."""

    entry_id: UUID
    minutes: int
    work_type: str


class TimeLogged(TimeEvent, kind="time.logged", icon="timer", in_history=False):
    """Time was logged on a ticket."""


class TimeEdited(TimeEvent, kind="time.edited", icon="timer", in_history=False):
    """A time entry was corrected."""


class TimeDeleted(TimeEvent, kind="time.deleted", icon="timer", in_history=False):
    """A time entry was deleted."""
