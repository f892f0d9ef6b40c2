"""Adds, changes and removes saved views: everyone their own, with the right `share_views` those of the team."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from msp.clients.queries import access_client
from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.kernel.ids import new_id
from msp.kernel.shared_clear import clear_everywhere, times_cleared
from msp.kernel.ttl_cache import cached
from msp.people.access import may
from msp.people.models import Person
from msp.tickets.views.definition import Definition, read_definition
from msp.tickets.views.models import TicketView

MAX_NAME, MAX_VIEWS = 60, 50
LISTED = "ticket views"  # name of the cached lists
LISTED_SECONDS = 5.0


class ListedView(NamedTuple):
    """A view as the navigation shows it."""

    id: UUID
    name: str
    owner_id: UUID | None
    definition: Definition

    @property
    def is_shared(self) -> bool:
        """Whether the team sees it."""
        return self.owner_id is None


def listed_views(person: Person) -> tuple[ListedView, ...]:
    """What `views_of` returns, as values; cached until a view is saved in any process."""

    def read() -> tuple[ListedView, ...]:
        return tuple(ListedView(view.id, view.name, view.owner_id, definition_of(view)) for view in views_of(person))

    return cached(read, name=LISTED, of=(person.id, times_cleared(LISTED)), seconds=LISTED_SECONDS)


def views_of(person: Person) -> list[TicketView]:
    """The views that a person sees: their own, then those of the team, each by name."""
    query = select(TicketView).where(or_(TicketView.owner_id == person.id, TicketView.owner_id.is_(None)))
    ordered = query.order_by(TicketView.owner_id.is_(None), by_name(TicketView.name), TicketView.id)
    return list(db.session.scalars(ordered))


def access_view(view_id: UUID, person: Person) -> TicketView:
    """A view that a person sees; raises NotFound."""
    view = db.session.get(TicketView, view_id)
    if view is None or view.owner_id not in (None, person.id):
        raise NotFound("view")
    return view


def may_change(view: TicketView | ListedView, person: Person) -> bool:
    """Whether a person may change and remove a view."""
    return view.owner_id == person.id or (view.owner_id is None and may_share(person))


def may_share(person: Person) -> bool:
    """Whether a person may save views for the team; not people who work for some clients only."""
    return may(person, "share_views") and not person.is_restricted


def add_view(name: str, definition: Definition, *, person: Person, is_shared: bool, at: datetime) -> TicketView:
    """Save a view for a person or for the team; raises Denied, and Invalid for its name or too many views."""
    if is_shared and not may_share(person):
        raise Denied("not_allowed")
    owner_id = None if is_shared else person.id
    same = TicketView.owner_id.is_(None) if is_shared else TicketView.owner_id == person.id
    names = set(db.session.scalars(select(TicketView.name).where(same)))
    if len(names) >= MAX_VIEWS:
        raise Invalid(fields={"name": ["too_many"]})
    view = TicketView(id=new_id(), owner_id=owner_id, created_at=at)
    _write(view, _checked_name(name, others=names), definition, at=at)
    db.session.add(view)
    clear_everywhere(LISTED)
    return view


def edit_view(view: TicketView, *, person: Person, at: datetime, **changes: Any) -> None:
    """Change `name` or `definition`; raises Denied and Invalid."""
    if not may_change(view, person):
        raise Denied("not_allowed")
    same = TicketView.owner_id == view.owner_id if view.owner_id else TicketView.owner_id.is_(None)
    names = set(db.session.scalars(select(TicketView.name).where(same, TicketView.id != view.id)))
    name = _checked_name(changes.get("name", view.name), others=names)
    _write(view, name, changes.get("definition") or definition_of(view), at=at)
    clear_everywhere(LISTED)


def remove_view(view: TicketView, *, person: Person) -> None:
    """Remove a view; raises Denied."""
    if not may_change(view, person):
        raise Denied("not_allowed")
    db.session.delete(view)
    clear_everywhere(LISTED)


def definition_of(view: TicketView) -> Definition:
    """The stored definition; parts that are no longer known are left out."""
    stored: Mapping[str, Any] = view.definition
    try:
        return read_definition(stored)
    except Invalid as wrong:
        return read_definition({name: value for name, value in stored.items() if name not in wrong.fields})


def _write(view: TicketView, name: str, definition: Definition, *, at: datetime) -> None:
    if definition.client:
        access_client(UUID(definition.client))
    view.name, view.definition, view.updated_at = name, definition.as_json(), at
    view.client_id = UUID(definition.client) if definition.client else None


def _checked_name(name: str, *, others: set[str]) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME:
        raise Invalid(fields={"name": ["too_long" if name else "required"]})
    if name in others:
        raise Invalid(fields={"name": ["duplicate"]})
    return name
