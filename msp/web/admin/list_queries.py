"""Queries for the administration's lists across packages: one statement per list, none per row."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, lazyload

from msp.clients.models import Client, Connection, UnknownSource
from msp.contracts.models import Contract
from msp.kernel.collation import by_name
from msp.kernel.db import Scope, db, work
from msp.kernel.events import StoredEvent
from msp.people.models import Account, ChatIdentity, Person
from msp.tickets.label import Label
from msp.tickets.models import Conversation, Ticket
from msp.tickets.states import FINISHED
from msp.web.admin.pager import PAGE


def clients_page(words: str, *, offset: int) -> tuple[list[Client], int]:
    """Clients whose name, code or tax ID contains the words, by name, and the total."""
    query = select(Client).order_by(Client.active.desc(), by_name(Client.name), Client.id)
    if words:
        query = query.where(_like(words, Client.name, Client.code, Client.legal_name, Client.tax_id))
    return _page(query, offset)


def people_page(words: str, *, kind: str, client_id: UUID | None, offset: int) -> tuple[list[Person], int]:
    """People by name: `kind` is staff, clients or gone; optionally of one company, or matching words."""
    query = select(Person).order_by(by_name(Person.name), Person.id)
    query = query.where(Person.active.is_(kind != "gone"))
    if kind != "gone":
        query = query.where(Person.client_id.is_(None) if kind == "staff" else Person.client_id.is_not(None))
    if client_id is not None:
        query = query.where(Person.client_id == client_id)
    if words:
        query = query.where(_like(words, Person.name, Person.email))
    return _page(query, offset)


def people_counts(client_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Number of active people per client."""
    query = select(Person.client_id, func.count()).where(Person.client_id.in_(list(client_ids)), Person.active)
    return _counts(query.group_by(Person.client_id))


def open_counts(client_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Number of open tickets per client."""
    query = select(Ticket.client_id, func.count()).where(Ticket.client_id.in_(list(client_ids)))
    return _counts(query.where(Ticket.status.not_in(FINISHED)).group_by(Ticket.client_id))


def contract_names(client_ids: Iterable[UUID], *, on: date) -> dict[UUID, list[str]]:
    """Names of the contracts that are valid on a day, oldest first, by client."""
    query = select(Contract.client_id, Contract.name).where(
        Contract.client_id.in_(list(client_ids)),
        Contract.starts_on <= on,
        or_(Contract.ends_on.is_(None), Contract.ends_on >= on),
    )
    names: dict[UUID, list[str]] = {}
    for client_id, name in db.session.execute(query.order_by(Contract.starts_on, Contract.id)):
        names.setdefault(client_id, []).append(name)
    return names


def connection_kinds(client_ids: Iterable[UUID]) -> dict[UUID | None, list[str]]:
    """Chat platforms connected per client."""
    query = select(Connection.client_id, Connection.kind).where(Connection.client_id.in_(list(client_ids))).distinct()
    kinds: dict[UUID | None, list[str]] = {}
    for client_id, kind in db.session.execute(query.order_by(Connection.kind)):
        kinds.setdefault(client_id, []).append(kind)
    return kinds


def all_contracts() -> list[tuple[Contract, Client]]:
    """All contracts with their client, by client and start date."""
    query = (
        select(Contract, Client)
        .join(Client, Client.id == Contract.client_id)
        .options(lazyload(Contract.targets), lazyload(Contract.rates), joinedload(Contract.calendar).lazyload("*"))
        .order_by(by_name(Client.name), Contract.starts_on, Contract.id)
    )
    return [(contract, client) for contract, client in db.session.execute(query)]


def contracts_by_calendar() -> dict[UUID, int]:
    """Number of contracts per calendar."""
    return _counts(select(Contract.calendar_id, func.count()).group_by(Contract.calendar_id))


def calendars_in_use(*, on: date) -> set[UUID]:
    """Calendars of contracts that are valid on a day or later."""
    query = select(Contract.calendar_id).where(or_(Contract.ends_on.is_(None), Contract.ends_on >= on)).distinct()
    return set(db.session.scalars(query))


def history_of(subject_ids: Sequence[UUID], *, limit: int) -> list[tuple[StoredEvent, str | None]]:
    """The change history of some subjects, newest first, with the name of the actor."""
    query = select(StoredEvent, Person.name).outerjoin(Person, Person.id == StoredEvent.actor_id)
    query = query.where(StoredEvent.subject_id.in_(subject_ids)).order_by(StoredEvent.seq.desc()).limit(limit)
    return [(event, name) for event, name in db.session.execute(query)]


def all_connections() -> list[tuple[Connection, Client | None]]:
    """All connections with their client (None: the provider's own), broken ones first."""
    query = (
        select(Connection, Client)
        .outerjoin(Client, Client.id == Connection.client_id)
        .order_by(Connection.broken_reason.is_(None), by_name(Client.name), Connection.kind)
    )
    return [(connection, client) for connection, client in db.session.execute(query)]


def unreachable_counts() -> dict[tuple[str, str], int]:
    """Number of open tickets with an unreachable thread, by platform and workspace."""
    query = (
        select(Conversation.platform, Conversation.workspace, func.count(Conversation.ticket_id.distinct()))
        .join(Ticket, Ticket.id == Conversation.ticket_id)
        .where(Conversation.unreachable_reason.is_not(None), Ticket.status.not_in(FINISHED))
        .group_by(Conversation.platform, Conversation.workspace)
    )
    return {(platform, workspace): number for platform, workspace, number in db.session.execute(query)}


def chats_of(person_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Chat platforms of each person."""
    query = select(ChatIdentity.person_id, ChatIdentity.platform).where(ChatIdentity.person_id.in_(list(person_ids)))
    chats: dict[UUID, list[str]] = {}
    for person_id, platform in db.session.execute(query.distinct().order_by(ChatIdentity.platform)):
        chats.setdefault(person_id, []).append(platform)
    return chats


def who_can_sign_in(person_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these people have a working account; the accounts themselves are only readable in the system scope."""
    with work(Scope.system()) as session:
        query = select(Account.person_id).where(Account.person_id.in_(person_ids), Account.active)
        return set(session.scalars(query))


def names_of_clients(client_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of some clients."""
    query = select(Client.id, Client.name).where(Client.id.in_(list(client_ids)))
    return {row.id: row.name for row in db.session.execute(query)}


def labels_of_tickets(ticket_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Numbers of some tickets, such as LOZ-412."""
    query = select(Ticket.id, Client.code, Ticket.number).join(Client, Client.id == Ticket.client_id)
    rows = db.session.execute(query.where(Ticket.id.in_(list(ticket_ids))))
    return {row.id: str(Label(row.code, row.number)) for row in rows}


def count_waiting() -> int:
    """Number of unknown workspaces and tenants plus broken connections."""
    unknown = select(func.count()).select_from(UnknownSource).where(UnknownSource.ignored_at.is_(None))
    broken = select(func.count()).select_from(Connection).where(Connection.broken_reason.is_not(None))
    return db.session.execute(select(unknown.scalar_subquery() + broken.scalar_subquery())).scalar_one()


def _like(words: str, *columns: Any) -> Any:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return or_(*(column.ilike(f"%{escaped}%") for column in columns))


def _page(query: Select[Any], offset: int) -> tuple[list[Any], int]:
    total = db.session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    return list(db.session.scalars(query.limit(PAGE).offset(offset))), total


def _counts(query: Any) -> dict[UUID, int]:
    return {row[0]: row[1] for row in db.session.execute(query)}
