"""Every fault that the doctor knows: it is reported with its fix, and no longer once it is fixed."""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import update

from msp import doctor, embedded
from msp.calendars.queries import access_calendar
from msp.config import Settings
from msp.doctor import database, holidays, machine, outside, queue, work
from msp.doctor.finding import Check
from msp.kernel import clock, heartbeats, inbox, migrate, wake
from msp.kernel import settings as kernel_settings
from msp.kernel.db import Scope
from msp.kernel.db import work as unit_of_work
from msp.kernel.inbox import Inbound
from msp.sla.models import Clock
from msp.tickets.opening import Request, open_ticket
from tests.backup.installation import furnish
from tests.databases import as_owner, as_root
from tests.world import World


def faults(settings: Settings, *checks: Check) -> dict[str, str]:
    """Faults and their fixes; that nobody has a password in these tests is left out (tests/test_cli.py)."""
    found = [finding for check in checks for finding in check(settings) if finding.level == "fault"]
    found = [finding for finding in found if finding.what != "0 administrator(s) can sign in"]
    assert all(finding.fix for finding in found)
    return {finding.what: finding.fix for finding in found}


def notes(settings: Settings, check: Check) -> dict[str, str]:
    return {finding.what: finding.fix for finding in check(settings) if finding.level == "note"}


def one(found: dict[str, str]) -> tuple[str, str]:
    assert len(found) == 1, found
    return next(iter(found.items()))


DATABASE, WORK, QUEUE = database.database_answers, work.work_is_processed, queue.queue_answers
UNSAFE = "is off: a power cut loses what was accepted"  # the tests' own server has durability switched off


def at_work(settings: Settings) -> dict[str, str]:
    """Faults of the WORK checks at the real current time, which the database uses too."""
    clock.advance(datetime.now(UTC) - clock.now())
    return faults(settings, WORK)


# -------------------------------------------------------------------- machine


def production(settings: Settings, **more: object) -> Settings:
    return replace(settings, env="production", public_url="https://desk.example.com", **more)  # type: ignore[arg-type]


def test_production_at_an_address_of_this_machine(settings: Settings) -> None:
    what, fix = one(
        faults(replace(settings, env="production", public_url="http://127.0.0.1:8000"), machine.settings_are_recognised)
    )
    assert "not https" in what and "PUBLIC_URL" in fix
    assert faults(production(settings), machine.settings_are_recognised) == {}


def test_metrics_without_a_token_in_production(settings: Settings) -> None:
    assert "METRICS_TOKEN" in one(notes(production(settings), machine.settings_are_recognised))[1]
    token = "a-token-that-nobody-guesses-0123"
    assert notes(production(settings, metrics_token=token), machine.settings_are_recognised) == {}


def test_a_weak_session_key(settings: Settings) -> None:
    what, fix = one(faults(production(settings, secret_key="secret"), machine.secrets_are_secret))
    assert what.startswith("SECRET_KEY") and "openssl rand" in fix


def test_a_secret_that_others_may_read(settings: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "secrets"
    kept.mkdir(mode=0o700)
    key = kept / "encryption_keys"
    key.touch(mode=0o644)
    what, fix = one(faults(replace(settings, home=tmp_path), machine.secrets_are_secret))
    assert what == f"{key} can be read by others" and fix == f"chmod go= {key}"
    key.chmod(0o600)
    assert faults(replace(settings, home=tmp_path), machine.secrets_are_secret) == {}


def test_a_disk_that_is_nearly_full(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(settings, machine.disk_has_space) == {}
    monkeypatch.setattr(machine, "LEAST_DISK", 10**18)
    what, fix = one(faults(settings, machine.disk_has_space))
    assert "are free for" in what and fix.startswith("Free at least")


def test_pages_that_nobody_built(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(settings, machine.pages_are_built) == {}
    monkeypatch.setattr(machine, "PACKAGE", tmp_path)
    found = faults(settings, machine.pages_are_built)
    assert found == {"web assets: missing": "make setup", "the Spanish catalogue: missing": "make setup"}


@pytest.mark.parametrize(
    ("line", "level"), [("# version 2019c", "fault"), ("# version 2025b", "note"), ("# version 2099a", "ok")]
)
def test_time_zones_of_long_ago(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, level: str
) -> None:
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Madrid").touch()
    (tmp_path / "tzdata.zi").write_text(f"{line}\n# more\n")
    monkeypatch.setattr("zoneinfo.TZPATH", (str(tmp_path),))
    [found] = machine.time_zones_are_known_and_new(settings)
    assert found.level == level and ("tzdata" in found.fix) == (level != "ok")


def test_a_server_that_complained(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "postgres.log"
    log.write_text("LOG:  database system is ready\n")
    assert faults(replace(settings, home=tmp_path), machine.logs_are_quiet) == {}
    log.write_text("LOG:  ready\nERROR:  could not extend file: No space left on device\n")
    what, fix = one(faults(replace(settings, home=tmp_path), machine.logs_are_quiet))
    assert "No space left" in what and str(log) in fix


# -------------------------------------------------------------------- outside


@contextmanager
def listener(answer: bytes = b"") -> Iterator[int]:
    """A server that answers `answer` to every connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line, suppress(OSError):  # the client disconnects if it refuses the answer
                line.sendall(answer)
                line.recv(100)
                line.sendall(b"250 ok\r\n" if answer else b"")
                line.recv(100)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("Slack", "SLACK_API_URL"),
        ("Teams' tokens", "TEAMS_TOKEN_URL"),
        ("Teams' keys", "TEAMS_OPENID_METADATA_URL"),
        ("Stripe", "STRIPE_API_BASE"),
        ("The mail server", "SMTP_URL"),
    ],
)
def test_a_service_that_cannot_be_reached(settings: Settings, name: str, setting: str) -> None:
    is_mail = setting == "SMTP_URL"
    kept = settings.stripe_api_key if name == "Stripe" else ""
    nobody = NOBODY.replace("http", "smtp") if is_mail else NOBODY
    alone = with_setting(only(settings, setting, stripe=kept), setting, nobody)
    mine = {what: fix for what, fix in faults(alone, outside.services_can_be_reached).items() if what.startswith(name)}
    what, fix = one(mine)
    assert f"{name} cannot be reached at 127.0.0.1: Connection refused" in what and setting in fix
    with listener(b"220 mail\r\n" if is_mail else b"") as port:
        there = with_setting(alone, setting, f"{'smtp' if is_mail else 'http'}://127.0.0.1:{port}")
        assert not [what for what in faults(there, outside.services_can_be_reached) if what.startswith(name)]


def test_a_service_that_speaks_no_tls(settings: Settings) -> None:
    with listener(b"this is no TLS at all") as port:
        url = f"https://127.0.0.1:{port}/api/"
        alone = with_setting(only(settings, "SLACK_API_URL"), "SLACK_API_URL", url)
        assert "Slack cannot be reached" in one(faults(alone, outside.services_can_be_reached))[0]


def only(settings: Settings, name: str, *, stripe: str = "") -> Settings:
    """Settings with the one integration that `name` belongs to."""
    off = {key: "" for key in ("SLACK_SIGNING_SECRET", "TEAMS_APP_ID", "SMTP_URL") if key[:4] != name[:4]}
    return replace(settings, stripe_api_key=stripe).with_values(**off, MAIL_FROM="desk@example.com")


def with_setting(settings: Settings, name: str, value: str) -> Settings:
    """Settings with another value of a setting: a declared one, or Stripe's."""
    if name in settings.declared:
        return settings.with_values(**{name: value})
    return replace(settings, **{name.lower(): value})  # type: ignore[arg-type]


# ---------------------------------------------------------------------- queue


def test_nobody_at_work(app: Flask, settings: Settings) -> None:
    what, fix = one(faults(production(settings), QUEUE))
    assert what == "no worker is at work" and "msp worker" in fix
    assert what in notes(settings, QUEUE)  # an idle demonstration is not a fault
    heartbeats.beat(heartbeats.WORKERS)
    heartbeats.beat(heartbeats.TICKS, "clock")
    assert faults(production(settings), QUEUE) == {}


def test_a_clock_that_does_not_tick(app: Flask, settings: Settings) -> None:
    heartbeats.beat(heartbeats.WORKERS)
    assert "nothing ticks" in one(faults(settings, QUEUE))[0]
    heartbeats.beat(heartbeats.TICKS, "worker")
    assert "workers tick in its place" in one(faults(settings, QUEUE))[0]
    seconds, _ = wake.connection().time()
    wake.connection().zadd(heartbeats.TICKS, {"clock": seconds - 60, "worker": seconds - 30})
    what, fix = one(faults(settings, QUEUE))
    assert "nothing ticks" in what and "msp clock" in fix


def test_a_queue_that_is_not_there(settings: Settings) -> None:
    what, fix = one(faults(replace(settings, redis_url="unix:///nowhere/valkey.sock"), QUEUE))
    assert what.startswith("the queue cannot be reached") and "REDIS_URL" in fix


def test_a_full_queue(app: Flask, settings: Settings) -> None:
    heartbeats.beat(heartbeats.WORKERS)
    heartbeats.beat(heartbeats.TICKS, "clock")
    used = int(wake.connection().info("memory")["used_memory"])
    wake.connection().config_set("maxmemory", int(used * 1.05))
    try:
        what, fix = one(faults(settings, QUEUE))
    finally:
        wake.connection().config_set("maxmemory", 0)
    assert "of its memory" in what and "maxmemory" in fix


# ------------------------------------------------------------------- database


def test_a_database_that_is_not_there(settings: Settings) -> None:
    elsewhere = replace(settings, database_url="postgresql+psycopg://owner:x@127.0.0.1:1/desk")
    what, fix = one(faults(elsewhere, DATABASE))
    assert "cannot be used as" in what and "Check DATABASE_URL" in fix


def newest() -> str:
    """The newest revision, at which the tables should be."""
    return str(ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head())


@pytest.mark.parametrize(
    ("breaks", "repairs", "what", "fix"),
    [
        ("alter role {login} superuser", "alter role {login} nosuperuser", "may do more", "msp migrate"),
        ("alter role {login} createrole", "alter role {login} nocreaterole", "may do more", "msp migrate"),
        ("grant pg_monitor to {login}", "revoke pg_monitor from {login}", "may also be pg_monitor", "revoke"),
        ("grant select on ticket to public", "revoke select on ticket from public", "may read ticket", "revoke"),
        ("revoke msp_staff from {login}", "grant msp_staff to {login}", "take the roles msp_staff", "msp migrate"),
        (
            "alter table ticket no force row level security",
            "alter table ticket force row level security",
            "table ticket does not keep clients apart",
            "Restore its policy",
        ),
        (
            "update alembic_version set version_num = '0001'",
            "update alembic_version set version_num = '{head}'",
            "the tables are at 0001",
            "msp migrate",
        ),
        ("create schema before_restore", "drop schema before_restore", "a restore was cut off", "msp restore again"),
    ],
)
def test_a_database_that_was_meddled_with(settings: Settings, breaks: str, repairs: str, what: str, fix: str) -> None:
    names = {"login": settings.database_login, "head": newest()}
    before = faults(settings, DATABASE)
    with as_root(settings) as root:
        root.execute(breaks.format(**names).encode())
        try:
            found = {each: how for each, how in faults(settings, DATABASE).items() if each not in before}
        finally:
            root.execute(repairs.format(**names).encode())
    assert any(what in each and fix in how for each, how in found.items()), (found, before)
    assert faults(settings, DATABASE) == before


def test_a_role_above_the_policies() -> None:
    """Roles belong to the whole server, so this test breaks one on a separate server."""
    own = Settings.from_env({"MSP_HOME": tempfile.mkdtemp(prefix="guardia-")})
    try:
        with embedded.running(own):
            migrate.upgrade(own)
            assert faults(own, DATABASE) == {}
            with as_owner(own) as owner:
                owner.execute("alter role msp_staff bypassrls")
            what, fix = one(faults(own, DATABASE))
            assert "msp_staff is above the policies" in what
            with as_owner(own) as owner:
                owner.execute(fix.encode())
            assert faults(own, DATABASE) == {}
    finally:
        shutil.rmtree(own.home, ignore_errors=True)


def test_a_server_that_forgets(settings: Settings) -> None:
    """The tests' server does not survive a power cut, and the doctor reports it."""
    found = faults(production(settings), DATABASE)
    unsafe = {f"{name} {UNSAFE}" for name in ("fsync", "full_page_writes", "synchronous_commit")}
    assert unsafe <= found.keys() and not unsafe & faults(settings, DATABASE).keys()


def test_an_index_that_was_cut_off(app: Flask, settings: Settings) -> None:
    with as_root(settings) as root:
        root.execute("update pg_index set indisvalid = false where indexrelid = 'ix_event_seq'::regclass")
        try:
            found = faults(settings, DATABASE)
        finally:
            root.execute("update pg_index set indisvalid = true where indexrelid = 'ix_event_seq'::regclass")
    assert "concurrently" in found["the index ix_event_seq was cut off while it was built"]


def test_connections_that_run_out(settings: Settings) -> None:
    query = next(query for query, _mend in database._AILMENTS if "connections are in use" in query)
    with as_root(settings) as root:
        assert root.execute(query.encode()).fetchall() == []
        [(what,)] = root.execute(query.replace("* 0.8", "* 0.0001").encode()).fetchall()
    assert "of 1" in what or "of 2" in what


# ----------------------------------------------------------------------- work


def test_a_sound_desk(settings: Settings, world: World) -> None:
    assert at_work(settings) == {}


def test_a_clock_that_is_wrong(app: Flask, settings: Settings) -> None:
    what, fix = one(faults(settings, WORK))  # the tests' clock is frozen on a past Monday
    assert "differ by" in what and "NTP" in fix


def test_what_waits_too_long(app: Flask, settings: Settings) -> None:
    clock.advance(datetime.now(UTC) - clock.now())
    inbox.store("nobody", "e1", {}, key="k")
    with unit_of_work(Scope.system()) as session:
        session.execute(update(Inbound).values(created_at=clock.now() - timedelta(minutes=72)))
    what, fix = one(at_work(settings))
    assert what == "the oldest of 1 in the inbox waits for 1 h 12 min" and "Deliveries" in fix


def test_what_was_given_up(app: Flask, settings: Settings) -> None:
    clock.advance(datetime.now(UTC) - clock.now())
    inbox.store("nobody", "e1", {}, key="k")
    with unit_of_work(Scope.system()) as session:
        session.execute(update(Inbound).values(state="dead", reason="channel_not_found"))
    what, fix = one(at_work(settings))
    assert what == "1 of the inbox were given up" and "can be retried or discarded" in fix


def test_steps_that_nobody_takes(settings: Settings, world: World) -> None:
    clock.advance(datetime.now(UTC) - clock.now())
    with unit_of_work(Scope.client(world.lozano.id)):
        open_ticket(
            world.lozano, requester=world.marta, request=Request(subject="x", body="x", source="portal"), at=clock.now()
        )
    with unit_of_work(Scope.system()) as session:
        session.execute(update(Clock).values(next_step_at=clock.now() - timedelta(seconds=90), state="running"))
    [what] = [what for what in at_work(settings) if "escalation" in what]
    assert what.endswith("overdue, the oldest by 1 min 30 s")


def test_secrets_that_no_key_opens(settings: Settings, world: World) -> None:
    other = Fernet.generate_key().decode()
    what, fix = one(at_work(replace(settings, encryption_keys=(other,))))
    assert what == "no key opens 1 of 1 secrets in connection" and "behind the newest" in fix
    turned = replace(settings, encryption_keys=(other, *settings.encryption_keys))
    assert at_work(turned) == {}
    assert "1 secrets in connection are sealed with an older key" in notes(turned, WORK)


def test_a_time_zone_that_nobody_knows(settings: Settings, world: World) -> None:
    with as_root(settings) as root:
        root.execute("update client set timezone = 'Europe/Atlantis' where code = 'LOZ'")
    what, fix = one(at_work(settings))
    assert what == "unknown time zone Europe/Atlantis in client" and "tzdata" in fix


def test_files_that_are_missing(settings: Settings, world: World) -> None:
    key = furnish(world)
    file = settings.home / "files" / key[:2] / key
    assert not [what for what in at_work(settings) if "files" in what]
    file.unlink()
    assert "1 of the 1 newest files are missing" in at_work(settings)


def test_backups_that_are_old(app: Flask, settings: Settings) -> None:
    clock.advance(datetime.now(UTC) - clock.now())
    assert "msp backup each night" in notes(settings, WORK)["this desk was never backed up"]
    with unit_of_work(Scope.system()):
        kernel_settings.write("last_backup", {"at": (clock.now() - timedelta(hours=50)).isoformat()})
    what, fix = one(at_work(production(settings)))
    assert what == "last backed up 2 days ago" and "msp backup" in fix
    with unit_of_work(Scope.system()):
        kernel_settings.write("last_backup", {"at": (clock.now() - timedelta(hours=3)).isoformat()})
    assert at_work(production(settings)) == {}


def test_holidays_that_nobody_entered(settings: Settings, world: World) -> None:
    with unit_of_work(Scope.staff()):
        calendar = access_calendar(world.calendar.id)
        calendar.holidays.clear()
    found = faults(settings, holidays.holidays_are_known)
    this_year = clock.now().year
    fix = found[f"calendar «{world.calendar.name}» has no frozen holidays for {this_year}"]
    assert "look the year over" in fix
    assert f"has no frozen holidays for {this_year + 1}" in next(iter(notes(settings, holidays.holidays_are_known)))


def test_every_check_is_on_the_list() -> None:
    checks = {*doctor.LOCAL_CHECKS, *doctor.SERVER_CHECKS}
    for room in (machine, outside, database, queue, work):
        named = {
            value
            for name, value in vars(room).items()
            if callable(value)
            and getattr(value, "__module__", "") == room.__name__
            and not name.startswith("_")
            and getattr(value, "__annotations__", {}).get("return") == "Iterator[Finding]"
        }
        assert named and named <= checks
