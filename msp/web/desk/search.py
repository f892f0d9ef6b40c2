"""Search of the console and command palette, and the page of a person."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets import queries
from msp.tickets.finished import count_of
from msp.tickets.search import search as find
from msp.tickets.ticket_rows import Filter
from msp.web.desk.macros import macro_items
from msp.web.guards import needs
from msp.web.parts.found import group, named_item, ticket_item
from msp.web.shell import shell

OPEN_SHOWN, FINISHED_SHOWN = 100, 50
MORE, MOST_STEPS = 500, 20


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    blueprint.add_url_rule("/search", "search", needs("desk")(search))
    blueprint.add_url_rule("/people/<uuid:person_id>", "person", needs("desk")(person))


def search() -> str | Response:
    """Search results; a ticket number with one match redirects to the ticket."""
    words = request.args.get("q", "").strip()
    results = find(words)
    if results.exact and "HX-Request" not in request.headers:
        return redirect(url_for("desk.ticket", label=results.exact.label))
    groups = [
        *group(gettext("Macros"), macro_items(words)),
        *group(gettext("Tickets"), (ticket_item(hit, _ticket_url) for hit in results.tickets)),
        *group(gettext("Clients"), map(_client, results.clients)),
        *group(gettext("People"), map(_person, results.people)),
    ]
    if request.headers.get("HX-Target", "").endswith("palette-list"):  # search as you type: the list only
        return render_template("parts/_found.html", groups=groups)
    return render_template("desk/search.html", shell=shell(current="search"), q=words, groups=groups)


def person(person_id: UUID) -> str:
    """A person: contact details and tickets (for staff, those assigned to them)."""
    who = access_person(person_id)
    return render_template(
        "desk/person.html",
        shell=shell(current=""),
        person=who,
        client=access_client(who.client_id) if who.client_id else None,
        lists=[
            _tickets(who, gettext("Open tickets"), is_finished=False, limit=OPEN_SHOWN),
            _tickets(who, gettext("Resolved tickets"), is_finished=True, limit=FINISHED_SHOWN),
        ],
    )


def _tickets(who: Person, title: str, *, is_finished: bool, limit: int) -> dict[str, object]:
    """The newest tickets with the total, and the URL of the full list if it is longer."""
    wanted = Filter(assignee_id=who.id) if who.client_id is None else Filter(requester_id=who.id)
    wanted = replace(wanted, is_finished=is_finished)
    asked = request.args.get("all", "")
    limit += MORE * min(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0, MOST_STEPS)
    rows = queries.rows(wanted, order="newest", limit=limit + 1)
    is_cut = len(rows) > limit
    step = str((limit - (FINISHED_SHOWN if is_finished else OPEN_SHOWN)) // MORE + 1)
    return {
        "title": title,
        "tickets": rows[:limit],
        "count": count_of(wanted) if is_cut else len(rows),
        "more_url": url_for("desk.person", person_id=who.id, all=step) if is_cut else None,
    }


def _ticket_url(label: str) -> str:
    return url_for("desk.ticket", label=label)


def _client(client: Client) -> dict[str, object]:
    url = url_for("desk.queue", view="team", client=client.id)
    return named_item(url, "building-2", client.name, label=client.code, note=client.sector or "")


def _person(found: Person) -> dict[str, object]:
    url = url_for("desk.person", person_id=found.id)
    return named_item(url, "user-round", found.name, note=found.email or "")
