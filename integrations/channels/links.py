"""Connections in the form that jobs use, and marking them as broken or working."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from integrations.channels.values import WorkspaceLink
from msp.clients.actions import mark_broken, mark_restored, mark_uninstalled
from msp.clients.models import Connection, UnknownSource
from msp.clients.queries import find_connection
from msp.kernel import clock, crypto
from msp.kernel.db import Scope, db, work


def find_link(platform: str, workspace: str) -> WorkspaceLink | None:
    """The connection of a workspace or tenant (any scope that may read it), or None if it is not connected."""
    connection = find_connection(platform, workspace)
    return _link(connection) if connection else None


def unknown_link(platform: str, workspace: str) -> WorkspaceLink | None:
    """An unconnected workspace that we can answer: it has a token or needs none (system scope)."""
    query = select(UnknownSource).where(UnknownSource.kind == platform, UnknownSource.external_id == workspace)
    source = db.session.scalars(query).one_or_none()
    if source is None or not (source.secret or source.settings.get("answers_without_token")):
        return None
    token = crypto.unseal(source.secret) if source.secret else None
    return WorkspaceLink(None, platform, workspace, source.settings, token)


def note_broken(platform: str, workspace: str, *, reason: str) -> None:
    """Mark a connection as broken so that an administrator renews it; emits `connection.broken` once."""
    with work(Scope.system()):
        connection = find_connection(platform, workspace)
        if connection is not None:
            mark_broken(connection, reason=reason, at=clock.now())


def note_uninstalled(platform: str, workspace: str, *, reason: str, at: datetime | None = None) -> None:
    """Destroy our tokens after the app was removed or they were revoked (at `at`, the platform's time).

    Marks the connection; emits `connection.broken`. The token of an unconnected workspace is deleted too. Events from
    before a later installation change nothing.
    """
    with work(Scope.system()) as session:
        connection = find_connection(platform, workspace)
        if connection is not None:
            mark_uninstalled(connection, reason=reason, at=at or clock.now())
        unknown = update(UnknownSource).where(UnknownSource.kind == platform, UnknownSource.external_id == workspace)
        session.execute(unknown.values(secret=None))


def note_restored(platform: str, workspace: str) -> None:
    """Clear the broken mark of a connection that works again; emits `connection.restored` if it was set."""
    with work(Scope.system()):
        connection = find_connection(platform, workspace)
        if connection is not None:
            mark_restored(connection, at=clock.now())


def lock(*names: str | UUID) -> None:
    """Lock a key until the end of the transaction, so that concurrent work on it waits."""
    key = func.hashtextextended(":".join(map(str, names)), 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def _link(connection: Connection) -> WorkspaceLink:
    token = crypto.unseal(connection.secret) if connection.secret else None
    is_broken = connection.broken_reason is not None
    return WorkspaceLink(
        connection.client_id, connection.kind, connection.external_id, connection.settings, token, is_broken=is_broken
    )
