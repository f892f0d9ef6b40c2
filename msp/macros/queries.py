"""The macros that a person sees, for pages, API and the picker of a ticket."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.macros.models import Macro
from msp.people.models import Person
from msp.tickets.models import Ticket

_LOADED = (joinedload(Macro.client), joinedload(Macro.assignee))
_ORDER = (Macro.owner_id.is_(None), Macro.client_id.is_(None), by_name(Macro.name), Macro.id)


def macros_for(ticket: Ticket, person: Person) -> Sequence[Macro]:
    """The active macros that a person can apply to a ticket: their own, then the client's, then the team's, by name."""
    query = select(Macro).options(*_LOADED).where(Macro.active, _is_offered(ticket, person))
    return db.session.scalars(query.order_by(*_ORDER)).all()


def access_macro_for(ticket: Ticket, person: Person, macro_id: UUID) -> Macro:
    """A macro that a person can apply to a ticket; raises NotFound."""
    query = select(Macro).where(Macro.id == macro_id, Macro.active, _is_offered(ticket, person))
    macro = db.session.scalars(query.options(*_LOADED)).one_or_none()
    if macro is None:
        raise NotFound("macro")
    return macro


def access_macro(person: Person, macro_id: UUID) -> Macro:
    """A macro that a person can see: their own, and those of the team and of clients; raises NotFound."""
    query = select(Macro).where(Macro.id == macro_id, _is_visible(person)).options(*_LOADED)
    macro = db.session.scalars(query).one_or_none()
    if macro is None:
        raise NotFound("macro")
    return macro


def personal_macros(person: Person) -> Sequence[Macro]:
    """A person's own macros by name, active ones first."""
    query = select(Macro).options(*_LOADED).where(Macro.owner_id == person.id)
    return db.session.scalars(query.order_by(Macro.active.desc(), by_name(Macro.name), Macro.id)).all()


def shared_macros() -> Sequence[Macro]:
    """The macros of the team and of clients, active ones first: the team's, then by client, then by name."""
    query = select(Macro).options(*_LOADED).where(Macro.owner_id.is_(None))
    order = (Macro.active.desc(), Macro.client_id.is_not(None), Macro.client_id, by_name(Macro.name), Macro.id)
    return db.session.scalars(query.order_by(*order)).all()


def macros_page(person: Person, *, after: UUID | None, limit: int) -> Sequence[Macro]:
    """The macros that a person can see, in the order of their ids, from the one after `after`."""
    query = select(Macro).options(*_LOADED).where(_is_visible(person))
    if after is not None:
        query = query.where(Macro.id > after)
    return db.session.scalars(query.order_by(Macro.id).limit(limit)).all()


def _is_visible(person: Person) -> ColumnElement[bool]:
    return or_(Macro.owner_id.is_(None), Macro.owner_id == person.id)


def _is_offered(ticket: Ticket, person: Person) -> ColumnElement[bool]:
    is_shared = Macro.owner_id.is_(None) & or_(Macro.client_id.is_(None), Macro.client_id == ticket.client_id)
    return or_(Macro.owner_id == person.id, is_shared)
