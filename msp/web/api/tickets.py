"""Tickets: opened, read with their SLA targets, and changed through their verbs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request

from msp.clients.models import Client
from msp.clients.queries import access_client, client_with_person
from msp.contracts.models import Contract
from msp.contracts.queries import access_contract
from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid, NotFound, PreconditionFailed
from msp.people.actions import add_person
from msp.people.models import Person
from msp.people.queries import access_person, find_by_email
from msp.sla.explanation import explain_clocks
from msp.tickets import actions, api_queries, by_requester, opening, waking
from msp.tickets.follow_ups import check_may_reopen
from msp.tickets.models import EDITABLE, Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.spam import check_not_blocked
from msp.tickets.states import priority_of
from msp.tickets.survivors import access_surviving
from msp.tickets.taking import take_next
from msp.tickets.ticket_rows import CHOSEN, Filter
from msp.tickets.views.actions import access_view, definition_of
from msp.tickets.views.selecting import view_page
from msp.web.api.access import caller, check_own, is_allowed, is_own_only, require
from msp.web.api.pages import QUERY, bad_cursor, page, page_of, read_cursor, uuid_cursor, write_cursor
from msp.web.api.resource import Answer, resource, settled
from msp.web.api.ticket_shapes import (
    RequesterActionIn,
    RequesterActionOut,
    TicketChange,
    TicketIn,
    TicketOut,
    TicketQuery,
    listed,
    shown,
    wanted_tier,
)
from msp.web.validators import is_sent_version

blueprint = resource("tickets", tag="Tickets")


@blueprint.get("/tickets")
@blueprint.input(TicketQuery, **QUERY)
@blueprint.output(page_of(TicketOut, "Ticket"))
def list_tickets(query_data: dict[str, Any]) -> Answer:
    """Tickets, newest first or by due date; with an employee's token, their own."""
    if "view" in query_data:
        return _tickets_of_view(query_data)
    limit, assignee_id = query_data["limit"], query_data.get("assignee_id")
    chosen: dict[str, Any] = {part: (query_data[name],) for name, part in CHOSEN.items() if name in query_data}
    wanted = Filter(
        client_id=query_data.get("client_id"),
        statuses=query_data.get("status", ()),
        assignee_id=None if assignee_id == "none" else assignee_id,
        is_unassigned=assignee_id == "none",
        requester_id=_seen_requester(query_data.get("requester_id")),
        involved_id=caller().id if is_own_only() else None,
        **chosen,
        is_finished=None,
    )
    words = query_data.get("q")
    if query_data["order"] == "due":
        after = _due_cursor(query_data["cursor"])
        tickets = api_queries.due_tickets(wanted, words=words, after=after, limit=limit + 1)
        found = page(
            tickets, limit=limit, key=lambda each: [each.row.due_at and each.row.due_at.isoformat(), each.row.id]
        )
    else:
        last = uuid_cursor(query_data["cursor"])
        tickets = api_queries.newest_tickets(wanted, words=words, after=last, limit=limit + 1)
        found = page(tickets, limit=limit, key=lambda each: each.row.id)
    return found | {"items": [listed(each) for each in tickets[:limit]]}


@blueprint.post("/tickets")
@blueprint.input(TicketIn)
@blueprint.output(TicketOut, status_code=201)
def create_ticket(json_data: dict[str, Any]) -> Answer:
    """Open a ticket; its SLA targets start now.

    With a client token it is opened for the token's company, with its person as requester by default.
    """
    at = clock.now()
    check_not_blocked(caller(), at=at)
    client, requester = _who_asks(json_data, at=at)
    asked = opening.Request(
        body=json_data["body"],
        source=json_data["source"] if caller().is_staff else "api",
        priority=json_data.get("priority") or priority_of(json_data["impact"], json_data["urgency"]),
        **_details(json_data),
    )
    ticket, _ = opening.open_ticket(client, requester=requester, request=asked, at=at)
    _route(ticket, json_data, at=at)
    settled(ticket)
    return shown(ticket), 201, _headers(ticket) | {"Location": f"/api/v1/tickets/{ticket.id}"}


@blueprint.get("/tickets/<uuid:ticket_id>")
@blueprint.output(TicketOut)
def read_ticket(ticket_id: UUID) -> Answer:
    """One ticket, with explanations of its due dates. `ETag` is its version."""
    ticket = check_own(api_queries.read_ticket(ticket_id))
    if is_sent_version("If-None-Match", str(ticket.version)):
        return Response(status=304, headers=_headers(ticket))
    return shown(ticket, explain_clocks(ticket.clocks)), 200, _headers(ticket)


@blueprint.patch("/tickets/<uuid:ticket_id>")
@blueprint.input(TicketChange(partial=True))
@blueprint.output(TicketOut)
def change_ticket(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change a ticket, all or nothing. `If-Match` with an older version is refused with 412.

    For staff and admin tokens; a client token has `POST /tickets/{ticket_id}/requester-actions`.
    """
    ticket = check_own(access_ticket(ticket_id, lock=True))
    _require_change(json_data)
    if "If-Match" in request.headers and not is_sent_version("If-Match", str(ticket.version)):
        raise PreconditionFailed("version_is_older")
    at = clock.now()
    _route(ticket, json_data, at=at)
    if "contract_id" in json_data:
        actions.change_contract(ticket, _contract(json_data["contract_id"]), at=at)
    if "priority" in json_data:
        actions.change_priority(ticket, json_data["priority"], at=at)
    actions.edit(ticket, at=at, **_details(json_data))
    if "status" in json_data:
        actions.change_status(ticket, json_data["status"], at=at, scheduled_for=json_data.get("scheduled_for"))
    elif "scheduled_for" in json_data:
        waking.reschedule(ticket, json_data["scheduled_for"], at=at)
    settled(ticket)
    return shown(ticket), 200, _headers(ticket)


@blueprint.post("/tickets/take-next")
@blueprint.output(TicketOut)
def take_next_ticket() -> Answer:
    """Take the unassigned ticket that is due first, of your tier or below; without a due date, by priority.

    Two callers never get the same ticket. 409 `nothing_to_take` if there is none. For staff tokens.
    """
    require("work_tickets")
    return shown(settled(take_next(caller(), at=clock.now())))


@blueprint.post("/tickets/<uuid:ticket_id>/requester-actions")
@blueprint.input(RequesterActionIn)
@blueprint.output(RequesterActionOut)
def act_as_requester(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Say that it is solved or not, ask for a person, or make it more urgent; for client tokens, as in chat and portal.

    `confirm_solved` closes a resolved ticket; `reopen` opens a resolved or closed one; `ask_for_person` notifies the
    team, at most every 15 minutes; `make_more_urgent` raises the priority by one, once. `is_changed` is false where
    the action changed nothing.
    """
    ticket = check_own(access_surviving(check_own(access_ticket(ticket_id)).id))
    if json_data["action"] == "reopen":
        check_may_reopen(ticket, at=clock.now())
    is_changed = by_requester.ACTIONS[json_data["action"]](ticket, caller(), at=clock.now())
    settled(ticket)
    return {"is_changed": is_changed, "ticket": shown(ticket)}, 200, _headers(ticket)


def _tickets_of_view(query_data: dict[str, Any]) -> Answer:
    """A page of a saved view; other filters cannot be combined with it."""
    require("desk")
    if combined := query_data.keys() - {"view", "limit", "cursor", "order"}:
        raise Invalid(fields={name: ["not_with_view"] for name in combined})
    view = access_view(query_data["view"], caller())
    try:
        found = view_page(
            definition_of(view),
            person=caller(),
            at=clock.now(),
            after=read_cursor(query_data["cursor"]),
            limit=query_data["limit"],
        )
    except NotFound as wrong:
        raise bad_cursor() from wrong
    items = [listed(each) for each in api_queries.listed_tickets(found.rows)]
    return {"items": items, "next_cursor": write_cursor(found.next_key) if found.next_key else None}


def _details(json_data: dict[str, Any]) -> dict[str, Any]:
    return {name: json_data[name] for name in EDITABLE if name in json_data}


def _seen_requester(requester_id: UUID | None) -> UUID | None:
    if not is_own_only():
        return requester_id
    if requester_id not in (None, caller().id):
        raise Denied("not_allowed")
    return requester_id


def _who_asks(data: dict[str, Any], *, at: datetime) -> tuple[Client, Person]:
    """The company and the person: somebody new where staff names an address that the company does not have yet."""
    client_id: UUID | None = data.get("client_id", caller().client_id)
    if client_id is None:
        raise Invalid(fields={"client_id": ["required"]})
    who = data.get("requester") or {"id": data.get("requester_id", None if caller().is_staff else caller().id)}
    if not any(who.values()):
        raise Invalid(fields={"requester": ["required"]})
    if "id" in who:
        client, found = client_with_person(client_id, who["id"])
    else:
        client = access_client(client_id)
        found = find_by_email(who["email"], client_id=client.id)
        if found is None and caller().is_staff:
            found = _new_requester(client, who, at=at)
    return client, _checked_requester(client, found)


def _checked_requester(client: Client, person: Person | None) -> Person:
    if person is None:
        raise Invalid(fields={"requester": ["unknown"]})
    if person.client_id != client.id:
        raise Invalid(fields={"requester": ["not_of_client"]})
    if not caller().is_staff and person.id != caller().id and not is_allowed("see_company"):
        raise Denied("not_allowed")
    return person


def _new_requester(client: Client, who: dict[str, str], *, at: datetime) -> Person:
    return settled(
        add_person(
            client_id=client.id,
            name=who.get("name") or who["email"].partition("@")[0],
            email=who["email"],
            role="client_employee",
            locale=client.locale,
            timezone=client.timezone,
            at=at,
        )
    )


def _route(ticket: Ticket, data: dict[str, Any], *, at: datetime) -> None:
    """Tier first: another queue takes the ticket out of its assignee's hands."""
    tier = wanted_tier(data)
    if not caller().is_staff and (tier is not None or data.get("assignee_id")):
        raise Denied("not_allowed")
    if tier is not None:
        actions.change_tier(ticket, tier, at=at)
    if "assignee_id" in data:
        assignee = _person(data["assignee_id"]) if data["assignee_id"] else None
        if assignee is None and data["assignee_id"]:
            raise Invalid(fields={"assignee_id": ["unknown"]})
        actions.assign(ticket, assignee, at=at)


def _person(person_id: object) -> Person | None:
    try:
        return access_person(UUID(str(person_id)))
    except NotFound:
        return None


def _contract(contract_id: UUID | None) -> Contract | None:
    try:
        return access_contract(contract_id) if contract_id else None
    except NotFound as wrong:
        raise Invalid(fields={"contract_id": ["unknown"]}) from wrong


def _require_change(data: dict[str, Any]) -> None:
    if caller().is_staff:
        # Which contract pays for the work is also the account manager's to say.
        require("work_tickets", *(("change_contracts",) if data.keys() == {"contract_id"} else ()))
    else:
        raise Denied("not_allowed")


def _due_cursor(cursor: str | None) -> api_queries.Due | None:
    if cursor is None:
        return None
    try:
        due_at, ticket_id = read_cursor(cursor)
        return due_at and datetime.fromisoformat(due_at), UUID(ticket_id)
    except (ValueError, TypeError, AttributeError) as wrong:
        raise bad_cursor() from wrong


def _headers(ticket: Ticket) -> dict[str, str]:
    return {"ETag": f'"{ticket.version}"'}
