"""Search of tickets, people and companies for console, palette, portal and API."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from msp.clients.models import Client
from msp.kernel.batch_read import SingleQuery
from msp.kernel.collation import by_name
from msp.kernel.db import current_scope, db
from msp.people.models import Person
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.tickets.search.excerpts import Excerpt, excerpts
from msp.tickets.search.marking import Piece, marked
from msp.tickets.search.names import NameMatch, name_matches, with_names_alike
from msp.tickets.search.words import ParsedQuery, is_number, is_ticket_word, parse_query
from msp.tickets.ticket_rows import TicketRow, select_tickets

FOUND, MOST_FOUND = 20, 100
NAMED = 5
CANDIDATES = 200  # the best of the newest matching tickets are shown


class Hit(NamedTuple):
    """A found ticket: its subject with matches marked, and the text that shows why."""

    row: TicketRow
    subject: list[Piece]
    excerpt: Excerpt


class Results(NamedTuple):
    """Search results, best first; `exact` is the only ticket with the number that was typed."""

    tickets: Sequence[Hit] = ()
    clients: Sequence[Client] = ()
    people: Sequence[Person] = ()
    exact: TicketRow | None = None


_best_of = func.search_tickets(
    cast(bindparam("terms", type_=Text), JSONB),
    bindparam("requester_id", type_=Uuid),
    bindparam("most", type_=Integer),
).table_valued(column("found_id", Uuid), "rank")
_best = (
    select(_best_of.c.found_id, _best_of.c.rank)
    .order_by(_best_of.c.rank.desc(), _best_of.c.found_id.desc())
    .limit(bindparam("limit", type_=Integer))
    .subquery("best")
)
_RANKED = {
    is_client: SingleQuery(
        TicketRow,
        select_tickets(is_client=is_client)
        .join(_best, _best.c.found_id == Ticket.id)
        .order_by(_best.c.rank.desc(), Ticket.id.desc()),
    )
    for is_client in (False, True)
}

_labels = (
    func.unnest(bindparam("codes", type_=ARRAY(Text)), bindparam("numbers", type_=ARRAY(Integer)))
    .table_valued(column("code", Text), column("number", Integer), name="label")
    .render_derived()
)
_NUMBERED = {
    is_client: SingleQuery(
        TicketRow,
        select_tickets(is_client=is_client)
        .join(_labels, and_(_labels.c.number == Ticket.number, _labels.c.code.in_((Client.code, ""))))
        .where(func.coalesce(bindparam("requester_id", type_=Uuid), Ticket.requester_id) == Ticket.requester_id)
        .order_by(Ticket.id.desc())
        .limit(literal_column(str(MOST_FOUND))),
    )
    for is_client in (False, True)
}


def search(words: str, *, requester_id: UUID | None = None, has_names: bool = True, limit: int = FOUND) -> Results:
    """Tickets by number, words and names, optionally with people and companies, or of one requester only.

    Results are limited to the scope: a client's person finds no notes and nothing of another company.
    """
    asked, meant, numbered, found = _find(parse_query(words), requester_id=requester_id, limit=limit)
    rows = _unique([*numbered, *found])[:limit]
    forms = [form for each in meant for form in each.forms]
    reasons = excerpts(rows, forms)
    return Results(
        [Hit(row, marked(row.subject, forms), reasons[row.id]) for row in rows],
        _clients(meant) if has_names else (),
        _people(meant) if has_names else (),
        numbered[0] if len(numbered) == 1 and (len(rows) == 1 or asked.names_client) else None,
    )


def says(words: str, *, requester_id: UUID | None = None) -> ColumnElement[bool]:
    """The condition that a ticket is among those that `search` finds for these words."""
    asked, meant, _numbered, _found = _find(parse_query(words), requester_id=requester_id, limit=1)
    if not meant and not asked.labels:
        return false()
    terms, requester = cast(literal(_json(meant)), JSONB), cast(literal(requester_id), Uuid)
    every = func.search_tickets(terms, requester, null()).table_valued(column("found_id", Uuid))
    return or_(Ticket.id.in_(select(every.c.found_id)), _has_label(asked))


def _find(
    asked: ParsedQuery, *, requester_id: UUID | None, limit: int
) -> tuple[ParsedQuery, list[NameMatch], list[TicketRow], list[TicketRow]]:
    """The meaning of the terms, tickets by number, and tickets by words; similar names only without exact ones."""
    meant = name_matches(asked)
    asked = replace(asked, labels=asked.labels | _labels_of_named(asked, meant))
    asked, numbered = _numbered(asked, requester_id=requester_id)
    found = _ranked(meant, requester_id=requester_id, limit=limit)
    if not numbered and not found and meant:
        meant = with_names_alike(meant)
        found = _ranked(meant, requester_id=requester_id, limit=limit)
    return asked, meant, numbered, found


def _labels_of_named(asked: ParsedQuery, meant: Sequence[NameMatch]) -> set[tuple[str | None, int]]:
    """The tickets given by a number after a company's name: «Ferretería Lozano 46»."""
    names = [each for each in meant if not is_number(each.term) and not is_ticket_word(each.term)]
    if asked.number is None or not names:
        return set()
    ids = set.intersection(*(set(each.clients) for each in names))
    query = select(Client.code).where(Client.id.in_(ids)).limit(NAMED)
    return {(code, asked.number) for code in db.session.scalars(query)} if ids else set()


def _ranked(meant: Sequence[NameMatch], *, requester_id: UUID | None, limit: int) -> list[TicketRow]:
    if not meant:
        return []
    query = _RANKED[current_scope().is_client]
    return query.rows(terms=_json(meant), requester_id=requester_id, most=max(CANDIDATES, limit), limit=limit)


def _numbered(asked: ParsedQuery, *, requester_id: UUID | None) -> tuple[ParsedQuery, list[TicketRow]]:
    """Tickets with these numbers; if a client code was given and matches, only those."""
    if not asked.labels:
        return asked, []
    codes, numbers = zip(*((code or "", number) for code, number in asked.labels), strict=True)
    query = _NUMBERED[current_scope().is_client]
    rows = _unique(query.rows(codes=list(codes), numbers=list(numbers), requester_id=requester_id))
    named = {str(Label(code, number)) for code, number in asked.labels if code}
    if coded := [row for row in rows if row.label in named]:
        return replace(asked, labels=frozenset(label for label in asked.labels if label[0])), coded
    return asked, rows


def _unique(rows: Iterable[TicketRow]) -> list[TicketRow]:
    return list({row.id: row for row in rows}.values())


def _has_label(asked: ParsedQuery) -> ColumnElement[bool]:
    """The condition that the ticket has one of the numbers; of that client, if one was named."""
    conditions = []
    for code, number in sorted(asked.labels, key=str):
        client = select(Client.id).where(Client.code == code).scalar_subquery()
        named = Ticket.client_id == client if code else Ticket.client_id.in_(select(Client.id))
        conditions.append(and_(named, Ticket.number == number))
    return or_(false(), *conditions)


def _clients(meant: Sequence[NameMatch]) -> list[Client]:
    """Active companies that match every term."""
    ids = set.intersection(*(set(each.clients) for each in meant)) if meant else set()
    query = select(Client).where(Client.id.in_(ids), Client.active)
    return list(db.session.scalars(query.order_by(by_name(Client.name), Client.id).limit(NAMED))) if ids else []


def _people(meant: Sequence[NameMatch]) -> list[Person]:
    """Active people who match every term: by their name, or partly by that of their company."""
    known = {person: client for each in meant for person, client in each.people.items()}
    ids = [
        person
        for person, client in known.items()
        if all(person in each.people or client in each.clients for each in meant)
    ]
    query = select(Person).where(Person.id.in_(ids), Person.active)
    return list(db.session.scalars(query.order_by(by_name(Person.name), Person.id).limit(NAMED))) if ids else []


def _json(meant: Iterable[NameMatch]) -> str:
    return json.dumps([each.to_json() for each in meant])
