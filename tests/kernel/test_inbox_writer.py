"""Messages that arrive together are stored together, each durably and once; one failure affects no other (F23)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from msp.config import Settings
from msp.kernel import inbox
from msp.kernel.db import Scope, work
from msp.kernel.inbox_writer import LINES, InboxWriter, Sought, writer
from wsgi import create_app

TOGETHER = 40


def store(app: Flask, name: str, payload: str = "x", key: str = "k", only_if: Sought | None = None) -> bool | None:
    """Whether the message is new; None if the database refused it."""
    with app.app_context():
        try:
            return inbox.store("drill", name, {"text": payload}, key=key, only_if=only_if)
        except psycopg.DataError:
            return None


def rows(sql: str) -> list[tuple[object, ...]]:
    with work(Scope.system()) as session:
        return [tuple(row) for row in session.execute(text(sql))]


def at_once(app: Flask, *names: str, payload: str = "x") -> list[bool | None]:
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(lambda name: store(app, name, payload if name != "bad" else "a\0b"), names))


@contextmanager
def held_up(app: Flask) -> Iterator[None]:
    """Blocks writes to the inbox until `release`."""
    url = app.config["SETTINGS"].database_url.replace("+psycopg", "")
    with psycopg.connect(url) as owner:
        owner.execute("lock table inbound in exclusive mode")
        app.extensions["tests_owner"] = owner
        yield


def release(app: Flask) -> None:
    app.extensions.pop("tests_owner").commit()


def test_messages_that_come_together_share_commits(app: Flask) -> None:
    """Each connection has one insert that waits for the table; all others are written together afterwards."""
    with held_up(app), ThreadPoolExecutor(TOGETHER) as pool:
        found = [pool.submit(store, app, str(number)) for number in range(TOGETHER)]
        time.sleep(0.5)
        release(app)
    assert [each.result() for each in found] == [True] * TOGETHER
    [(stored, commits)] = rows("select count(*), count(distinct xmin::text) from inbound")
    assert stored == TOGETHER
    assert isinstance(commits, int) and commits <= 2 * LINES


def test_what_comes_twice_at_once_is_new_once(app: Flask) -> None:
    assert sorted(at_once(app, *["same"] * 10), key=bool) == [False] * 9 + [True]
    assert rows("select external_id from inbound") == [("same",)]


def test_one_that_cannot_be_stored_spoils_none_of_the_others(app: Flask) -> None:
    found = at_once(app, *(str(number) for number in range(10)), "bad", *(str(number) for number in range(10, 20)))
    assert found == [True] * 10 + [None] + [True] * 10
    assert rows("select count(*) from inbound") == [(20,)]


def test_a_connection_that_was_ended_is_opened_again(app: Flask) -> None:
    assert store(app, "before")
    with work(Scope.system()) as session:
        session.execute(text("select 1"))
    rows("select 1")
    _end_idle_connections(app)
    assert store(app, "after")


def _end_idle_connections(app: Flask) -> None:
    url = app.config["SETTINGS"].database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            " and datname = current_database() and query like 'insert into inbound%'"
        )


@pytest.mark.parametrize(("key", "is_kept"), [("k", True), ("other", False)])
def test_what_waits_in_the_same_group_counts_for_what_comes_after_it(app: Flask, key: str, is_kept: bool) -> None:
    from msp.kernel.db import db
    from msp.kernel.inbox_writer import InboxRow, _Line

    def row(name: str, key: str, only_if: Sought | None) -> InboxRow:
        at = "2026-11-23T09:00:00+00:00"
        values = {"source": "drill", "external_id": name, "key": key, "priority": 1, "client_id": None, "at": at}
        return InboxRow(values, "{}", only_if=only_if)

    never = Sought("{0} = 'no'", ("yes",))
    together = [row("first", "k", None), row("second", key, never)]
    line = _Line(db.engine)
    line.write(together)
    line.hang_up()
    assert [each.is_new for each in together] == [True, is_kept]


def test_order_within_a_key_is_the_order_of_arrival(app: Flask) -> None:
    for number in range(5):
        assert store(app, f"{number}")
    assert rows("select external_id from inbound order by id") == [(str(number),) for number in range(5)]


def test_another_application_has_a_writer_of_its_own(app: Flask) -> None:
    from msp.kernel.db import db
    from msp.kernel.inbox_writer import writer

    assert writer() is writer()
    assert isinstance(writer(), InboxWriter) and InboxWriter(db.engine) is not writer()


def test_its_connections_end_with_those_of_the_engine(app: Flask, settings: Settings) -> None:
    from msp.kernel.db import db

    other = create_app(settings)
    with other.app_context():
        assert store(other, "first")
        [line] = [each for each in writer()._lines if each._connection is not None]
        connection = line._connection
        assert connection is not None and not connection.closed
        db.engine.dispose()
        assert connection.closed
        assert store(other, "second")  # over its own connection again
        db.engine.dispose()
    create_app(settings)
