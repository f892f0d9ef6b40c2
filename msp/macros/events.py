"""Events of macros."""

from uuid import UUID

from msp.kernel.event_types import Event
from msp.tickets.events import TicketEvent


class MacroAdded(Event, kind="macro.added", icon="zap"):
    """A macro was added; the subject is the macro."""


class MacroEdited(Event, kind="macro.edited", icon="zap"):
    """A macro was changed; `fields` has the names of what changed."""

    fields: tuple[str, ...]


class MacroRemoved(Event, kind="macro.removed", icon="trash-2"):
    """A macro was removed."""


class MacroApplied(TicketEvent, kind="ticket.macro_applied", icon="zap", in_history=False):
    """A macro was applied to a ticket; its changes have events of their own."""

    macro_id: UUID
