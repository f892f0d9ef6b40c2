"""Backup while the desk serves, and restore: all of it or nothing."""

import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from msp.backup import BackupError, archive, restore, save, verify
from msp.backup.archive import BackupManifest
from msp.config import Settings, libpq_url
from msp.kernel import clock, migrate
from msp.kernel import settings as kernel_settings
from msp.kernel.db import Scope, db, work
from tests.backup.installation import furnish, rows, rules, stored
from tests.databases import as_owner, as_root, own_database
from tests.drills.desk import clean_environment
from tests.world import World

WORDS = "correct horse battery staple"
MSP = [sys.executable, "-c", "from msp.cli import main; main()"]


@pytest.fixture
def desk(app: Flask, world: World, settings: Settings) -> Iterator[Settings]:
    """A filled desk."""
    furnish(world)
    yield settings
    shutil.rmtree(settings.home / "files", ignore_errors=True)


@pytest.fixture
def empty(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """An installation that was never started, on a database whose owner has no special rights."""
    with own_database(settings, "restored") as made:
        yield replace(made, home=tmp_path / "home")


def saved(settings: Settings, path: Path, *, passphrase: str = "") -> BackupManifest:
    with path.open("wb") as target:
        return save(settings, target, passphrase=passphrase, at=clock.now())


def brought(settings: Settings, path: Path, *, passphrase: str = "", replaces: bool = False) -> BackupManifest:
    return restore(settings, path, passphrase=passphrase, replaces=replaces, other_keys=False)


@pytest.mark.parametrize("passphrase", ["", WORDS], ids=["plain", "sealed"])
def test_everything_comes_back(desk: Settings, empty: Settings, tmp_path: Path, passphrase: str) -> None:
    path = tmp_path / "backup"
    made = saved(desk, path, passphrase=passphrase)
    assert verify(path, passphrase) == made
    assert brought(empty, path, passphrase=passphrase) == made
    before = rows(desk)
    assert rows(empty) == before
    assert made.rows == sum(map(len, before.values())) - 1  # the revision itself is not one of its rows
    assert len(before["invoice_record"]) == 1 and len(before["ticket"]) == 2
    assert stored(empty.home) == stored(desk.home) != {}
    assert rules(empty) == rules(desk)


def test_what_came_back_is_as_frozen_and_as_closed_as_before(desk: Settings, empty: Settings, tmp_path: Path) -> None:
    saved(desk, tmp_path / "backup")
    brought(empty, tmp_path / "backup")
    with as_root(empty) as root, pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="frozen"):
        root.execute("update invoice set state = 'draft'")
    with psycopg.connect(libpq_url(empty.app_database_url), autocommit=True) as login:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute("select 1 from ticket")
        login.execute("set role msp_client")
        login.execute("select set_config('msp.client_id', (%s), false)", [client_of(empty, "LOZ")])
        assert login.execute("select count(*) from ticket").fetchone() == (1,)
        login.execute("reset role; set role msp_system")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute("delete from event")


def client_of(settings: Settings, code: str) -> str:
    with as_root(settings) as root:
        return str(root.execute("select id from client where code = %s", [code]).fetchone()[0])  # type: ignore[index]


def test_numbers_go_on_where_they_were(desk: Settings, empty: Settings, tmp_path: Path) -> None:
    with as_root(desk) as root:
        root.execute("select setval('event_seq_seq', 12345)")  # rows were inserted and deleted
    saved(desk, tmp_path / "backup")
    brought(empty, tmp_path / "backup")
    with as_root(empty) as root:
        assert root.execute("select nextval('event_seq_seq')").fetchone() == (12346,)


def test_an_older_backup_is_brought_to_the_newest_shape(desk: Settings, empty: Settings, tmp_path: Path) -> None:
    with own_database(desk, "older") as older:
        older = replace(older, home=tmp_path / "older")
        migrate.upgrade(older, revision="0001")
        with as_owner(older) as owner:
            owner.execute("set role msp_system")
            owner.execute(
                "insert into calendar (id, name, timezone, holiday_set, created_at)"
                " values (gen_random_uuid(), 'old', 'UTC', '{}', now())"
            )
        assert saved(older, tmp_path / "backup").revision == "0001"
    brought(empty, tmp_path / "backup")
    with as_root(empty) as root:
        assert root.execute("select name from calendar").fetchall() == [("old",)]
    assert rules(empty) == rules(desk)


def test_a_backup_under_writers_is_one_instant(app: Flask, world: World, empty: Settings, settings: Settings) -> None:
    """Each unit of work writes into the first table that is copied and into one of the last."""
    stop, path = threading.Event(), empty.home / "backup"
    empty.home.mkdir()

    def write() -> None:
        with psycopg.connect(libpq_url(settings.app_database_url)) as connection:
            while not stop.is_set():
                connection.execute("set local role msp_system")
                connection.execute(
                    "with made as (insert into calendar (id, name, timezone, holiday_set, created_at)"
                    " values (gen_random_uuid(), 'both', 'UTC', '{}', now()) returning id)"
                    " insert into setting (name, value, updated_at) select id::text, '{}', now() from made"
                )
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.3)
        made = [saved(settings, path.with_suffix(f".{number}")) for number in range(3)]
    finally:
        stop.set()
        writer.join()
    assert len({each.tables["calendar"].rows - each.tables["setting"].rows for each in made}) == 1
    assert 10 < made[0].tables["setting"].rows < made[-1].tables["setting"].rows
    brought(empty, path.with_suffix(".2"))
    with as_root(empty) as root:
        alone = (
            "select 1 from calendar c full join setting s on s.name = c.id::text where c.name = 'both' and s is null"
        )
        assert root.execute(alone).fetchall() == []


# ------------------------------------------------------------------- refusals


@pytest.fixture
def kept(desk: Settings, tmp_path: Path) -> Iterator[tuple[Settings, Path]]:
    """A filled desk that is not in the backup file: nothing may change it."""
    path = tmp_path / "kept"
    saved(desk, path, passphrase=WORDS)
    with work(Scope.system()):
        kernel_settings.write("said since", {})
    before = rows(desk), stored(desk.home), rules(desk)
    yield desk, path
    assert (rows(desk), stored(desk.home), rules(desk)) == before


def unserved(app: Flask) -> None:
    """Close the connections of this process, which count as a running desk."""
    db.session.remove()
    db.engine.dispose()


def test_an_installation_with_something_in_it_is_not_replaced_unless_told(
    app: Flask, kept: tuple[Settings, Path]
) -> None:
    desk, path = kept
    unserved(app)
    with pytest.raises(BackupError, match="not empty"):
        brought(desk, path, passphrase=WORDS)


def test_nobody_is_restored_under_a_desk_that_runs(app: Flask, kept: tuple[Settings, Path]) -> None:
    desk, path = kept
    unserved(app)
    with psycopg.connect(libpq_url(desk.app_database_url)), pytest.raises(BackupError, match="The desk is running"):
        brought(desk, path, passphrase=WORDS, replaces=True)


@pytest.mark.parametrize("what", ["cut", "changed", "passphrase", "nothing"])
def test_a_file_that_is_not_as_it_was_written_touches_nothing(
    app: Flask, kept: tuple[Settings, Path], what: str
) -> None:
    desk, path = kept
    unserved(app)
    raw, passphrase = path.read_bytes(), WORDS
    if what == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    elif what == "changed":
        path.write_bytes(raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:])
    elif what == "nothing":
        path.write_bytes(b"no backup")
    else:
        passphrase = "another one, long enough"
    with pytest.raises(BackupError, match="passphrase is wrong" if what == "passphrase" else "damaged|cut off"):
        brought(desk, path, passphrase=passphrase, replaces=True)


def rewritten(path: Path, change: dict[str, bytes], *, drops: str = "") -> None:
    """Rewrite a plain backup with some members changed, as somebody who knows the format could."""
    members: list[tuple[str, bytes]] = []
    with archive.reading(path, "") as found:
        members = [(name, content.read()) for name, content in found]
    with path.open("wb") as target, archive.writing(target, "") as writer:
        for name, content in members:
            if name != drops:
                writer.add(name, change.get(name, content))


@pytest.mark.parametrize("what", ["table", "file", "manifest", "left out", "cut"])
def test_a_plain_file_that_was_changed_is_refused(desk: Settings, tmp_path: Path, what: str) -> None:
    path = tmp_path / "plain"
    saved(desk, path)
    with tarfile.open(path) as tar:
        names = tar.getnames()
    file = next(name for name in names if name.startswith("files/"))
    if what == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    else:
        change = {"table": {"tables/client/00000": b""}, "file": {file: b"other"}}.get(what, {})
        rewritten(path, change, drops={"manifest": "manifest.json", "left out": file}.get(what, ""))
    with pytest.raises(BackupError, match=r"damaged|changed|cut off"):
        verify(path, "")


def test_a_fault_in_the_middle_leads_back_to_what_was_there(app: Flask, desk: Settings, tmp_path: Path) -> None:
    """All people are removed from a backup and its manifest corrected: the foreign keys refuse it at the very end."""
    path = tmp_path / "backup"
    saved(desk, path)
    with archive.reading(path, "") as found:
        manifest = json.loads({name: content.read() for name, content in found}["manifest.json"])
    nothing = {"rows": 0, "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    manifest["tables"]["person"] |= nothing
    rewritten(path, {"manifest.json": json.dumps(manifest).encode()}, drops="tables/person/00000")
    extra = desk.home / "files" / "ab" / ("ab" * 32)
    extra.parent.mkdir(exist_ok=True)
    extra.write_bytes(b"of the desk that stays")
    kept = [path for path in (desk.home / "files").glob("[0-9a-f][0-9a-f]/*") if path != extra]
    kept[0].unlink()  # would be restored with the backup
    before = rows(desk), stored(desk.home), rules(desk)
    unserved(app)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        brought(desk, path, replaces=True)
    assert (rows(desk), stored(desk.home), rules(desk)) == before


def test_a_restore_that_is_killed_leads_back_too(app: Flask, desk: Settings, empty: Settings, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    saved(desk, path)
    brought(empty, path)
    before = rows(empty)
    killed_at = 0
    for number in range(2):
        process = subprocess.Popen(
            [*MSP, "restore", str(path), "--replace"], env=told(empty), stderr=subprocess.DEVNULL
        )
        with as_root(empty) as root:
            schema = "select count(*) from pg_namespace where nspname = 'before_restore'"
            while root.execute(schema).fetchone() == (0,) and process.poll() is None:
                time.sleep(0.002)
            time.sleep(0.6 * number)
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed_at += root.execute(schema).fetchone() == (1,)
    assert killed_at >= 1  # in the middle
    ran = subprocess.run([*MSP, "restore", str(path)], env=told(empty), capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "not empty" in ran.stderr, ran.stderr
    assert rows(empty) == before
    with as_root(empty) as root:
        assert root.execute("select count(*) from pg_namespace where nspname = 'before_restore'").fetchone() == (0,)
    ran = subprocess.run(
        [*MSP, "restore", str(path), "--replace"], env=told(empty), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert rows(empty) == before


def test_replacing_leaves_nothing_of_what_was_there(
    app: Flask, desk: Settings, empty: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    saved(desk, path)
    brought(empty, path)
    with as_root(empty) as root:
        root.execute("insert into setting values ('mine', '{}', now())")
    other = empty.home / "files" / "cd" / ("cd" * 32)
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(b"mine")
    brought(empty, path, replaces=True)
    assert rows(empty) == rows(desk) and stored(empty.home) == stored(desk.home)


def test_other_keys_are_refused_before_anything_is_touched(desk: Settings, empty: Settings, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    saved(desk, path)
    other = replace(empty, encryption_keys=("A" * 10 + "bcdefghijklmnopqrstuvwxyz0123456=",))
    with pytest.raises(BackupError, match="MSP_ENCRYPTION_KEYS of this installation cannot read"):
        brought(other, path)
    with as_root(empty) as root:
        assert root.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)
    restore(other, path, passphrase="", replaces=False, other_keys=True)
    assert rows(other) == rows(desk)


def test_damaged_and_missing_files_are_told_and_stop_nothing(desk: Settings, tmp_path: Path) -> None:
    [file] = (desk.home / "files").glob("??/*")
    file.write_bytes(b"rotten")
    made = saved(desk, tmp_path / "damaged")
    assert list(made.damaged) == [file.name] and verify(tmp_path / "damaged", "") == made
    file.unlink()
    assert saved(desk, tmp_path / "missing").missing == [file.name]


def test_a_plain_backup_holds_no_key(desk: Settings, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    saved(desk, path)
    with tarfile.open(path) as tar:  # readable by anybody
        content = b"".join(tar.extractfile(member).read() for member in tar)  # type: ignore[union-attr]
    for key in (*desk.encryption_keys, desk.secret_key, "xoxb-lozano-0001"):
        assert key.encode() not in content
    assert b"Ferreter" in content


# ------------------------------------------------------------------- commands


def told(settings: Settings, **more: str) -> dict[str, str]:
    return clean_environment(
        MSP_HOME=str(settings.home),
        MSP_ENV="demo",
        DATABASE_URL=settings.database_url,
        REDIS_URL=settings.redis_url,
        SECRET_KEY=settings.secret_key,
        MSP_ENCRYPTION_KEYS=",".join(settings.encryption_keys),
        **more,
    )


def test_a_backup_flows_through_standard_output(desk: Settings, tmp_path: Path) -> None:
    ran = subprocess.run([*MSP, "backup", "-"], env=told(desk), capture_output=True, check=True)
    path = tmp_path / "through"
    path.write_bytes(ran.stdout)
    assert verify(path, "").rows > 50
    assert b"Saved: the desk of" in ran.stderr
    with tarfile.open(fileobj=io.BytesIO(ran.stdout)) as tar:
        assert tar.getnames()[-1] == "manifest.json"


def test_an_existing_file_is_not_written_over(desk: Settings, tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("mine")
    ran = subprocess.run([*MSP, "backup", str(path)], env=told(desk), capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "is there already" in ran.stderr
    assert path.read_text() == "mine"
    assert list(tmp_path.glob(".there*")) == []


def test_a_passphrase_is_configured_once_and_seals_from_then_on(desk: Settings, tmp_path: Path) -> None:
    path, words = tmp_path / "sealed", tmp_path / "words"
    words.write_text(f"{WORDS}\n")
    subprocess.run(
        [*MSP, "backup", str(path)],
        env=told(desk, MSP_BACKUP_PASSPHRASE_FILE=str(words)),
        capture_output=True,
        check=True,
    )
    assert path.stat().st_mode & 0o077 == 0
    ran = subprocess.run(
        [*MSP, "backup", "--verify", str(path)], env=told(desk), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1 and "give its passphrase" in ran.stderr
    ran = subprocess.run(
        [*MSP, "backup", "--verify", "--passphrase-file", str(words), str(path)],
        env=told(desk),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0 and "Whole, and as it was written" in ran.stderr
    ran = subprocess.run(
        [*MSP, "restore", str(path), "--keys-to", str(tmp_path / "keys"), "--passphrase-file", str(words)],
        env=told(desk),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tmp_path / "keys" / "secret-key").read_text() == desk.secret_key, ran.stderr
