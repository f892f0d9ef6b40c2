"""The row and the filter of all lists of tickets: queue, search, portal and API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    SmallInteger,
    Text,
    TextClause,
    any_,
    bindparam,
    cast,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from msp.clients.models import Client
from msp.kernel.batch_read import RowQuery
from msp.kernel.db import current_scope, db
from msp.people.models import Person
from msp.tickets.follower_models import TicketFollower
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED, SQL_FINISHED, SQL_UNFINISHED

TicketSelect = Select[*tuple[Any, ...]]
FilterShape = frozenset[str]


class ClientName(NamedTuple):
    """A client company as rows show it."""

    id: UUID
    name: str


class PersonName(NamedTuple):
    """A requester or assignee as rows show them; `email` and `is_vip` are None where the reader may not see them."""

    id: UUID
    name: str
    email: str | None
    is_guest: bool = False
    is_vip: bool | None = None


class TicketRow(NamedTuple):
    """A ticket as lists show it. What only staff may see is None in a client's scope."""

    id: UUID
    version: int
    client_id: UUID
    client_code: str
    client_name: str
    number: int
    subject: str
    status: str
    priority: str
    type: str
    impact: str
    urgency: str
    tier: int
    source: str
    tags: list[str]
    contract_id: UUID | None
    due_at: datetime | None
    due_kind: str | None
    due_from: datetime | None
    paused_at: datetime | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    scheduled_for: datetime | None
    closed_as: str | None
    requester_id: UUID
    requester_name: str
    requester_email: str | None
    requester_is_guest: bool
    requester_is_vip: bool | None  # staff only
    assignee_id: UUID | None
    assignee_name: str | None
    assignee_email: str | None  # staff only

    @property
    def label(self) -> str:
        """The ticket number as people write it: LOZ-412."""
        return str(Label(self.client_code, self.number))

    @property
    def client(self) -> ClientName:
        """The client company."""
        return ClientName(self.client_id, self.client_name)

    @property
    def requester(self) -> PersonName:
        """The requester."""
        return PersonName(
            self.requester_id, self.requester_name, self.requester_email, self.requester_is_guest, self.requester_is_vip
        )

    @property
    def assignee(self) -> PersonName | None:
        """The assignee, if any."""
        if self.assignee_id is None:
            return None
        return PersonName(self.assignee_id, self.assignee_name or "", self.assignee_email)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of tickets. Each part that is set narrows; only unfinished ones unless a part includes others.

    `is_finished` None means finished or not. `involved_id` is the requester, or a follower.
    """

    statuses: Sequence[str] = ()
    tiers: Sequence[int] = ()
    client_id: UUID | None = None
    assignee_id: UUID | None = None
    is_unassigned: bool = False
    requester_id: UUID | None = None
    involved_id: UUID | None = None
    due_before: datetime | None = None
    priorities: Sequence[str] = ()
    types: Sequence[str] = ()
    is_finished: bool | None = False


_Requester, _Assignee, _Own = aliased(Person), aliased(Person), aliased(Ticket)


def _select(*, is_client: bool) -> TicketSelect:
    is_vip: Any = cast(null(), Boolean) if is_client else _Requester.is_vip
    assignee_email: Any = cast(null(), Text) if is_client else _Assignee.email
    return (
        select(
            Ticket.id,
            Ticket.version,
            Ticket.client_id,
            Client.code.label("client_code"),
            Client.name.label("client_name"),
            Ticket.number,
            Ticket.subject,
            Ticket.status,
            Ticket.priority,
            Ticket.type,
            Ticket.impact,
            Ticket.urgency,
            Ticket.tier,
            Ticket.source,
            Ticket.tags,
            Ticket.contract_id,
            Ticket.due_at,
            Ticket.due_kind,
            Ticket.due_from,
            Ticket.paused_at,
            Ticket.created_at,
            Ticket.updated_at,
            Ticket.resolved_at,
            Ticket.closed_at,
            Ticket.scheduled_for,
            Ticket.closed_as,
            Ticket.requester_id,
            _Requester.name.label("requester_name"),
            _Requester.email.label("requester_email"),
            _Requester.is_guest.label("requester_is_guest"),
            is_vip.label("requester_is_vip"),
            Ticket.assignee_id,
            _Assignee.name.label("assignee_name"),
            assignee_email.label("assignee_email"),
        )
        .join(Client, Client.id == Ticket.client_id)
        .join(_Requester, _Requester.id == Ticket.requester_id)
        .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
    )


_SELECTS = {is_client: _select(is_client=is_client) for is_client in (False, True)}
for _query in _SELECTS.values():
    RowQuery(TicketRow, _query)  # checks the columns for statements that are built later


def select_tickets(*, is_client: bool) -> TicketSelect:
    """Tickets as rows; without the columns that only staff may see in a client's scope."""
    return _SELECTS[is_client]


def fetch_rows(query: TicketSelect, values: Mapping[str, object]) -> list[TicketRow]:
    """Run a statement of `select_tickets`."""
    return [TicketRow(*row) for row in db.session.execute(query, values)]


# Literals, not parameters: otherwise a prepared plan could not use the indexes of unfinished tickets.
IS_UNFINISHED = text(f"ticket.{SQL_UNFINISHED}")
IS_FINISHED = text(f"ticket.{SQL_FINISHED}")
CHOSEN = {"tier": "tiers", "priority": "priorities", "type": "types"}  # parts of Filter that take values of a field
_TEXTS, _NUMBERS = ARRAY(Text), ARRAY(SmallInteger)
_CONDITIONS: dict[str, ColumnElement[bool] | TextClause] = {
    "unfinished": IS_UNFINISHED,
    "statuses": Ticket.status == any_(bindparam("statuses", type_=_TEXTS)),
    "is_finished": IS_FINISHED,
    "tiers": Ticket.tier == any_(bindparam("tiers", type_=_NUMBERS)),
    "client_id": Ticket.client_id == bindparam("client_id"),
    "assignee_id": Ticket.assignee_id == bindparam("assignee_id"),
    "is_unassigned": Ticket.assignee_id.is_(None),
    "requester_id": Ticket.requester_id == bindparam("requester_id"),
    "involved_id": Ticket.id.in_(
        union_all(
            select(_Own.id).where(_Own.requester_id == bindparam("involved_id")),
            select(TicketFollower.ticket_id).where(TicketFollower.person_id == bindparam("involved_id")),
        )
    ),
    "due_before": Ticket.due_at < bindparam("due_before"),
    "priorities": Ticket.priority == any_(bindparam("priorities", type_=_TEXTS)),
    "types": Ticket.type == any_(bindparam("types", type_=_TEXTS)),
}


def shape_of(wanted: Filter) -> FilterShape:
    """Which conditions a filter sets; they determine the statement, independently of the values."""
    given = {field.name for field in fields(wanted) if getattr(wanted, field.name)}
    if wanted.is_finished is False and (not wanted.statuses or not FINISHED & set(wanted.statuses)):
        given.add("unfinished")
    return frozenset(given)


def narrow(query: TicketSelect, shape: FilterShape) -> TicketSelect:
    """The statement with the conditions of a filter; its parameters are `values_of`."""
    return query.where(*(condition for name, condition in _CONDITIONS.items() if name in shape))


def values_of(wanted: Filter) -> dict[str, object]:
    """The parameters of a narrowed statement."""
    values = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def narrowed_rows(wanted: Filter) -> TicketSelect:
    """The statement of these tickets in the current scope, for lists with their own order."""
    return narrow(select_tickets(is_client=current_scope().is_client), shape_of(wanted))
