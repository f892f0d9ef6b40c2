"""Edits, deletions and restorations of a message by its author on the platform."""

from datetime import datetime

from msp.kernel.db import Json
from msp.tickets.derived_subject import derived_subject, opening_message_id, was_written_by_staff
from msp.tickets.events import MessageDeleted, MessageEdited, MessageEvent, MessageRestored, emit_ticket_event
from msp.tickets.models import Message, Ticket
from msp.tickets.removed_files import remove_attachments
from msp.tickets.subject import subject_of


def edit_message(ticket: Ticket, message: Message, *, body: str, at: datetime, content: Json | None = None) -> None:
    """Apply an edit by the author: emits `ticket.message_edited`; an equal text changes nothing.

    `content` is the rich text of `body`. A subject that was derived from the message is derived again. Does nothing for
    a deleted message, or if no text would be left.
    """
    if not body.strip() or message.deleted_at is not None:
        return
    if body == message.body and content in (None, message.content):
        return
    if body == message.body and message.content is None:  # it was stored without its rich text
        message.content = content
        return
    is_derived = ticket.subject in (derived_subject(ticket), subject_of(message.body))
    if opening_message_id(ticket) == message.id:
        ticket.body = body
    message.body, message.content, message.edited_at = body, content, at
    if is_derived:
        ticket.subject = derived_subject(ticket) or ticket.subject
    _emit(MessageEdited, ticket, message, at=at)


def delete_message(ticket: Ticket, message: Message, *, at: datetime, placeholder_subject: str = "…") -> None:
    """Apply a deletion by the author: removes text, rich text and files; emits `ticket.message_deleted`.

    If it opened the ticket, or the subject came from it, the subject is derived again from the requester's other
    messages; if none is left it is `placeholder_subject`. A subject written by staff stays. Idempotent.
    """
    if message.deleted_at is not None:
        return
    is_opening = opening_message_id(ticket) == message.id
    is_derived = ticket.subject in (derived_subject(ticket), subject_of(message.body))
    message.body, message.content, message.deleted_at = "", None, at
    remove_attachments(message, at=at)
    if is_opening:
        ticket.body = ""
    if is_derived or (is_opening and not was_written_by_staff(ticket)):
        ticket.subject = derived_subject(ticket) or placeholder_subject
    _emit(MessageDeleted, ticket, message, at=at)


def undelete_message(ticket: Ticket, message: Message, *, body: str, content: Json | None, at: datetime) -> None:
    """Restore the text of a deleted message, but not its files; emits `ticket.message_restored`.

    A subject that was derived, or is a placeholder, is derived again. Does nothing unless the message is deleted.
    """
    if message.deleted_at is None:
        return
    before = derived_subject(ticket)
    is_opening = opening_message_id(ticket) == message.id
    message.body, message.content, message.deleted_at = body, content, None
    if is_opening:
        ticket.body = body
    if ticket.subject == before or not (before or was_written_by_staff(ticket)):
        ticket.subject = derived_subject(ticket) or ticket.subject
    _emit(MessageRestored, ticket, message, at=at)


def _emit(event: type[MessageEvent], ticket: Ticket, message: Message, *, at: datetime) -> None:
    made = event(message_id=message.id)
    emit_ticket_event(ticket, made, at=at, actor_id=message.author_id, visibility=message.visibility)
