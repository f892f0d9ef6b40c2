"""What is wrong with this installation, and how to mend it: a list of checks that anyone can add to."""

from __future__ import annotations

import platform
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
import redis
import rq
from alembic.script import ScriptDirectory

from msp import embedded
from msp.calendars.gaps import missing_in_use
from msp.config import Settings, SettingsError, likely_typos, secret_weakness
from msp.embedded import EmbeddedServerError
from msp.kernel import clock, migrate, wake

OLDEST_POSTGRES = 15
OLDEST_REDIS = {"redis": (6, 2), "valkey": (7, 2)}
LEAST_DISK = 1_000_000_000  # bytes
PACKAGE = Path(__file__).resolve().parent
MARKS = {"ok": "  ok  ", "note": " note ", "fault": "FAULT "}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, worth knowing, or wrong; and how to mend it."""

    level: Literal["ok", "note", "fault"]
    what: str
    mend: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def report(environ: Mapping[str, str] | None = None, *, say: Callable[[str], None]) -> int:
    """Run every check and say what it found; returns 1 where something is wrong, else 0."""
    try:
        settings = Settings.from_env(environ)
    except SettingsError as error:
        for fault in error.faults:
            say(_line(Finding("fault", f"{fault.name} {fault.problem}", fault.mend)))
        say(f"{len(error.faults)} fault(s) in the settings; the other checks need them mended first.")
        return 1
    count = 0
    for finding in examine(settings):
        say(_line(finding))
        count += finding.level == "fault"
    say(f"{count} fault(s)." if count else "Nothing is wrong.")
    return 1 if count else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding of every check; embedded servers that are down are started for the length of it."""
    for check in LOCAL_CHECKS:
        yield from check(settings)
    with ExitStack() as stack:
        if not embedded.are_up(settings):
            if settings.embedded_database and not (settings.home / "postgres").exists():
                yield Finding("note", f"nothing was ever started on {settings.home}", "msp run starts it")
                return
            try:
                stack.enter_context(embedded.running(settings))
            except (EmbeddedServerError, embedded.HomeInUse) as error:
                yield Finding("fault", str(error), f"Look into {settings.home / 'logs'}")
                return
            yield Finding("note", "the desk does not run; its servers were started for these checks", "msp run")
        for check in SERVER_CHECKS:
            yield from check(settings)


def python_is_new_enough(settings: Settings) -> Iterator[Finding]:
    """Python, and the Node that the web assets are built with."""
    version = platform.python_version()
    if sys.version_info >= (3, 11):  # noqa: UP036  # somebody may start us with an older one
        yield Finding("ok", f"Python {version}")
    else:
        yield Finding("fault", f"Python {version} is too old", "Install Python 3.11 or newer")


def settings_are_read_as_meant(settings: Settings) -> Iterator[Finding]:
    """Which mode this is, and names that look misspelt."""
    place = "demonstration" if settings.is_demo else "production"
    yield Finding("ok", f"{place}, answering at {settings.public_url}")
    for name, meant in likely_typos():
        yield Finding("note", f"{name} is set but nothing reads it", f"Is {meant} meant?")


def secrets_are_secret(settings: Settings) -> Iterator[Finding]:
    """Strength of the session key, and who can read what is kept."""
    weakness = secret_weakness(settings.secret_key)
    if weakness:
        level: Literal["note", "fault"] = "note" if settings.is_demo else "fault"
        yield Finding(level, f"SECRET_KEY {weakness}", "Make one with: openssl rand -base64 48")
    else:
        yield Finding("ok", "SECRET_KEY is strong")
    folder = settings.home / "secrets"
    for path in [folder, *folder.glob("*")] if folder.exists() else []:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("fault", f"{path} can be read by others", f"chmod go= {path}")


def there_is_room(settings: Settings) -> Iterator[Finding]:
    """Disk left where data and files are kept."""
    home = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(home).free
    text = f"{free / 1e9:.1f} GB are free for {settings.home}"
    yield Finding("ok", text) if free > LEAST_DISK else Finding("fault", text, "Make room: at least 1 GB")


def pages_are_built(settings: Settings) -> Iterator[Finding]:
    """Web assets and the Spanish catalogue, which set-up makes."""
    made = {
        "web assets": PACKAGE / "web" / "static" / "dist" / "manifest.json",
        "the Spanish catalogue": PACKAGE / "translations" / "es" / "LC_MESSAGES" / "messages.mo",
    }
    for what, path in made.items():
        yield Finding("ok", f"built: {what}") if path.exists() else Finding("fault", f"{what}: missing", "make setup")


def integrations_are_on(settings: Settings) -> Iterator[Finding]:
    """What is on, and what the rest needs."""
    states = {
        "Slack": (settings.slack_enabled, "SLACK_SIGNING_SECRET, SLACK_CLIENT_ID, SLACK_CLIENT_SECRET"),
        "Teams": (settings.teams_enabled, "TEAMS_APP_ID, TEAMS_APP_PASSWORD, TEAMS_APP_TENANT_ID"),
        "Stripe": (settings.stripe_enabled, "STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET"),
        "Mail": (settings.mail_enabled, "SMTP_URL, MAIL_FROM"),
    }
    for name, (is_on, names) in states.items():
        yield Finding("ok", f"{name} is on") if is_on else Finding("note", f"{name} is off", f"To use it, set {names}")
    if settings.slack_enabled and not settings.slack_install_enabled:
        mend = "To let clients install the app by themselves, set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET"
        yield Finding("note", "Slack: apps built by hand only", mend)
    if not settings.is_demo and settings.stripe_api_key.startswith(("sk_test_", "rk_test_")):
        yield Finding("note", "Stripe's key is a test key", "Payments are not real")


def database_answers(settings: Settings) -> Iterator[Finding]:
    """The database, its version, the login's limits, the shape of the tables."""
    try:
        with psycopg.connect(_conninfo(settings.app_database_url), connect_timeout=5) as connection:
            yield from _database(settings, connection)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        mend = "Check DATABASE_URL; msp migrate, with the owner's address, sets the login's password from SECRET_KEY"
        yield Finding("fault", f"the database cannot be used as {settings.database_login}: {reason}", mend)


def _database(settings: Settings, connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[Finding]:
    version = connection.info.server_version // 10000
    if version < OLDEST_POSTGRES:
        yield Finding("fault", f"PostgreSQL {version} is too old", f"Use {OLDEST_POSTGRES} or newer")
    else:
        yield Finding("ok", f"PostgreSQL {version}, as {settings.database_login}")
    row = connection.execute(
        "select rolsuper or rolbypassrls or rolinherit or rolcreaterole from pg_roles where rolname = current_user"
    ).fetchone()
    if row and row[0]:
        yield Finding("fault", f"{settings.database_login} may do more than it should", "Run msp migrate")
    missing = [role for role in migrate.GROUPS if not _may_become(connection, role)]
    if missing:
        yield Finding("fault", f"the login may not take the roles {', '.join(missing)}", "Run msp migrate")
        return
    yield from _shape(connection)


def _may_become(connection: psycopg.Connection[tuple[object, ...]], role: str) -> bool:
    known = "select exists (select from pg_roles where rolname = %s)"
    row = connection.execute(known, [role]).fetchone()
    if not row or not row[0]:
        return False
    row = connection.execute("select pg_has_role(current_user, %s, 'MEMBER')", [role]).fetchone()
    return bool(row and row[0])


def _shape(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[Finding]:
    head = ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head()
    connection.execute("set local role msp_system")
    row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    is_there = bool(row and row[0])
    version = connection.execute("select version_num from alembic_version").fetchone() if is_there else None
    at = version[0] if version else "nothing"
    if at != head:
        yield Finding("fault", f"the tables are at {at}, this version needs {head}", "Run msp migrate")
        return
    yield Finding("ok", f"the tables are at their newest shape ({head})")
    open_tables = connection.execute(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'client_id'"
        " and not a.attisdropped and not (c.relrowsecurity and c.relforcerowsecurity)"
    ).fetchall()
    for (table,) in open_tables:
        yield Finding(
            "fault", f"table {table} does not keep clients apart", "Restore its policy: see docs/architecture.md"
        )


def holidays_are_known(settings: Settings) -> Iterator[Finding]:
    """Calendars in use have looked-over holidays for this year and the next: else deadlines run on them."""
    today = clock.now().date()
    try:
        with psycopg.connect(_conninfo(settings.app_database_url), connect_timeout=5) as connection:
            connection.execute("set local role msp_system")
            missing = list(missing_in_use(connection, on=today))
    except psycopg.Error:
        return  # what is wrong with the database itself, the check before has said
    for name, year in missing:
        level: Literal["note", "fault"] = "fault" if year == today.year else "note"
        mend = "Settings → Calendars: choose its place, look the year over, freeze it"
        yield Finding(level, f"calendar «{name}» has no frozen holidays for {year}", mend)
    if not missing:
        yield Finding("ok", f"every calendar in use knows its holidays of {today.year} and {today.year + 1}")


def queue_answers(settings: Settings) -> Iterator[Finding]:
    """Redis or Valkey, its version, and whether anybody works."""
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5) as client:
            yield from _queue(client)
    except redis.RedisError as error:
        yield Finding("fault", f"the queue cannot be reached: {error}", "Check REDIS_URL")


def _queue(client: redis.Redis) -> Iterator[Finding]:
    about: dict[str, str] = client.info("server")
    kind = "valkey" if "valkey_version" in about else "redis"
    version = about[f"{kind}_version"]
    numbers = tuple(int(part) for part in re.findall(r"\d+", str(version))[:2])
    if numbers < OLDEST_REDIS[kind]:
        yield Finding("fault", f"{kind} {version} is too old", "Use Redis 6.2 or Valkey 7.2 or newer")
    else:
        yield Finding("ok", f"{kind} {version}")
    workers = rq.Worker.count(connection=client)
    if workers:
        yield Finding("ok", f"{workers} worker(s) at work on the queue «{wake.QUEUE}»")
    else:
        yield Finding("note", "no worker is at work", "Start msp worker and msp clock, or msp run")


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _line(finding: Finding) -> str:
    mend = f"\n        {finding.mend}" if finding.mend else ""
    return f"[{MARKS[finding.level]}] {finding.what}{mend}"


LOCAL_CHECKS: list[Check] = [
    python_is_new_enough,
    settings_are_read_as_meant,
    secrets_are_secret,
    there_is_room,
    pages_are_built,
    integrations_are_on,
]
SERVER_CHECKS: list[Check] = [database_answers, holidays_are_known, queue_answers]
