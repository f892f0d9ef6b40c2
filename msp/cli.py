"""The installed command `msp`: run the desk whole or in parts, migrate, and ask what is wrong with it."""

from __future__ import annotations

import sys

import click

from msp import embedded, web_server
from msp.config import Settings, SettingsError
from msp.embedded import EmbeddedServerError, HomeInUse
from msp.supervisor import StartError

USAGE_FAULT = 78  # EX_CONFIG of sysexits.h


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def msp() -> None:
    """Guardia: the help desk of a managed service provider.

    The environment is described in the README; `msp doctor` says what is wrong with this installation.
    """


def main() -> None:
    """The entry point: faults that the person can mend are told without a traceback."""
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
    from msp import running, supervisor

    settings = Settings.from_env()
    supervisor.run(settings, running.desk_plan(settings), say=click.echo)


@msp.command()
@click.option("--bind", default="", help="Where to listen, such as 0.0.0.0:8000 or unix:/run/guardia.sock.")
@click.option("--workers", default=web_server.WORKERS, show_default=True, help="Processes.")
@click.option("--threads", default=web_server.THREADS, show_default=True, help="Threads of each process.")
def web(bind: str, workers: int, threads: int) -> None:
    """Serve pages, API and doors on 127.0.0.1:PORT (or --bind). Ends on SIGTERM, requests in hand first."""
    from msp.running import load_app

    settings = _settings_with_servers()
    web_server.serve(lambda: load_app(settings), settings, bind=bind, workers=workers, threads=threads)


@msp.command()
def worker() -> None:
    """Work what waits: messages that came in, deliveries that go out. Ends on SIGTERM, work in hand first."""
    from msp.kernel import jobs
    from msp.running import load_app

    jobs.run_worker(load_app(_settings_with_servers()))


@msp.command()
def clock() -> None:
    """Send the workers their tick each second, which finds deadlines that fall due. One is enough."""
    from msp.kernel import jobs
    from msp.running import load_app

    jobs.run_clock(load_app(_settings_with_servers()))


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
    """Say what is wrong with this installation and how to mend it. Exit code 1 where something is."""
    from msp import doctor as checks

    sys.exit(checks.report(say=click.echo))


def _settings_with_servers() -> Settings:
    """Settings of a single process, which takes the servers as it finds them."""
    settings = Settings.from_env()
    if not embedded.are_up(settings):
        raise StartError("The embedded servers are not up: use `msp run`, or set DATABASE_URL and REDIS_URL")
    return settings
