"""Pages that edit and retract one's own replies and notes."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.richtext import document_of, write_markdown
from msp.tickets.models import Message, Ticket
from msp.tickets.own_messages import RETRACT, edit_own, possible_changes, retract_own
from msp.tickets.queries import access_ticket
from msp.web.confirm import confirmation, needs_confirmation
from msp.web.guards import Answer, needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words.refusals import field_messages


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard, path = needs("work_tickets"), "/messages/<uuid:message_id>"
    blueprint.add_url_rule(f"{path}/edit", "edit_message", guard(edit))
    blueprint.add_url_rule(f"{path}/edit", "save_message", guard(save), methods=["POST"])
    blueprint.add_url_rule(f"{path}/retract", "retract_message", guard(retract), methods=["POST"])


def edit(message_id: UUID) -> str:
    """The form with the text of one's own message."""
    ticket, message = _own(message_id)
    return _page(ticket, message, write_markdown(document_of(message.body, message.content)).strip())


def save(message_id: UUID) -> Answer:
    """Save the text; it is changed in chat too."""
    ticket, message = _own(message_id)
    body = request.form.get("body", "").replace("\r\n", "\n")
    try:
        edit_own(ticket, message, person=current_person(), body=body, at=clock.now())
    except Invalid as wrong:
        return _page(ticket, message, body, wrong), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


def retract(message_id: UUID) -> Answer:
    """Retract the message after a confirmation; it is deleted in chat too."""
    ticket, message = _own(message_id)
    if needs_confirmation():
        return confirmation(
            gettext("Retract this message"),
            gettext(
                "Its text and files are deleted here and in the client's chat. The client may have read it already."
            ),
            button=gettext("Retract"),
            back_url=url_for("desk.ticket", label=ticket.label),
        )
    retract_own(ticket, message, person=current_person(), at=clock.now())
    flash(gettext("Message retracted."), "green")
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


def _own(message_id: UUID) -> tuple[Ticket, Message]:
    message = db.session.get(Message, message_id)
    if message is None or message.deleted_at is not None:
        raise NotFound("message")
    if message.author_id != current_person().id:
        raise Denied("not_allowed")
    return access_ticket(message.ticket_id, lock=True), message


def _page(ticket: Ticket, message: Message, body: str, wrong: Invalid | None = None) -> str:
    return render_template(
        "desk/edit_message.html",
        shell=shell(current="ticket"),
        ticket=ticket,
        message=message,
        body=body,
        errors=field_messages(wrong.fields) if wrong else {},
        can_retract=RETRACT in possible_changes(message),
    )
