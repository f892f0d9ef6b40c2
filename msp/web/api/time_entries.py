"""Time that was worked on tickets."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.contracts.models import WORK_TYPES
from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets.queries import access_ticket
from msp.web.api.access import caller, is_allowed, require
from msp.web.api.fields import Flag, Instant, Schema, Shown, TextField, Whole, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled
from msp.worklog.actions import MAX_MINUTES, access_entry, delete_time, edit_time, log_time, owns_time
from msp.worklog.models import TimeEntry
from msp.worklog.queries import entries_page

blueprint = resource("time-entries", tag="Time entries")


class TimeEntryChange(Schema):
    """Corrections of a time entry that is not billed yet."""

    started_at = Instant()
    minutes = Whole(least=1, most=MAX_MINUTES)
    work_type = one_of(WORK_TYPES)
    billable = Flag()
    note = TextField(longest=2000)


class TimeEntryIn(Schema):
    """Work on a ticket, in whole minutes from its start; your own, unless an administrator names another person."""

    person_id = fields.UUID()
    started_at = Instant(required=True)
    minutes = Whole(least=1, most=MAX_MINUTES, required=True)
    work_type = one_of(WORK_TYPES, load_default="remote")
    billable = Flag(load_default=True)
    note = TextField(longest=2000, load_default="")


class TimeEntryOut(Shown):
    """A time entry; billed entries cannot be changed."""

    id = fields.UUID()
    ticket_id = fields.UUID()
    client_id = fields.UUID()
    person_id = fields.UUID()
    started_at = Instant()
    minutes = fields.Integer()
    work_type = fields.String()
    billable = fields.Boolean()
    note = fields.String()
    state = fields.String(metadata={"description": "draft, approved or billed"})
    created_at = Instant()


@blueprint.get("/tickets/<uuid:ticket_id>/time-entries")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(TimeEntryOut, "TimeEntry"))
def list_time_entries(ticket_id: UUID, query_data: dict[str, Any]) -> Answer:
    """The time entries of a ticket in the order in which they were logged."""
    ticket = access_ticket(ticket_id)
    require("desk", "see_company")
    limit = query_data["limit"]
    rows = entries_page(ticket.id, after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page(rows, limit=limit, key=lambda entry: entry.id)


@blueprint.post("/tickets/<uuid:ticket_id>/time-entries")
@blueprint.input(TimeEntryIn)
@blueprint.output(TimeEntryOut, status_code=201)
def create_time_entry(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Log time."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    person = _worker(json_data.pop("person_id", caller().id))
    return settled(log_time(ticket, person=person, **json_data, at=clock.now()))


@blueprint.patch("/time-entries/<uuid:entry_id>")
@blueprint.input(TimeEntryChange(partial=True))
@blueprint.output(TimeEntryOut)
def change_time_entry(entry_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Correct a time entry of your own; administrators, any."""
    entry = _own_entry(entry_id)
    edit_time(entry, at=clock.now(), **json_data)
    return settled(entry)


@blueprint.delete("/time-entries/<uuid:entry_id>")
@blueprint.output({}, status_code=204)
def delete_time_entry(entry_id: UUID) -> Answer:
    """Delete a time entry of your own; administrators, any."""
    delete_time(_own_entry(entry_id), at=clock.now())
    return ""


def _own_entry(entry_id: UUID) -> TimeEntry:
    entry = access_entry(entry_id)
    require("work_tickets")
    _check_owner(entry.person_id)
    return entry


def _check_owner(worker_id: UUID) -> None:
    if not owns_time(worker_id, by_id=caller().id, is_administrator=is_allowed("administer")):
        raise Denied("not_allowed")


def _worker(person_id: UUID) -> Person:
    if person_id == caller().id:
        return caller()
    _check_owner(person_id)
    try:
        person = access_person(person_id)
    except NotFound as unknown:
        raise Invalid(fields={"person_id": ["unknown"]}) from unknown
    if not person.is_staff:
        raise Invalid(fields={"person_id": ["not_staff"]})
    return person
