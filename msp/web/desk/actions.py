"""What the console does to a ticket: plain POST forms, each a verb, then back to the page."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from msp.contracts.queries import access_contract
from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.people.queries import access_person
from msp.tickets import actions
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_by_label
from msp.web import undo
from msp.web.guards import check_version, is_first_time, needs
from msp.web.request_scope import current_person
from msp.worklog import actions as worklog

Verb = Callable[[Ticket, datetime], object]


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these forms."""
    for name, verb in VERBS.items():
        view = needs("work_tickets")(_form(verb))
        blueprint.add_url_rule(f"/tickets/<label>/{name.replace('_', '-')}", name, view, methods=["POST"])
    for name, verb in ADDITIONS.items():
        view = needs("work_tickets")(_form(verb, is_guarded=False))
        blueprint.add_url_rule(f"/tickets/<label>/{name.replace('_', '-')}", name, view, methods=["POST"])
    guard = needs("work_tickets")
    blueprint.add_url_rule("/time/<uuid:entry_id>/delete", "delete_time", guard(delete_time), methods=["POST"])
    blueprint.add_url_rule("/messages/<uuid:message_id>/retry", "retry", guard(retry), methods=["POST"])


def delete_time(entry_id: UUID) -> Response:
    """Take a time entry back."""
    entry = worklog.access_entry(entry_id)
    ticket = actions.access_ticket(entry.ticket_id)
    worklog.delete_time(entry, at=clock.now())
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


def retry(message_id: UUID) -> Response:
    """Send an answer again that did not get through: a new delivery of the same message."""
    message = db.session.get(Message, message_id)
    if message is None or message.delivery_state != "failed":
        raise Invalid(fields={"message_id": ["not_failed"]})
    ticket = actions.access_ticket(message.ticket_id)
    actions.send_again(ticket, message, at=clock.now())
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


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
        actions.change_status(ticket, status, at=at)


def _escalate(ticket: Ticket, at: datetime) -> None:
    undo.ask(ticket, "escalate", at=at)


def _resolve(ticket: Ticket, at: datetime) -> None:
    undo.ask(ticket, "resolve", at=at)


def _reopen(ticket: Ticket, at: datetime) -> None:
    actions.change_status(ticket, "open", at=at)


def _reply(ticket: Ticket, at: datetime) -> None:
    body, person = request.form.get("body", ""), current_person()
    if request.form.get("visibility") == "internal":
        actions.note(ticket, author=person, body=body, at=at)
        return
    actions.reply(ticket, author=person, body=body, at=at)
    if ticket.assignee_id is None:
        actions.assign(ticket, person, at=at)
    then = request.form.get("then", "")
    if then and ticket.status != then:
        actions.change_status(ticket, then, at=at)


def _log_time(ticket: Ticket, at: datetime) -> None:
    person = current_person()
    running = worklog.timer_of(person.id)
    minutes = _minutes(request.form.get("minutes", ""))
    started_at = _started(request.form.get("on", ""), minutes, at=at, zone=ZoneInfo(person.timezone))
    if running is not None and running.ticket_id == ticket.id:
        started_at = min(running.started_at, at)
        worklog.drop_timer(person)
    worklog.log_time(
        ticket,
        person=person,
        started_at=started_at,
        minutes=minutes,
        work_type=request.form.get("work_type", "remote"),
        note=request.form.get("note", ""),
        billable=bool(request.form.get("billable")),
        at=at,
    )


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
    "escalate": _escalate,
    "resolve": _resolve,
    "reopen": _reopen,
}
ADDITIONS: dict[str, Verb] = {
    "reply": _reply,
    "log_time": _log_time,
    "start_timer": _start_timer,
    "stop_timer": _stop_timer,
}


def _id(value: str, name: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as wrong:
        raise Invalid(fields={name: ["required" if not value else "invalid"]}) from wrong


def _minutes(value: str) -> int:
    if not value.isdecimal():
        raise Invalid(fields={"minutes": ["invalid"]})
    if len(value) > 4:
        raise Invalid(fields={"minutes": ["out_of_range"]})
    return int(value)


def _started(on: str, minutes: int, *, at: datetime, zone: ZoneInfo) -> datetime:
    """Work of today ended now; work of another day is put at nine in the morning of the technician's zone."""
    try:
        day = date.fromisoformat(on) if on else at.astimezone(zone).date()
    except ValueError as wrong:
        raise Invalid(fields={"on": ["invalid"]}) from wrong
    if day == at.astimezone(zone).date():
        return at.replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    try:
        return datetime.combine(day, time(9), zone).astimezone(at.tzinfo)
    except OverflowError as wrong:  # the first and last day that a date can be
        raise Invalid(fields={"on": ["invalid"]}) from wrong
