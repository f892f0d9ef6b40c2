"""Pages of the portal: ticket list, new ticket, polling."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from msp.clients.queries import access_client
from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.people.access import may
from msp.people.models import Person
from msp.people.queries import access_person, people_of
from msp.tickets import opening, queries
from msp.tickets.attaching import attach_files
from msp.tickets.finished import finished_page, key_of
from msp.tickets.opening import Request
from msp.tickets.reading import tickets_with_new_reply
from msp.tickets.spam import check_not_blocked
from msp.tickets.states import FINISHED, priority_of
from msp.tickets.subject import subject_of
from msp.tickets.ticket_rows import Filter, TicketRow
from msp.tickets.upload_quota import bytes_left_now
from msp.web.guards import Answer, is_first_time, needs
from msp.web.portal.frame import Tab, add_tab, client_of, frame, portal_news
from msp.web.request_scope import background, current_person
from msp.web.uploads import sent_files
from msp.words import formats
from msp.words.refusals import field_messages

SHOWN = 500  # open tickets: more than any company has
SOLVED_SHOWN = 30
_URGENCY_ORDER = {"waiting_client": 0}


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("portal")
    blueprint.add_url_rule("/", "tickets", guard(tickets))
    blueprint.add_url_rule("/new", "new", guard(new))
    blueprint.add_url_rule("/new", "create", guard(create), methods=["POST"])
    blueprint.add_url_rule("/live", "live", guard(live))
    add_tab(Tab(lazy_gettext("Tickets"), "portal.tickets", "portal"))


def tickets() -> str:
    """Own tickets, those that need an answer first; a manager sees all of the company's."""
    person = current_person()
    requester_id = None if may(person, "see_company") else person.id
    version = portal_news("").version
    found, newer_url, older_url = _rows(Filter(involved_id=requester_id))
    unread = tickets_with_new_reply(person, [each.id for each in found])
    return render_template(
        "portal/tickets.html",
        portal=frame(current="portal.tickets", live_url=url_for("portal.live"), live_version=version),
        tickets=[
            {
                "ticket": each,
                "url": url_for("portal.ticket", label=each.label),
                "state": each.status,
                "line": _line(each),
                "has_new_reply": each.id in unread,
            }
            for each in found
        ],
        show_requester=requester_id is None,
        balance=None,
        before_url=newer_url,
        after_url=older_url,
    )


def _rows(wanted: Filter) -> tuple[list[TicketRow], str | None, str | None]:
    """Open tickets and one page of finished ones, with the URLs of the neighbouring pages."""
    before, after = (key_of(text) if (text := request.args.get(name, "")) else None for name in ("before", "after"))
    finished = finished_page(wanted, before=before, after=after, limit=SOLVED_SHOWN)
    found: list[TicketRow] = []
    if finished.newer is None:
        found = queries.rows(wanted, order="newest", limit=SHOWN)
        found.sort(key=lambda each: _URGENCY_ORDER.get(each.status, 1))
    newer, older = finished.newer, finished.older
    return (
        [*found, *finished.rows],
        url_for("portal.tickets", after=str(newer)) if newer else None,
        url_for("portal.tickets", before=str(older)) if older else None,
    )


def new() -> str:
    """The form for a new ticket."""
    return _form(request.args.to_dict(), {})


def create() -> Answer:
    """Create a ticket; redisplays the form with errors if fields are refused."""
    person, values, at = current_person(), request.form.to_dict(), clock.now()
    check_not_blocked(person, at=at)
    try:
        body = values.get("body", "").strip()
        if not body:
            raise Invalid(fields={"body": ["required"]})
        urgency = values.get("urgency", "medium")
        wanted = Request(
            subject=values.get("subject", "").strip() or subject_of(body),
            body=body,
            source="portal",
            type=values.get("type", "incident"),
            urgency=urgency,
            priority=priority_of("medium", urgency) if urgency in ("low", "medium", "high") else "normal",
        )
        if not is_first_time():
            return redirect(url_for("portal.tickets"), 303)
        client = access_client(client_of(person))
        requester = _requester(person, values)
        ticket, message = opening.open_ticket(client, requester=requester, request=wanted, at=at)
        attach_files(message, sent_files(), at=at)
    except Invalid as wrong:
        db.session.rollback()
        return _form(values, wrong.fields), 422
    return redirect(url_for("portal.ticket", label=ticket.label), 303)


@background
def live() -> Response:
    """204 while nothing changed since `since`."""
    since = request.args.get("since", "")
    news = portal_news(since)
    if news.version == since:
        return Response(status=204)
    return jsonify(version=news.version, tickets=news.tickets, notifications=0)


def _requester(person: Person, values: dict[str, str]) -> Person:
    """The person signed in; a manager may choose somebody of the company."""
    chosen = values.get("requester_id", "")
    if not chosen or chosen == str(person.id) or not may(person, "see_company"):
        return access_person(person.id)
    try:
        other = access_person(UUID(chosen))
    except ValueError as wrong:
        raise Invalid(fields={"requester_id": ["invalid"]}) from wrong
    if other.client_id != person.client_id:
        raise Invalid(fields={"requester_id": ["not_of_client"]})
    return other


def _form(values: dict[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    person = current_person()
    others = people_of(client_of(person)) if may(person, "see_company") else []
    return render_template(
        "portal/new.html",
        portal=frame(current="portal.new"),
        values=values if values.get("requester_id") else values | {"requester_id": str(person.id)},
        errors=field_messages(errors),
        requesters=[(each.id, each.name) for each in others],
        bytes_left=bytes_left_now(client_of(person), person.id, at=clock.now()),
    )


def _line(ticket: TicketRow) -> str:
    who = ticket.assignee_name if ticket.assignee_name else gettext("the team")
    if ticket.status in FINISHED:
        return f"{who} · {formats.moment(ticket.resolved_at or ticket.updated_at)}"
    if ticket.due_at is None:
        return who
    return gettext("%(who)s · due %(due)s", who=who, due=formats.moment(ticket.due_at))
