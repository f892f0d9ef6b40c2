"""Connections as jobs hold them, and what is noted when one of them no longer works."""

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
    """The connection of a workspace or tenant (any scope that may see it), or None where nobody has it."""
    connection = find_connection(platform, workspace)
    return _link(connection) if connection else None


def unknown_link(platform: str, workspace: str) -> WorkspaceLink | None:
    """A workspace of nobody yet, where we can answer: it left us a token, or needs none (system scope)."""
    query = select(UnknownSource).where(UnknownSource.kind == platform, UnknownSource.external_id == workspace)
    source = db.session.scalars(query).one_or_none()
    if source is None or not (source.secret or source.settings.get("answers_without_token")):
        return None
    token = crypto.unseal(source.secret) if source.secret else None
    return WorkspaceLink(None, platform, workspace, source.settings, token)


def note_broken(platform: str, workspace: str, *, reason: str) -> None:
    """Mark a connection as broken, for the administrator to renew; emits `connection.broken` once."""
    with work(Scope.system()):
        connection = find_connection(platform, workspace)
        if connection is not None:
            mark_broken(connection, reason=reason, at=clock.now())


def note_uninstalled(platform: str, workspace: str, *, reason: str, at: datetime | None = None) -> None:
    """The app was removed in a workspace or its tokens were revoked (at `at`, as the platform says): destroy ours.

    Marks the connection; emits `connection.broken`. A workspace that belongs to nobody yet loses its token too. News
    from before the app was installed again change nothing.
    """
    with work(Scope.system()) as session:
        connection = find_connection(platform, workspace)
        if connection is not None:
            mark_uninstalled(connection, reason=reason, at=at or clock.now())
        unknown = update(UnknownSource).where(UnknownSource.kind == platform, UnknownSource.external_id == workspace)
        session.execute(unknown.values(secret=None))


def note_restored(platform: str, workspace: str) -> None:
    """Clear the broken mark of a connection that works again; emits `connection.restored` where it had one."""
    with work(Scope.system()):
        connection = find_connection(platform, workspace)
        if connection is not None:
            mark_restored(connection, at=clock.now())


def lock(*names: str | UUID) -> None:
    """Have whoever works on the same thing at the same time wait until this unit of work ends."""
    key = func.hashtextextended(":".join(map(str, names)), 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def _link(connection: Connection) -> WorkspaceLink:
    token = crypto.unseal(connection.secret) if connection.secret else None
    is_broken = connection.broken_reason is not None
    return WorkspaceLink(
        connection.client_id, connection.kind, connection.external_id, connection.settings, token, is_broken=is_broken
    )
