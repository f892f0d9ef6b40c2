"""Staff create a ticket for a caller or visitor, and a contact if the caller is unknown."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for

from msp.clients.queries import access_client, all_clients
from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid
from msp.people.queries import people_of
from msp.tickets import opening
from msp.tickets.attaching import attach_files
from msp.tickets.callers import Caller, person_calling
from msp.tickets.opening import Request
from msp.tickets.states import PRIORITIES
from msp.tickets.upload_quota import PERSON_BYTES
from msp.web.guards import Answer, is_first_time, needs
from msp.web.shell import shell
from msp.web.uploads import sent_files
from msp.words.refusals import field_messages


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/new", "new_ticket", guard(new_ticket))
    blueprint.add_url_rule("/new", "create", guard(create), methods=["POST"])


def new_ticket() -> str:
    """The form; lists the people of the selected client."""
    return _form(request.args.to_dict(), {})


def create() -> Answer:
    """Create the ticket and, if needed, the contact; redisplays the form with errors if fields are refused."""
    values, at = request.form.to_dict(), clock.now()
    if "show_people" in values:  # the button next to the client select, for pages without script
        return _form(values, {})
    try:
        wanted = _wanted(values)
        client = access_client(_id(values.get("client_id", ""), "client_id"))
        if not is_first_time():
            return redirect(url_for("desk.queue", view="team"), 303)
        requester = person_calling(client, _caller(values), at=at)
        ticket, message = opening.open_ticket(client, requester=requester, request=wanted, at=at)
        attach_files(message, sent_files(), at=at)
        db.session.flush()
    except Invalid as wrong:
        db.session.rollback()
        return _form(values, wrong.fields), 422
    except Conflict as wrong:
        db.session.rollback()
        return _form(values, {"client_id": [wrong.code]}), 409
    return redirect(url_for("desk.ticket", label=ticket.label), 303)


def _wanted(values: Mapping[str, str]) -> Request:
    return Request(
        subject=values.get("subject", ""),
        body=values.get("body", ""),
        source=values.get("source", "phone"),
        type=values.get("type", "incident"),
        priority=values.get("priority", "normal"),
    )


def _caller(values: Mapping[str, str]) -> Caller:
    chosen = values.get("requester_id", "")
    return Caller(
        person_id=_id(chosen, "requester_id") if chosen else None,
        name=values.get("requester_name", ""),
        email=values.get("requester_email", ""),
        phone=values.get("requester_phone", ""),
    )


def _form(values: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    try:
        chosen = _id(values.get("client_id", ""), "client_id")
    except Invalid:
        chosen = None
    return render_template(
        "desk/new.html",
        shell=shell(current="new"),
        values=values,
        errors=field_messages(errors),
        clients=[(client.id, client.name) for client in all_clients()],
        requesters=[(person.id, person.name) for person in people_of(chosen)] if chosen else [],
        priorities=PRIORITIES,
        bytes_left=PERSON_BYTES,
    )


def _id(value: str, name: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as wrong:
        raise Invalid(fields={name: ["required" if not value else "invalid"]}) from wrong
