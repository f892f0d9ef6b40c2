"""Search from the rail and the palette: tickets by number and words, clients and people by name."""

from typing import TypeVar

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from msp.clients.models import Client
from msp.kernel.db import db
from msp.people.models import Person
from msp.tickets import queries
from msp.tickets.queries import TicketLine
from msp.web.guards import needs
from msp.web.shell import shell

FEW = 5
Named = TypeVar("Named", Client, Person)


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/search", "search", needs("desk")(search))


def search() -> str | Response:
    """What fits the words; an exact ticket number goes straight to its ticket."""
    words = request.args.get("q", "").strip()[:100]
    tickets = queries.search(words)
    if tickets and tickets[0].label == words.upper() and "HX-Request" not in request.headers:
        return redirect(url_for("desk.ticket", label=tickets[0].label))
    groups = (
        (gettext("Tickets"), [_ticket(line) for line in tickets]),
        (gettext("Clients"), [_client(client) for client in _named(Client, words)]),
        (gettext("People"), [_person(person) for person in _named(Person, words)]),
    )
    return render_template(
        "desk/search.html",
        shell=shell(current="search"),
        q=words,
        groups=[{"title": title, "items": items} for title, items in groups if items],
    )


def _ticket(line: TicketLine) -> dict[str, str]:
    url = url_for("desk.ticket", label=line.label)
    return {"url": url, "icon": "inbox", "label": line.label, "text": line.subject, "note": line.client.name}


def _client(client: Client) -> dict[str, str]:
    url = url_for("desk.queue", view="team", client=client.id)
    return {"url": url, "icon": "building-2", "label": client.code, "text": client.name, "note": client.sector or ""}


def _person(person: Person) -> dict[str, str]:
    url = url_for("desk.search", q=person.email or person.name)
    return {"url": url, "icon": "user-round", "label": "", "text": person.name, "note": person.email or ""}


def _named(model: type[Named], words: str) -> list[Named]:
    if len(words) < 2:
        return []
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    query = select(model).where(model.name.ilike(pattern), model.active).order_by(model.name).limit(FEW)
    return list(db.session.scalars(query))
