"""Create and change clients, and connect their chat systems."""

import re
from datetime import datetime
from uuid import UUID

from babel.numbers import list_currencies
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from msp.clients.billing_data import FIELDS, tidy
from msp.clients.events import (
    ClientAdded,
    ClientEdited,
    ConnectionAdded,
    ConnectionBroken,
    ConnectionEvent,
    ConnectionRemoved,
    ConnectionRestored,
)
from msp.clients.models import Client, Connection, UnknownSource
from msp.clients.platforms import connectable_platforms
from msp.clients.queries import find_connection
from msp.kernel import crypto, timezones, ttl_cache
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.kernel.shared_clear import clear_everywhere
from msp.people import sessions, tokens

CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
MAX_DOMAINS = 100  # of a client
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
GUEST_POLICIES = ("accept", "refuse")
EDITABLE = frozenset(
    [
        "name",
        "legal_name",
        "tax_id",
        "tax_regime",
        "billing_address",
        "billing_email",
        "locale",
        "timezone",
        "currency",
        "sector",
        "mail_domains",
        "payment_days",
        "guest_policy",
        "asks_rating",
        "active",
    ]
)


def add_client(*, code: str, name: str, at: datetime, **details: object) -> Client:
    """Add a client company; emits `client.added`. Raises Conflict for a code in use, Invalid for unknown values.

    Billing data are normalized; without a `tax_regime` it follows from both parties' addresses.
    """
    values = {
        "locale": "es",
        "timezone": "Europe/Madrid",
        "currency": "EUR",
        "billing_address": {},
        "mail_domains": [],
        "payment_days": 30,
        "guest_policy": "accept",
        "asks_rating": True,
        "active": True,
    } | details
    values |= _checked({"code": code, "name": name} | values, before={})
    if db.session.execute(select(Client.id).where(Client.code == code)).one_or_none():
        raise Conflict("code_in_use")
    client = Client(id=new_id(), code=code, name=name.strip(), created_at=at, **values)
    db.session.add(client)
    db.session.flush()
    emit(ClientAdded(name=client.name), client.id, client_id=client.id, at=at)
    return client


def edit_client(client: Client, *, at: datetime, **changes: object) -> None:
    """Change a client's details; emits `client.edited` with the names of the changed fields.

    Deactivating a client takes effect at once for its people: sessions, tokens and new tickets are refused
    (msp.people.sessions, msp.tickets.actions).
    """
    if unknown := changes.keys() - EDITABLE:
        raise Invalid(fields={name: ["unknown_field"] for name in unknown})
    changes |= _checked(changes, before={name: getattr(client, name) for name in FIELDS})
    changed = sorted(name for name, value in changes.items() if getattr(client, name) != value)
    for name in changed:
        setattr(client, name, changes[name])
    if "active" in changed:
        ttl_cache.clear()
        for name in (sessions.READ, tokens.READ):
            clear_everywhere(name)
    if changed:
        emit(ClientEdited(changed=tuple(changed)), client.id, client_id=client.id, at=at)


def connect(
    client: Client | None,
    *,
    kind: str,
    external_id: str,
    at: datetime,
    name: str | None = None,
    settings: Json | None = None,
    secret: str | None = None,
) -> Connection:
    """Connect a workspace or tenant to a client (to the provider if None); emits `connection.added`.

    The secret is encrypted at rest. Refuses a workspace of another client; for the same client the connection is
    renewed, and if it was broken or had no token, `connection.restored` is emitted too.
    """
    if kind not in {each.name for each in connectable_platforms()} or not external_id.strip():
        raise Invalid(fields={"kind": ["unknown"]} if external_id.strip() else {"external_id": ["required"]})
    client_id = client.id if client else None
    connection = find_connection(kind, external_id)
    if connection is not None and connection.client_id != client_id:
        raise Conflict("connection_in_use")
    is_renewal = connection is not None
    had_secret = connection is not None and connection.secret is not None
    if connection is None:
        connection = Connection(
            id=new_id(),
            client_id=client_id,
            kind=kind,
            external_id=external_id.strip(),
            settings={},
            created_at=at,
        )
        db.session.add(connection)
    connection.name = name or connection.name
    renewed = {"renewed_at": at.isoformat()} if is_renewal else {}
    connection.settings = {**connection.settings, **(settings or {}), **renewed}
    connection.secret = crypto.seal(secret) if secret else connection.secret
    db.session.flush()
    db.session.execute(
        delete(UnknownSource).where(UnknownSource.kind == kind, UnknownSource.external_id == external_id)
    )
    _emit(connection, ConnectionAdded(connection=connection.kind, is_renewal=is_renewal), at=at)
    mark_restored(connection, at=at, had_no_token=is_renewal and bool(secret) and not had_secret)
    return connection


def mark_broken(connection: Connection, *, reason: str, at: datetime) -> None:
    """Mark a connection as broken, for an administrator to renew; emits `connection.broken`.

    The first reason is kept until the renewal, because later failures follow from it.
    """
    if connection.broken_reason is None:
        connection.broken_reason = reason
        _emit(connection, ConnectionBroken(connection=connection.kind, reason=reason), at=at)


def mark_uninstalled(connection: Connection, *, reason: str, at: datetime) -> None:
    """The app was uninstalled there: delete the token and mark the connection; emits `connection.broken`.

    `at` is the time of the uninstallation: an event that arrives after a new installation is ignored.
    """
    renewed_at = connection.settings.get("renewed_at")
    if at < (datetime.fromisoformat(renewed_at) if renewed_at else connection.created_at):
        return
    connection.secret = None
    if connection.broken_reason not in (reason, "app_uninstalled"):  # Slack revokes the tokens of a removed app too
        connection.broken_reason = reason
        _emit(connection, ConnectionBroken(connection=connection.kind, reason=reason), at=at)


def mark_restored(connection: Connection, *, at: datetime, had_no_token: bool = False) -> None:
    """Mark a connection as working; emits `connection.restored` if it was broken or had no token."""
    if connection.broken_reason is not None or had_no_token:
        connection.broken_reason = None
        _emit(connection, ConnectionRestored(connection=connection.kind), at=at)


def _emit(connection: Connection, event: ConnectionEvent, *, at: datetime) -> None:
    emit(event, connection.id, client_id=connection.client_id, at=at)


def link_unknown(source_id: UUID, client: Client, *, at: datetime) -> Connection:
    """Connect an unknown workspace or tenant to a client, with the token of its installation."""
    source = db.session.get(UnknownSource, source_id)
    if source is None:
        raise NotFound("unknown_source")
    secret = crypto.unseal(source.secret) if source.secret else None
    return connect(
        client,
        kind=source.kind,
        external_id=source.external_id,
        at=at,
        name=source.name,
        settings=source.settings,
        secret=secret,
    )


def ignore_unknown(source_id: UUID, *, at: datetime) -> None:
    """Hide an unknown workspace or tenant until it is installed again."""
    source = db.session.get(UnknownSource, source_id)
    if source is None:
        raise NotFound("unknown_source")
    source.ignored_at = at


def disconnect(connection: Connection, *, at: datetime) -> None:
    """Delete a connection and its token; emits `connection.removed`."""
    _emit(connection, ConnectionRemoved(connection=connection.kind), at=at)
    db.session.delete(connection)


def note_unknown(
    kind: str,
    external_id: str,
    *,
    at: datetime,
    name: str | None = None,
    settings: Json | None = None,
    secret: str | None = None,
    messages: int = 1,
) -> None:
    """Record an unknown workspace or tenant that wrote or was installed, for an administrator to link."""
    row = {
        "id": new_id(),
        "kind": kind,
        "external_id": external_id,
        "name": name,
        "settings": settings or {},
        "secret": crypto.seal(secret) if secret else None,
        "first_seen_at": at,
        "last_seen_at": at,
        "messages": messages,
    }
    statement = insert(UnknownSource).values(**row)
    news = {"last_seen_at": at, "messages": UnknownSource.messages + messages}
    news |= {field: row[field] for field in ("name", "settings", "secret") if row[field]}
    if secret:
        news["ignored_at"] = None
    db.session.execute(
        statement.on_conflict_do_update(index_elements=[UnknownSource.kind, UnknownSource.external_id], set_=news)
    )


def _checked(values: dict[str, object], *, before: Json) -> Json:
    """The normalized billing data; raises Invalid with the faults of all fields."""
    data, faults = tidy(values, before)
    wrong = {
        "code": "code" in values and not CODE.fullmatch(str(values["code"])),
        "name": "name" in values and not str(values["name"]).strip(),
        "locale": values.get("locale", "es") not in ("es", "en"),
        "timezone": not timezones.is_known(values.get("timezone", "UTC")),
        "currency": str(values.get("currency", "EUR")) not in list_currencies(),
        "guest_policy": values.get("guest_policy", "accept") not in GUEST_POLICIES,
        "mail_domains": not all(DOMAIN.fullmatch(str(each)) for each in _list(values.get("mail_domains"))),
    }
    if len(_list(values.get("mail_domains"))) > MAX_DOMAINS:
        faults = faults | {"mail_domains": ["too_many"]}
    if fields := {name: ["invalid"] for name, is_wrong in wrong.items() if is_wrong} | faults:
        raise Invalid(fields=fields)
    return data


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
