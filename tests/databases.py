"""Separate databases for tests that create one from nothing, owned by a role without special rights."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from msp.config import Settings, libpq_url
from msp.kernel import migrate
from tests import postgres


@contextmanager
def own_database(settings: Settings, name: str) -> Iterator[Settings]:
    """These settings on an empty database, whose owner may create roles and is no superuser."""
    name = f"{name}_{os.getpid()}"
    owner, database = sql.Identifier(name), sql.Identifier(name)
    with psycopg.connect(postgres.url(), autocommit=True) as root:
        root.execute(sql.SQL("create role {} login createrole").format(owner))
        root.execute(sql.SQL("create database {} owner {}").format(database, owner))
        known = root.execute("select rolname from pg_roles where rolname = any(%s)", [list(migrate.GROUPS)]).fetchall()
        for (group,) in known:  # created by the owner of another database of this cluster
            root.execute(sql.SQL("grant {} to {} with admin option").format(sql.Identifier(group), owner))
        url = postgres.url().replace("/postgres?", f"/{name}?").replace("//postgres:@", f"//{name}:@")
        try:
            yield replace(settings, database_url=url.replace("postgresql://", "postgresql+psycopg://"))
        finally:
            root.execute(sql.SQL("drop database {} with (force)").format(database))
            for role in (f"{name}_portal", f"{name}_login", name):
                if root.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                    root.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
                    root.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


Statement = tuple[str, tuple[str, ...]]
_kept: dict[str, "psycopg.Connection[tuple[Any, ...]]"] = {}


def execute_as_owner(settings: Settings, statements: Sequence[Statement]) -> None:
    """Execute statements in one transaction without triggers or reference checks.

    Uses a connection that is kept for the process, with prepared statements: every test does this twice.
    """
    owner = _kept.get(settings.database_url)
    if owner is None or owner.closed or owner.broken:
        owner = _kept[settings.database_url] = psycopg.connect(
            libpq_url(settings.database_url), autocommit=True, prepare_threshold=0
        )
        owner.prepared_max = 1000
        owner.execute("set session_replication_role = replica")
    with owner.pipeline(), owner.transaction():
        for query, values in statements:
            owner.execute(query.encode(), values)


def as_owner(settings: Settings) -> "psycopg.Connection[tuple[Any, ...]]":
    """An autocommit connection of the database's owner."""
    return psycopg.connect(libpq_url(settings.database_url), autocommit=True)


def as_root(settings: Settings) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection of the cluster's superuser, whom no policy restricts, to the same database."""
    return psycopg.connect(postgres.url().replace("/postgres?", f"/{settings.database_name}?"), autocommit=True)
