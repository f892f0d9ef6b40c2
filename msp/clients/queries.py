"""Queries for clients and their connections."""

from functools import cache
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import load_only

from msp.clients.models import Client, Connection, UnknownSource
from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.paging import page_by_id
from msp.people.models import Person


@cache
def _client_with_person() -> Select[Client, Person]:
    """Compiled once, because every new ticket runs it. Its columns need every model imported."""
    return (
        select(Client, Person)
        .outerjoin(Person, Person.id == bindparam("person_id"))
        .where(Client.id == bindparam("client_id"))
        .options(
            load_only(Client.code, Client.name, Client.locale, Client.timezone, Client.active),
            load_only(Person.client_id, Person.name, Person.email, Person.role, Person.locale, Person.timezone),
        )
    )


def access_client(client_id: UUID) -> Client:
    """The client; raises NotFound, also outside of the scope."""
    client = db.session.get(Client, client_id)
    if client is None:
        raise NotFound("client")
    return client


def all_clients(*, active: bool = True) -> list[Client]:
    """Client companies by name."""
    query = select(Client).order_by(by_name(Client.name))
    return list(db.session.scalars(query.where(Client.active) if active else query))


def client_with_person(client_id: UUID, person_id: UUID) -> tuple[Client, Person | None]:
    """The client, and the person with this id if visible; raises NotFound without the client.

    Only the columns that a new ticket needs are loaded; others are loaded on access.
    """
    row = db.session.execute(_client_with_person(), {"client_id": client_id, "person_id": person_id}).one_or_none()
    if row is None:
        raise NotFound("client")
    return row[0], row[1]


def clients_page(*, code: str | None = None, after: UUID | None, limit: int) -> list[Client]:
    """Client companies, oldest first, in pages; of one code only."""
    query = select(Client) if code is None else select(Client).where(Client.code == code)
    return page_by_id(query, Client.id, after=after, limit=limit)


def access_connection(connection_id: UUID) -> Connection:
    """The connection; raises NotFound, also outside of the scope."""
    connection = db.session.get(Connection, connection_id)
    if connection is None:
        raise NotFound("connection")
    return connection


def connections_page(client_id: UUID, *, after: UUID | None, limit: int) -> list[Connection]:
    """A client's connections, oldest first, in pages."""
    query = select(Connection).where(Connection.client_id == client_id)
    return page_by_id(query, Connection.id, after=after, limit=limit)


def find_connection(kind: str, external_id: str) -> Connection | None:
    """The connection of a workspace or tenant."""
    return db.session.scalars(
        select(Connection).where(Connection.kind == kind, Connection.external_id == external_id)
    ).one_or_none()


def connections_of(client_id: UUID | None) -> list[Connection]:
    """A client's connections (the provider's own if None), oldest first."""
    query = select(Connection).order_by(Connection.created_at)
    query = query.where(Connection.client_id.is_(None) if client_id is None else Connection.client_id == client_id)
    return list(db.session.scalars(query))


def unknown_sources() -> list[UnknownSource]:
    """Unknown workspaces and tenants, latest first, without ignored ones."""
    query = select(UnknownSource).where(UnknownSource.ignored_at.is_(None))
    return list(db.session.scalars(query.order_by(UnknownSource.last_seen_at.desc())))
