"""Apply a macro to a ticket, in the caller's unit of work: its message, fields, time and status, in this order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from msp.contracts.models import WORK_TYPES
from msp.kernel.db import db
from msp.macros.events import MacroApplied
from msp.macros.models import Macro
from msp.people.models import Person
from msp.tickets import actions, messages, undoable
from msp.tickets.delayed_replies import reply_undoably
from msp.tickets.events import emit_ticket_event
from msp.tickets.models import Message, Ticket
from msp.tickets.noting import note
from msp.tickets.undoable import Pending
from msp.worklog.actions import log_time
from msp.worklog.models import TimeEntry


@dataclass(frozen=True, slots=True)
class Written:
    """The text to send: that of the macro with its variables, or as its author changed it."""

    body: str
    visibility: str
    last_seen: UUID | None = None
    channel: str = "console"


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a macro made; `pending` if the ticket is resolved at the end of the undo period."""

    message: Message | None
    entry: TimeEntry | None
    pending: Pending | None


def apply_macro(
    macro: Macro,
    ticket: Ticket,
    *,
    person: Person,
    at: datetime,
    written: Written | None = None,
    can_undo: bool = False,
    status: str | None = None,
) -> Applied:
    """Apply a macro; emits `ticket.macro_applied` and the events of its changes.

    The ticket must be locked. `status` replaces that of the macro. With `can_undo`, a public reply and what follows it,
    or the resolution of a macro without one, wait for the end of the undo period. Raises what the domain functions
    raise: nothing is applied then.
    """
    wanted = status or macro.status
    if written is not None and can_undo and written.visibility == "public":
        return _reply_undoably(macro, ticket, written, person, at, status=wanted)
    emit_ticket_event(ticket, MacroApplied(macro_id=macro.id), at=at, actor_id=person.id)
    message = _write(ticket, written, person, at) if written else None
    _change_fields(macro, ticket, person, at)
    entry = _log(macro, ticket, person, at)
    pending = _change_status(ticket, wanted, person, at, can_undo=can_undo)
    return Applied(message, entry, pending)


def apply_fields(macro_id: UUID, ticket: Ticket, person: Person, at: datetime) -> None:
    """Change the fields of a macro and log its time, without its text and status; does nothing if it was removed."""
    macro = db.session.get(Macro, macro_id)
    if macro is None:
        return
    emit_ticket_event(ticket, MacroApplied(macro_id=macro.id), at=at, actor_id=person.id)
    _change_fields(macro, ticket, person, at)
    _log(macro, ticket, person, at)


def _reply_undoably(
    macro: Macro, ticket: Ticket, written: Written, person: Person, at: datetime, *, status: str | None
) -> Applied:
    """Everything else happens when the reply is sent."""
    message, pending = reply_undoably(
        ticket,
        author=person,
        body=written.body,
        at=at,
        last_seen=written.last_seen,
        channel=written.channel,
        status=status,
        macro_id=macro.id,
    )
    return Applied(message, None, pending)


def _write(ticket: Ticket, written: Written, person: Person, at: datetime) -> Message:
    if written.visibility == "internal":
        return note(ticket, author=person, body=written.body, at=at, channel=written.channel)
    message = messages.reply(
        ticket, author=person, body=written.body, at=at, channel=written.channel, last_seen=written.last_seen
    )
    if ticket.assignee_id is None:
        actions.assign(ticket, person, at=at, actor_id=person.id)
    return message


def _change_fields(macro: Macro, ticket: Ticket, person: Person, at: datetime) -> None:
    """Tier before assignee: another queue removes the assignee."""
    if macro.priority is not None:
        actions.change_priority(ticket, macro.priority, at=at, actor_id=person.id)
    if macro.tier is not None:
        actions.change_tier(ticket, macro.tier, at=at, actor_id=person.id)
    if macro.assigns_to_self or macro.assignee is not None:
        actions.assign(ticket, macro.assignee or person, at=at, actor_id=person.id)
    if macro.tags:
        tags = list(dict.fromkeys([*ticket.tags, *macro.tags]))
        actions.edit(ticket, at=at, actor_id=person.id, tags=tags)


def _log(macro: Macro, ticket: Ticket, person: Person, at: datetime) -> TimeEntry | None:
    """The time of the macro, as work that has just ended."""
    if macro.minutes is None:
        return None
    started_at = at.replace(second=0, microsecond=0) - timedelta(minutes=macro.minutes)
    work_type = macro.work_type or WORK_TYPES[0]
    return log_time(
        ticket, person=person, started_at=started_at, minutes=macro.minutes, work_type=work_type, note="", at=at
    )


def _change_status(
    ticket: Ticket, status: str | None, person: Person, at: datetime, *, can_undo: bool
) -> Pending | None:
    if status is None or ticket.status == status:
        return None
    if status == "resolved" and can_undo:
        return undoable.ask(ticket, "resolve", person=person, at=at)
    actions.change_status(ticket, status, at=at, actor_id=person.id)
    return None
