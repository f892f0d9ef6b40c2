"""The installed command `msp`: run the desk whole or in parts, migrate, and ask what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from msp import embedded, web_server
from msp.config import Settings, SettingsError
from msp.embedded import EmbeddedServerError, HomeInUse
from msp.supervisor import StartError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from msp.people.models import ApiToken

USAGE_FAULT = 78  # EX_CONFIG of sysexits.h


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def msp() -> None:
    """Guardia: the help desk of a managed service provider.

    The environment is described in the README; `msp doctor` says what is wrong with this installation.
    """


def main() -> None:
    """The entry point: faults that the person can fix are printed without a traceback."""
    try:
        msp()
    except (SettingsError, StartError, EmbeddedServerError, HomeInUse) as fault:
        click.echo(str(fault), err=True)
        sys.exit(USAGE_FAULT)


@msp.command()
def run() -> None:
    """Run the whole desk on this machine: servers, migrations, web, workers and clock.

    Starts an embedded PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL are set. Honours PORT and MSP_HOME;
    with MSP_DEMO=0 it starts empty. Ctrl-C stops all of it.
    """
    from msp import supervisor

    settings = Settings.from_env()
    supervisor.run(settings, _running(settings).desk_plan(settings), say=click.echo)


@msp.command()
@click.option("--bind", default="", help="Where to listen, such as 0.0.0.0:8000 or unix:/run/guardia.sock.")
@click.option("--workers", default=web_server.WORKERS, show_default=True, help="Processes.")
@click.option("--threads", default=web_server.THREADS, show_default=True, help="Threads of each process.")
def web(bind: str, workers: int, threads: int) -> None:
    """Serve pages, API and endpoints on 127.0.0.1:PORT (or --bind). Ends on SIGTERM, requests in hand first."""
    settings = _settings_with_servers()
    web_server.serve(
        lambda: _running(settings).load_app(settings), settings, bind=bind, workers=workers, threads=threads
    )


@msp.command()
@click.option("--bind", default="", help="Where to listen, such as 0.0.0.0:8001 or unix:/run/portal.sock.")
@click.option("--workers", default=web_server.WORKERS, show_default=True, help="Processes.")
@click.option("--threads", default=web_server.THREADS, show_default=True, help="Threads of each process.")
def portal(bind: str, workers: int, threads: int) -> None:
    """Serve the client portal alone (/portal/), with a database login that holds the client role and no other.

    Sign-in and everything else stay with `msp web`: docs/operations says how a proxy tells them apart.
    """
    from msp.portal_process import make_portal

    settings = _settings_with_servers()
    web_server.serve(lambda: make_portal(settings), settings, bind=bind, workers=workers, threads=threads)


@msp.command()
def worker() -> None:
    """Work what waits: messages that came in, deliveries that go out. Ends on SIGTERM, work in hand first."""
    from msp.kernel import jobs

    settings = _settings_with_servers()
    jobs.run_worker(_running(settings).load_app(settings))


@msp.command()
def clock() -> None:
    """Send the workers their tick each second, which finds deadlines that fall due. One is enough."""
    from msp.kernel import jobs

    settings = _settings_with_servers()
    jobs.run_clock(_running(settings).load_app(settings))


@msp.command()
def migrate() -> None:
    """Bring the database to the newest shape: roles, the restricted login, tables. Needs the owner's address."""
    settings = Settings.from_env()
    if not settings.owns_database:
        raise StartError("DATABASE_URL names the restricted login: migrate with the owner's address")
    from msp.kernel import migrate as migrations

    with embedded.running(settings):
        migrations.upgrade(settings)
    click.echo(f"The database {settings.database_name} is at its newest shape.")


@msp.command()
def doctor() -> None:
    """Check this installation and say how to fix each problem. Exit code 1 if there is one."""
    from msp import doctor as checks

    sys.exit(checks.report(say=click.echo))


@msp.group()
def token() -> None:
    """Tokens of the REST API."""


@token.command("create")
@click.option("--email", required=True, help="Whom the token acts as.")
@click.option(
    "--scope", "--role", "scope", type=click.Choice(["admin", "staff", "client"]), required=True,
    help="What it may do at most.",
)  # fmt: skip
@click.option("--name", required=True, help="What it is for, to recognise it later.")
@click.option("--days", type=click.IntRange(1, 3650), help="It expires after so many days; without it, never.")
def token_create(email: str, scope: str, name: str, days: int | None) -> None:
    """Make a token and print it: this once, since only its hash is kept."""
    from msp.kernel import clock as now
    from msp.people.tokens import create_token

    at = now.now()
    with _system_work():
        made = create_token(email, scope, name, at=at, expires_at=at + timedelta(days=days) if days else None)
    click.echo(made)


@token.command("list")
@click.option("--all", "shows_all", is_flag=True, help="Revoked ones too.")
def token_list(shows_all: bool) -> None:
    """List tokens, newest first: id, scope, address, name, made, last used, expiry, revoked. Times are in UTC."""
    from msp.people.tokens import tokens_page

    with _system_work():
        found = [each for each in tokens_page(limit=10_000) if shows_all or each.revoked_at is None]
        lines = [_token_line(each) for each in found]
    for line in lines:
        click.echo(line)


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
def token_revoke(token_id: UUID) -> None:
    """Let the token with this id (msp token list) open nothing from now on."""
    from msp.kernel import clock as now
    from msp.people.tokens import revoke_token

    with _system_work():
        revoke_token(token_id, at=now.now())
    click.echo("Revoked.")


@msp.command("setup-code")
def print_setup_code() -> None:
    """Print the code that creates the first administrator at PUBLIC_URL/setup, until staff have accounts."""
    from msp.people.first_administrator import has_staff_account, setup_code

    settings = _settings_with_servers()
    with _system_work():
        is_set_up = has_staff_account()
    if is_set_up:
        raise StartError("Somebody of staff has an account already; `msp administrator` adds another administrator")
    click.echo(setup_code(settings.secret_key))


@msp.command()
@click.option("--email", required=True, help="The address to sign in with.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--locale", default="es", type=click.Choice(["es", "en"]), show_default=True)
@click.option("--timezone", default="Europe/Madrid", show_default=True)
def administrator(email: str, name: str, locale: str, timezone: str) -> None:
    """Add an administrator who can sign in, and print a password for the first time. Start an empty desk with it."""
    from secrets import token_urlsafe

    from msp.kernel import clock as now
    from msp.people.actions import add_account, add_person

    password, at = token_urlsafe(12), now.now()
    with _system_work() as session:
        person = add_person(
            client_id=None, name=name, email=email, role="administrator", locale=locale, timezone=timezone, at=at
        )
        session.flush()
        add_account(person, password=password, at=at)
    click.echo(f"{email} can sign in with the password {password} and should change it then.")


@msp.command()
@click.argument("file")
@click.option("--encrypt/--plain", default=None, help="Seal it with a passphrase; so it is where one is configured.")
@click.option("--passphrase-file", type=click.Path(dir_okay=False, exists=True), help="Read the passphrase there.")
@click.option("--verify", is_flag=True, help="Make none: read FILE whole and say whether it is as it was written.")
def backup(file: str, encrypt: bool | None, passphrase_file: str | None, verify: bool) -> None:
    """Save the whole desk into FILE (- is standard output), while it serves or stands still.

    One instant of the whole database, and every stored file. A sealed backup also carries the keys that stored secrets
    are read with (MSP_ENCRYPTION_KEYS, SECRET_KEY); a plain one carries none of them: keep those elsewhere. The
    passphrase comes from MSP_BACKUP_PASSPHRASE (or _FILE), from --passphrase-file, or is asked for.
    """
    from msp.backup import commands

    settings = Settings.from_env()
    with _backup_faults():
        if verify:
            commands.check(settings, file, passphrase_file=passphrase_file)
        else:
            commands.save(settings, file, encrypt=encrypt, passphrase_file=passphrase_file)


@msp.command()
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what is in this installation; without it, only an empty one.")
@click.option("--other-keys", is_flag=True, help="Go on although the keys of here cannot read the backup's secrets.")
@click.option("--keys-to", type=click.Path(file_okay=False, path_type=Path), help="Only take the keys out, into here.")
@click.option("--passphrase-file", type=click.Path(dir_okay=False, exists=True), help="Read the passphrase there.")
def restore(file: Path, replace: bool, other_keys: bool, keys_to: Path | None, passphrase_file: str | None) -> None:
    """Bring the desk saved in FILE back, and migrate it to this version. The desk must not run meanwhile.

    FILE is read whole and compared first. All of it comes back or nothing does: until the last moment, whatever fails
    leaves this installation as it was. Needs the database owner's address, as msp migrate does.
    """
    from msp.backup import commands

    settings = Settings.from_env()
    with _backup_faults():
        if keys_to:
            commands.take_keys(settings, file, keys_to, passphrase_file=passphrase_file)
            return
        commands.restore(settings, file, passphrase_file=passphrase_file, replaces=replace, other_keys=other_keys)


def _running(settings: Settings) -> Any:
    """The module with the plan and the application: a demonstration's is in a checkout, not in an installed wheel."""
    if not settings.is_demo:
        from msp import running

        return running
    if not find_spec("msp.demo"):
        raise StartError("MSP_ENV=demo needs a checkout of the source; set MSP_ENV=production")
    return import_module("msp.demo.running")


def _add_commands_of_a_checkout() -> None:
    for name in ("demo", "bench"):
        if find_spec(f"msp.{name}"):
            msp.add_command(getattr(import_module(f"msp.{name}.commands"), name))


_add_commands_of_a_checkout()


def _token_line(token: ApiToken) -> str:
    times = (token.created_at, token.last_used_at, token.expires_at, token.revoked_at)
    written = (each.isoformat(timespec="minutes") if each else "-" for each in times)
    return "\t".join((str(token.id), token.role, token.person.email or "-", token.name, *written))


@contextmanager
def _backup_faults() -> Iterator[None]:
    from msp.backup import BackupError

    try:
        yield
    except BackupError as fault:
        raise click.ClickException(str(fault)) from fault


@contextmanager
def _system_work() -> Iterator[Session]:
    """One unit of work as the system, beside a running desk or with the servers started for it."""
    from msp.kernel.db import Scope, work
    from msp.kernel.errors import Refusal
    from msp.kernel.migrate import upgrade as migrate_database

    settings = Settings.from_env()
    app = _running(settings).load_app(settings)
    with embedded.running(settings) if not embedded.are_up(settings) else nullcontext(), app.app_context():
        if settings.owns_database:
            migrate_database(settings)
        try:
            with work(Scope.system()) as session:
                yield session
        except Refusal as refusal:
            fields = getattr(refusal, "fields", {})
            raise StartError(f"Refused: {refusal.code} {fields or ''}".strip()) from refusal


def _settings_with_servers() -> Settings:
    """Settings of a single process, which takes the servers as it finds them."""
    settings = Settings.from_env()
    if not embedded.are_up(settings):
        raise StartError("The embedded servers are not up: use `msp run`, or set DATABASE_URL and REDIS_URL")
    return settings
