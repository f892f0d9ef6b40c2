"""The contents of an installation (rows, files, database rules), to compare it before and after a restore."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import text

from msp.config import Settings
from msp.kernel import clock, files
from msp.kernel.db import Scope, db, work
from msp.tickets.opening import Request, open_ticket
from tests.billing.desk import OCTOBER, issued, log, run, ticket_of, utc
from tests.databases import as_root
from tests.world import World

RULES = {
    "tables": "select c.relname, c.relrowsecurity, c.relforcerowsecurity,"
    " array(select split_part(x::text, '/', 1) from unnest(c.relacl) x"
    " where x::text not like current_setting('msp.owner') || '=%' order by 1)::text"
    " from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace",
    "policies": "select tablename, policyname, roles, cmd, qual, with_check from pg_policies",
    "triggers": "select tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) from pg_trigger"
    " where not tgisinternal",
    "constraints": "select conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)"
    " from pg_constraint where connamespace = 'public'::regnamespace",
    "indexes": "select indexdef from pg_indexes where schemaname = 'public'",
    "columns": "select table_name, column_name, data_type, is_nullable, column_default, is_identity,"
    " generation_expression from information_schema.columns where table_schema = 'public'",
    "functions": "select proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace",
    "schemas": "select nspname from pg_namespace where nspname !~ '^pg_'",
}


def furnish(world: World) -> str:
    """Fill a desk with tickets, files, odd texts and an issued invoice; returns a file's key."""
    ticket = ticket_of(world)
    log(ticket, world.tomas, utc(7, 9), 50)
    log(ticket, world.irene, utc(8, 22), 35, work_type="onsite")
    _made, [draft] = run(world, OCTOBER, clients=[world.lozano])
    issued(world, draft)
    odd = "tab\t back\\slash «ñ» 🙂 \u2028 \\N \\. newline\nend"
    with work(Scope.staff()):
        told, _ = open_ticket(
            world.azcarate, requester=world.inigo, request=Request(subject=odd, body=odd, source="api"), at=clock.now()
        )
        db.session.flush()
    kept = files.keep([os.urandom(300_000), b"end"])
    with work(Scope.system()) as session:
        session.execute(
            text(
                "insert into attachment (id, client_id, message_id, name, content_type, size, state, remote,"
                " storage_key, created_at) select gen_random_uuid(), client_id, id, 'informe.pdf', 'application/pdf',"
                " :size, 'stored', '{}', :key, now() from message where ticket_id = :ticket limit 1"
            ),
            {"size": kept.size, "key": kept.key, "ticket": told.id},
        )
    return kept.key


def rows(settings: Settings) -> dict[str, list[str]]:
    """Every row of every table as text, sorted by text within its table."""
    with as_root(settings) as root:
        names = [name for (name,) in root.execute("select tablename from pg_tables where schemaname = 'public'")]
        return {
            name: [row for (row,) in root.execute(f'select t::text from "{name}" t order by 1'.encode())]
            for name in names
        }


def rules(settings: Settings) -> dict[str, set[tuple[Any, ...]]]:
    """Every constraint, trigger, policy and other rule that the database enforces."""
    with as_root(settings) as root:
        owner = root.execute("select pg_get_userbyid(datdba) from pg_database where datname = current_database()")
        root.execute("select set_config('msp.owner', %s, false)", [owner.fetchone()[0]])  # type: ignore[index]
        return {name: {tuple(map(str, row)) for row in root.execute(query.encode())} for name, query in RULES.items()}


def stored(home: Path) -> dict[str, bytes]:
    """Every stored file."""
    folder = home / "files"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
