"""Forms that change a ticket: POST endpoints that call a domain function and redirect to the page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from msp.contracts.queries import access_contract
from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.macros.applying import Written, apply_macro
from msp.macros.models import Macro
from msp.people.queries import access_person
from msp.tickets import actions, messages, queries
from msp.tickets.attaching import attach_files
from msp.tickets.delayed_replies import reply_undoably
from msp.tickets.drafts import drop_draft
from msp.tickets.held_replies import ReplyHeld
from msp.tickets.models import Message, Ticket
from msp.tickets.noting import note
from msp.tickets.queries import access_by_label
from msp.web import undo
from msp.web.desk.held_reply import Hold
from msp.web.desk.macros import asked_macro
from msp.web.desk.presence import say_writing
from msp.web.desk.ticket import held_page, refused_page
from msp.web.desk.time_form import doubts, read_span
from msp.web.guards import Answer, check_version, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.uploads import sent_files
from msp.worklog import actions as worklog

Verb = Callable[[Ticket, datetime], object]


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these forms."""
    for name, verb in VERBS.items():
        view = needs("work_tickets", *MORE_RIGHTS.get(name, ()))(_form(verb))
        blueprint.add_url_rule(f"/tickets/<label>/{name.replace('_', '-')}", name, view, methods=["POST"])
    for name, verb in ADDITIONS.items():
        view = needs("work_tickets")(_form(verb, is_guarded=False))
        blueprint.add_url_rule(f"/tickets/<label>/{name.replace('_', '-')}", name, view, methods=["POST"])
    guard = needs("work_tickets")
    blueprint.add_url_rule("/tickets/<label>/reply", "reply", guard(reply), methods=["POST"])
    blueprint.add_url_rule("/time/<uuid:entry_id>/delete", "delete_time", guard(delete_time), methods=["POST"])
    blueprint.add_url_rule("/messages/<uuid:message_id>/retry", "retry", guard(retry), methods=["POST"])


def delete_time(entry_id: UUID) -> Response:
    """Delete a time entry."""
    entry = worklog.access_entry(entry_id)
    ticket = queries.access_ticket(entry.ticket_id)
    worklog.delete_time(entry, at=clock.now())
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


def retry(message_id: UUID) -> Response:
    """Retry a reply that was not delivered: a new delivery of the same message."""
    message = db.session.get(Message, message_id)
    if message is None or message.delivery_state != "failed":
        raise Invalid(fields={"message_id": ["not_failed"]})
    ticket = queries.access_ticket(message.ticket_id)
    messages.send_again(ticket, message, at=clock.now())
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


def reply(label: str) -> Answer:
    """Send a reply or note; the page is returned if it is held (with the messages written meanwhile) or refused."""
    try:
        return _form(_reply, is_guarded=False)(label)
    except ReplyHeld as held:
        db.session.rollback()  # the form key too: nothing has been sent yet
        return held_page(label, _hold(held.message_ids[0], held.message_ids[-1])), 409
    except Invalid as refused:
        if not refused.fields.keys() <= {"body", "files"}:
            raise
        db.session.rollback()
        confirmed = _message_id("confirmed_message_id")
        return refused_page(label, _hold(confirmed, confirmed) if confirmed else None, refused.fields), 422


def _hold(first: UUID, last: UUID) -> Hold:
    """The hold of the posted reply because of these messages of others."""
    form = request.form
    return Hold(
        _message_id("last_seen_message_id") or _message_id("confirmed_message_id") or first,
        last,
        then=form.get("then", ""),
        body=form.get("body", ""),
        had_files=bool(sent_files()),
    )


def _form(verb: Verb, *, is_guarded: bool = True) -> Callable[[str], Response]:
    def view(label: str) -> Response:
        ticket = access_by_label(label, lock=True)
        if is_guarded:
            check_version(ticket)
        if is_first_time():
            verb(ticket, clock.now())
        return redirect(url_for("desk.ticket", label=ticket.label), 303)

    return view


def _take(ticket: Ticket, at: datetime) -> None:
    actions.take(ticket, current_person(), at=at)


def _assign(ticket: Ticket, at: datetime) -> None:
    chosen = request.form.get("assignee_id", "")
    actions.assign(ticket, access_person(_id(chosen, "assignee_id")) if chosen else None, at=at)


def _set_priority(ticket: Ticket, at: datetime) -> None:
    actions.change_priority(ticket, request.form.get("priority", ""), at=at)


def _set_contract(ticket: Ticket, at: datetime) -> None:
    chosen = request.form.get("contract_id", "")
    actions.change_contract(ticket, access_contract(_id(chosen, "contract_id")) if chosen else None, at=at)


def _set_status(ticket: Ticket, at: datetime) -> None:
    if (status := request.form.get("status", "")) == "resolved":
        _resolve(ticket, at)
    else:
        actions.change_status(ticket, status, at=at, scheduled_for=_scheduled_for(at))


def _scheduled_for(at: datetime) -> datetime | None:
    """When a scheduled ticket reopens, entered in the technician's time zone; None if empty."""
    typed = request.form.get("scheduled_for", "")
    if not typed or request.form.get("status") != "scheduled":
        return None
    try:
        local = datetime.fromisoformat(typed)
        return local.replace(tzinfo=ZoneInfo(current_person().timezone)).astimezone(at.tzinfo)
    except (ValueError, OverflowError) as wrong:
        raise Invalid(fields={"scheduled_for": ["invalid"]}) from wrong


def _resolve(ticket: Ticket, at: datetime) -> None:
    undo.ask(ticket, "resolve_with_children" if request.form.get("with_children") else "resolve", at=at)


def _reopen(ticket: Ticket, at: datetime) -> None:
    actions.change_status(ticket, "open", at=at)


def _reply(ticket: Ticket, at: datetime) -> None:
    _write(ticket, at)
    drop_draft(ticket.id, current_person())
    say_writing(ticket.id, "")


def _write(ticket: Ticket, at: datetime) -> None:
    body, person = request.form.get("body", ""), current_person()
    if macro := asked_macro(ticket, request.form.get("macro_id", "")):
        _reply_by_macro(macro, ticket, at)
        return
    if request.form.get("visibility") == "internal":
        attach_files(note(ticket, author=person, body=body, at=at), sent_files(), at=at)
        return
    then = request.form.get("then") or None
    message, pending = reply_undoably(ticket, author=person, body=body, at=at, last_seen=_last_seen(), status=then)
    attach_files(message, sent_files(), at=at)
    undo.show(ticket, pending)


def _reply_by_macro(macro: Macro, ticket: Ticket, at: datetime) -> None:
    """Send the text with the changes of the macro; the button that was pressed decides the status."""
    visibility = "internal" if request.form.get("visibility") == "internal" else "public"
    written = Written(request.form.get("body", ""), visibility, last_seen=_last_seen())
    status = request.form.get("then") or None
    applied = apply_macro(macro, ticket, person=current_person(), at=at, written=written, can_undo=True, status=status)
    if applied.message is not None:
        attach_files(applied.message, sent_files(), at=at)
    undo.show(ticket, applied.pending)


def _log_time(ticket: Ticket, at: datetime) -> None:
    """Log the time of the form; stops the running timer, whose start is used if the form has none."""
    person, posted = current_person(), request.form
    zone = ZoneInfo(person.timezone)
    span = read_span(posted, at=at, zone=zone)
    running = worklog.timer_of(person.id)
    started_at = span.started_at
    if running is not None and running.ticket_id == ticket.id:
        if not (posted.get("start") or posted.get("end")):
            started_at = min(running.started_at, at)
        worklog.drop_timer(person)
    entry = worklog.log_time(
        ticket,
        person=person,
        started_at=started_at,
        minutes=span.minutes,
        work_type=posted.get("work_type", "remote"),
        note=posted.get("note", ""),
        billable=bool(posted.get("billable")),
        at=at,
    )
    db.session.flush()
    for sentence in doubts(entry, at=at, zone=zone):
        flash(sentence, "amber")


def _start_timer(ticket: Ticket, at: datetime) -> None:
    worklog.start_timer(ticket, current_person(), at=at)


def _stop_timer(ticket: Ticket, at: datetime) -> None:
    worklog.drop_timer(current_person())


VERBS: dict[str, Verb] = {
    "take": _take,
    "assign": _assign,
    "set_priority": _set_priority,
    "set_status": _set_status,
    "set_contract": _set_contract,
    "resolve": _resolve,
    "reopen": _reopen,
}
# Not only people who work on tickets: an account manager chooses the contract that pays for the work.
MORE_RIGHTS: Mapping[str, tuple[str, ...]] = {"set_contract": ("change_contracts",)}
ADDITIONS: dict[str, Verb] = {
    "log_time": _log_time,
    "start_timer": _start_timer,
    "stop_timer": _stop_timer,
}


def _last_seen() -> UUID | None:
    return _message_id("confirmed_message_id") or _message_id("last_seen_message_id")


def _message_id(name: str) -> UUID | None:
    value = request.form.get(name, "")
    return _id(value, name) if value else None


def _id(value: str, name: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as wrong:
        raise Invalid(fields={name: ["required" if not value else "invalid"]}) from wrong
