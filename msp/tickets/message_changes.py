"""What becomes of a message that its author edits, deletes or restores where it was written."""

from datetime import datetime

from msp.kernel.db import Json
from msp.tickets.derived_subject import derived_subject, opening_message_id, was_written_by_staff
from msp.tickets.events import MessageDeleted, MessageEdited, MessageEvent, MessageRestored, emit_ticket_event
from msp.tickets.models import Message, Ticket
from msp.tickets.removed_files import remove_attachments
from msp.tickets.subject import subject_of


def edit_message(ticket: Ticket, message: Message, *, body: str, at: datetime, content: Json | None = None) -> None:
    """Its author edited it where it was written: emits `ticket.message_edited`; the same words change nothing.

    `content` is the rich text of `body`. A subject that was derived from the message follows. A deleted message, and
    one that would be left without words, stay as they are.
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
    """Its author deleted it where it was written: words, rich text and files go; emits `ticket.message_deleted`.

    Where it opened the ticket, or the subject came from it, the subject is derived again from what the requester
    wrote besides; where nothing is left it is `placeholder_subject`. A subject written by staff stays. Idempotent.
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
    """Its author took the deletion back: its words are there again, its files are not; emits `ticket.message_restored`.

    A subject that was derived, or had nothing to be derived from, follows. Others than deleted ones stay as they are.
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
