"""Replies that can be undone: recorded and counted at once, sent when the undo period ends.

Until then the client sees nothing of them. A status that follows the reply, and the fields of a macro, are changed when
it is sent; undoing it changes nothing but its text, which becomes the draft of its author.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from msp.kernel.db import db
from msp.kernel.errors import Conflict
from msp.people.models import Person
from msp.tickets import messages, undoable
from msp.tickets.actions import assign, change_status
from msp.tickets.drafts import save_draft
from msp.tickets.events import ActionDropped, ActionRequested, emit_ticket_event
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.removed_files import remove_attachments
from msp.tickets.states import may_move
from msp.tickets.undelivered import answer_undone
from msp.tickets.undoable import Pending, Undoable

ACTION = "reply"
MacroStep = Callable[[UUID, Ticket, Person, datetime], None]
_macro_steps: list[MacroStep] = []


def register(apply_fields: MacroStep | None = None) -> None:
    """Add replies to the actions that can be undone; `apply_fields` changes the fields of a macro (msp.macros)."""
    undoable.ACTIONS[ACTION] = Undoable(lambda _: True, _send, take_back=_take_back, is_single=False)
    _macro_steps[:] = [apply_fields] if apply_fields else []


def reply_undoably(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    at: datetime,
    last_seen: UUID | None = None,
    channel: str = "console",
    status: str | None = None,
    macro_id: UUID | None = None,
) -> tuple[Message, Pending | None]:
    """Reply to the client once the undo period is over, then assign an unassigned ticket and change the status.

    The ticket must be locked. Returns the message, and what can be undone: None if it was sent at once, because the
    period is zero. Raises ReplyHeld as `messages.reply` does, and Conflict for a status that does not follow.
    """
    before = "open" if ticket.status == "new" else ticket.status
    if status is not None and status != before and not may_move(before, status):
        raise Conflict("status_move_refused", before=ticket.status, after=status)
    message = messages.delayed_reply(ticket, author=author, body=body, at=at, channel=channel, last_seen=last_seen)
    seconds = undoable.undo_seconds(of_replies=True)
    requested = ActionRequested(
        action=ACTION, until=at + timedelta(seconds=seconds), message_id=message.id, status=status, macro_id=macro_id
    )
    if not seconds:
        _finish(ticket, message, author, at, requested)
        return message, None
    return message, undoable.schedule(ticket, requested, person=author, at=at)


def _send(ticket: Ticket, person: Person, at: datetime, requested: ActionRequested) -> None:
    """Send it as of the time at which it was written, unless the ticket has changed since."""
    message = db.session.get_one(Message, requested.message_id)
    if message.ticket_id != ticket.id:  # merged meanwhile
        ticket = access_ticket(message.ticket_id, lock=True)
    _finish(ticket, message, person, message.at if ticket.updated_at <= message.at else at, requested)


def _finish(ticket: Ticket, message: Message, person: Person, at: datetime, requested: ActionRequested) -> None:
    messages.send_reply(ticket, message, at=at)
    if ticket.assignee_id is None:
        assign(ticket, person, at=at, actor_id=person.id)
    if requested.macro_id is not None:
        for apply_fields in _macro_steps:
            apply_fields(requested.macro_id, ticket, person, at)
    status = requested.status
    if status is None or ticket.status == status or undoable.client_wrote(ticket, since=message.at):
        return
    if may_move(ticket.status, status):
        change_status(ticket, status, at=at, actor_id=person.id)
    else:
        dropped = ActionDropped(asked=message.id, action=ACTION, reason="not_possible")
        emit_ticket_event(ticket, dropped, at=at, actor_id=person.id)


def _take_back(ticket: Ticket, person: Person, at: datetime, requested: ActionRequested) -> None:
    """Restore the SLA targets and remove the text, which becomes a draft if its author undid it."""
    message = db.session.get_one(Message, requested.message_id)
    if message.ticket_id != ticket.id:
        ticket = access_ticket(message.ticket_id, lock=True)
    text = message.body
    message.body, message.content, message.deleted_at = "", None, at
    remove_attachments(message, at=at)
    db.session.flush()
    answer_undone(ticket, message, at=at)
    if message.author_id == person.id:
        save_draft(ticket, person, body=text, visibility="public", at=at)
