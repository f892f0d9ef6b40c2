"""Checks of pending work: overdue, dead, late or undecryptable rows; the last backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from msp.clients.platforms import sends_account_mails
from msp.config import Settings
from msp.doctor.finding import Check, Finding, judged
from msp.kernel import clock, timezones
from msp.operations import figures

UNDELIVERED = 300.0  # seconds
OVERDUE = 10.0  # seconds
SKEW = 1.0  # seconds
LONG_TRANSACTION = 3600.0  # seconds
BACKUP = timedelta(hours=26)
DELIVERIES = "Open Deliveries in the administration: each is listed with its reason and can be retried or discarded"


def work_is_processed(settings: Settings) -> Iterator[Finding]:
    """All checks that read tables; database errors are reported by another check."""
    engine = create_engine(settings.app_database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield from _line(figures.line(connection))
            connection.rollback()
            connection.execute(text("set local role msp_system"))
            for check in (_accounts, _queues, _escalation, _sealed, _zones, _files, _backup):
                yield from check(settings, connection)
    except SQLAlchemyError:
        return
    finally:
        engine.dispose()


def _line(line: figures.DatabaseFigures) -> Iterator[Finding]:
    text = f"this machine's clock and the database's differ by {line.skew:+.1f} s"
    yield judged(abs(line.skew) <= SKEW, text, "Correct NTP on both: due dates are as wrong as the clock")
    if line.longest_transaction > LONG_TRANSACTION:
        what = f"a transaction is open for {_long(line.longest_transaction)}"
        yield Finding("fault", what, "Unless a backup runs, end it: select * from pg_stat_activity order by xact_start")


def _accounts(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """An administrator can sign in: active, with a password or with mail to reset it."""
    query = text(
        "select count(*) from account a join person p on p.id = a.person_id where a.active and p.active"
        " and p.role = 'administrator' and (a.password is not null or :has_mail)"
    )
    count = connection.execute(query, {"has_mail": sends_account_mails(settings)}).scalar_one()
    fix = f"Open {settings.public_url}/setup with the code of `msp setup-code`, or run `msp administrator`"
    yield judged(bool(count), f"{count} administrator(s) can sign in", fix)


def _queues(_settings: Settings, connection: Connection) -> Iterator[Finding]:
    for name, model in figures.QUEUES.items():
        found = figures.backlog(connection, model, at=clock.now())
        if found.undelivered > UNDELIVERED:
            what = f"the oldest of {found.waiting} in the {name} waits for {_long(found.undelivered)}"
            yield Finding("fault", what, f"Start msp worker where none works. {DELIVERIES}")
        else:
            yield Finding("ok", f"{found.waiting} wait in the {name}")
        if found.dead:
            yield Finding("fault", f"{found.dead} of the {name} were given up", DELIVERIES)


def _escalation(_settings: Settings, connection: Connection) -> Iterator[Finding]:
    found = figures.escalation(connection, at=clock.now())
    if found.most_overdue > OVERDUE:
        what = f"{found.overdue} escalation step(s) overdue, the oldest by {_long(found.most_overdue)}"
        yield Finding("fault", what, "Start msp worker and msp clock; where they run, look into their logs")


def _sealed(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Stored secrets that no key decrypts, and those that only an older key does."""
    keys = [Fernet(key) for key in settings.encryption_keys]
    for table in connection.execute(text(_WITH_SECRETS)).scalars().all():
        query = f'select secret from "{table}" where secret is not null'  # noqa: S608
        sealed = connection.execute(text(query)).scalars().all()
        lost = sum(not _opens(MultiFernet(keys), each) for each in sealed)
        old = sum(not _opens(keys[0], each) for each in sealed) - lost
        if lost:
            fix = (
                "Add the key that they were sealed with to MSP_ENCRYPTION_KEYS, behind the newest, or enter them again"
            )
            yield Finding("fault", f"no key opens {lost} of {len(sealed)} secrets in {table}", fix)
        elif sealed:
            yield Finding("ok", f"MSP_ENCRYPTION_KEYS opens the {len(sealed)} secrets in {table}")
        if old:
            fix = "Keep the older keys in MSP_ENCRYPTION_KEYS until these are entered again"
            yield Finding("note", f"{old} secrets in {table} are sealed with an older key", fix)


_WITH_SECRETS = (
    "select table_name::text from information_schema.columns where table_schema = 'public' and column_name = 'secret'"
    " and data_type = 'text'"
)


def _opens(box: Fernet | MultiFernet, sealed: str) -> bool:
    try:
        box.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _zones(_settings: Settings, connection: Connection) -> Iterator[Finding]:
    for table in ("calendar", "client", "person"):
        used = connection.execute(text(f"select distinct timezone from {table}")).scalars().all()  # noqa: S608
        for zone in sorted(zone for zone in used if not timezones.is_known(zone)):
            fix = "Install the newest tzdata, or choose another time zone there"
            yield Finding("fault", f"unknown time zone {zone} in {table}", fix)


def _files(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """The newest stored files exist."""
    query = text("select storage_key from attachment where storage_key is not null order by id desc limit 500")
    keys = connection.execute(query).scalars().all()
    missing = [key for key in keys if not (settings.home / "files" / key[:2] / key).is_file()]
    if missing:
        fix = f"Share {settings.home / 'files'} among all processes, or bring it back from a backup"
        yield Finding("fault", f"{len(missing)} of the {len(keys)} newest files are missing", fix)


def _backup(settings: Settings, connection: Connection) -> Iterator[Finding]:
    fix = "Run msp backup each night, and keep its file elsewhere (docs/operations)"
    saved = figures.last_backup(connection)
    if saved is None:
        yield Finding("note", "this desk was never backed up", fix)
        return
    age = clock.now() - saved
    what = f"last backed up {_long(age.total_seconds())} ago"
    yield judged(age <= BACKUP, what, fix, otherwise="note" if settings.is_demo else "fault")


def _long(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes >= 48 * 60:
        return f"{minutes // 1440} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {int(seconds % 60)} s"


CHECKS: list[Check] = [work_is_processed]
