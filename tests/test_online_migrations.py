"""Migrations while the desk serves: they yield to lock holders, fill in batches, build indexes concurrently."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from msp.config import Settings
from msp.kernel import migrate
from tests.databases import as_owner, as_root, own_database

STEP = """
from alembic import op
from migrations.helpers import backfill, build_index
revision, down_revision = {revision!r}, {before!r}
branch_labels = depends_on = None
def upgrade() -> None:
    {work}
"""


@pytest.fixture
def fresh(settings: Settings) -> Iterator[Settings]:
    """Settings on a separate empty database, owned by a role that is no superuser."""
    with own_database(settings, "upgrading") as made:
        yield made


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of migrations with the first one; `write` adds to it."""
    (tmp_path / "versions").mkdir()
    shutil.copy(migrate.MIGRATIONS / "env.py", tmp_path)
    shutil.copy(migrate.MIGRATIONS / "versions" / "0001_first.py", tmp_path / "versions")
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    return tmp_path


def write(tree: Path, revision: str, work: str, *, before: str = "0001") -> None:
    (tree / "versions" / f"{revision}.py").write_text(STEP.format(revision=revision, before=before, work=work))


def fill(settings: Settings, count: int) -> None:
    with as_owner(settings) as connection:
        connection.execute("set role msp_system")
        connection.execute(
            "insert into calendar (id, name, timezone, holiday_set, created_at)"
            " select gen_random_uuid(), 'c' || n, 'UTC', '{}', now() from generate_series(1, %s) n",
            [count],
        )


def test_an_owner_without_special_rights_fills_a_column_in_batches(fresh: Settings, steps: Path) -> None:
    migrate.upgrade(fresh)
    fill(fresh, 250)
    write(steps, "x2", "op.execute('alter table calendar add colour text')")
    write(steps, "x3", """backfill("calendar", "colour = 'red'", where="colour is null", batch=40)""", before="x2")
    migrate.upgrade(fresh)
    with as_owner(fresh) as connection:
        connection.execute("set role msp_system")
        assert connection.execute("select count(*) from calendar where colour = 'red'").fetchone() == (250,)
        writers = connection.execute("select count(distinct xmin::text) from calendar").fetchone()
        assert writers == (7,)  # of 40 rows each: other transactions do not wait longer


def upgrade_with_rows(
    settings: Settings, trees: Path, monkeypatch: pytest.MonkeyPatch, *, before: str, rows: str
) -> None:
    """Migrate to the step before `before`, insert rows, and migrate to the newest step."""
    every = migrate.MIGRATIONS
    later = [each.name for each in (every / "versions").glob("0*.py") if each.name >= before]
    shutil.copytree(every, trees / "migrations", ignore=shutil.ignore_patterns(*later, "__pycache__"))
    monkeypatch.setattr(migrate, "MIGRATIONS", trees / "migrations")
    migrate.upgrade(settings)
    with as_root(settings) as connection:
        connection.execute(rows)
    monkeypatch.setattr(migrate, "MIGRATIONS", every)
    migrate.upgrade(settings)


WORDS = """
set session_replication_role = replica;
insert into event (id, kind, subject_id, at, data) values
  (gen_random_uuid(), 'ticket.edited', gen_random_uuid(), now(), '{"changes": {"subject": "Clave 99", "tags": ["x"]}}'),
  (gen_random_uuid(), 'ticket.edited', gen_random_uuid(), now(), '{"changes": {}}');
insert into notification (id, client_id, person_id, kind, key, at, data) values (gen_random_uuid(), gen_random_uuid(),
  gen_random_uuid(), 'sla.warned', 'k', now(), '{"subject": "Clave 99", "label": "LOZ-1", "clock": "x"}');
insert into ticket (id, client_id, number, requester_id, subject, body, status, priority, type, source, created_at,
  updated_at) select id, id, 1, id, 'VPN', body, 'new', 'normal', 'incident', 'slack', now(), now() from (values
  ('00000000-0000-0000-0000-000000000001'::uuid, 'Clave 99'),
  ('00000000-0000-0000-0000-000000000002', 'No va')) t(id, body);
insert into message (id, client_id, ticket_id, visibility, channel, body, at, deleted_at) select gen_random_uuid(), id,
  id, 'public', 'slack', body, now(), case when body = 'Clave 99' then now() end from ticket;
"""


def test_words_leave_the_events_and_notifications_of_a_desk_that_has_some(
    fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade_with_rows(fresh, tmp_path, monkeypatch, before="0017", rows=WORDS)
    with as_root(fresh) as connection:
        events = connection.execute("select data from event order by length(data::text)").fetchall()
        assert events == [({"fields": []},), ({"fields": ["subject", "tags"]},)]
        assert connection.execute("select data from notification").fetchall() == [({"clock": "x"},)]
        assert connection.execute("select body from ticket order by id").fetchall() == [("",), ("No va",)]
        assert connection.execute("select body from message order by ticket_id").fetchall() == [("",), ("No va",)]
        right = connection.execute("select has_table_privilege('msp_system', 'event', 'update')").fetchone()
        assert right == (False,)


REPLIES_ON_THEIR_WAY = """
set session_replication_role = replica;
insert into event (id, kind, subject_id, at, data) values
  ('00000000-0000-0000-0000-000000000001', 'ticket.replied', '00000000-0000-0000-0000-00000000000a', now(), '{}'),
  ('00000000-0000-0000-0000-000000000002', 'ticket.assigned', '00000000-0000-0000-0000-00000000000a', now(), '{}');
insert into delivery (event_id, subscriber, key, state, due_at, created_at) values
  ('00000000-0000-0000-0000-000000000001', 'chat', 'chat:a', 'pending', now(), now()),
  ('00000000-0000-0000-0000-000000000002', 'chat', 'chat:a', 'pending', now(), now()),
  ('00000000-0000-0000-0000-000000000001', 'chat', 'chat:a', 'done', now(), now()),
  ('00000000-0000-0000-0000-000000000001', 'notify', 'notify:0', 'pending', now(), now());
"""


def test_replies_that_wait_are_handed_to_their_new_subscriber(
    fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade_with_rows(fresh, tmp_path, monkeypatch, before="0016", rows=REPLIES_ON_THEIR_WAY)
    with as_root(fresh) as connection:
        rows = connection.execute("select subscriber, split_part(key, ':', 1) from delivery order by id").fetchall()
    assert rows == [("replies", "ticket"), ("chat", "ticket"), ("chat", "chat"), ("notify", "notify")]


CONVERSATIONS = """
set session_replication_role = replica;
insert into conversation (id, client_id, ticket_id, platform, workspace, channel, thread, is_personal, reference,
  created_at) select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'slack', 'T1', 'C1', thread, false,
  reference::jsonb, now() from (values
  ('1', '{"direct_to": "U1", "said_in": ["C9", "5"], "question": null, "opening": "Hola"}'),
  ('2', '{"service_url": "https://x", "question": {"id": "m1", "text": "¿Ya?", "is_reopening": true}}')
  ) t(thread, reference);
"""


def test_the_state_of_conversations_moves_to_columns(
    fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade_with_rows(fresh, tmp_path, monkeypatch, before="0037", rows=CONVERSATIONS)
    columns = "direct_to, asked_in_channel, opening_text, question_id, question_text, question_reopens"
    with as_root(fresh) as connection:
        found = connection.execute(f"select {columns} from conversation order by thread").fetchall()
    assert found == [("U1", "C9", "Hola", None, None, False), (None, None, None, "m1", "¿Ya?", True)]


STORED_CODES = """
set session_replication_role = replica;
insert into event (id, kind, subject_id, at, data) values
  ('00000000-0000-0000-0000-000000000001', 'sla.warned', '00000000-0000-0000-0000-00000000000a', now(),
   '{"clock": "x", "hear": {"who": ["lead"], "by": ["mail"], "is_urgent": false}}');
insert into delivery (event_id, subscriber, key, state, due_at, created_at, reason) values
  ('00000000-0000-0000-0000-000000000001', 'nudge', 'nudge:a', 'pending', now(), now(), null),
  ('00000000-0000-0000-0000-000000000001', 'nudge_out', 'nudge:p:slack:urgent', 'pending', now(), now(), null),
  ('00000000-0000-0000-0000-000000000001', 'promises', 'promises:a', 'done', now(), now(), null),
  ('00000000-0000-0000-0000-000000000001', 'chat', 'ticket:a', 'dead', now(), now(), 'cut_off');
insert into queued_notification (delivery_id, client_id, notification_id, person_id, channel, queue,
  ignores_quiet_hours) values (2, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'slack',
  'nudge:p:slack:urgent', true);
insert into notification (id, client_id, person_id, kind, key, at, data) values (gen_random_uuid(), gen_random_uuid(),
  gen_random_uuid(), 'sla.warned', 'k', now(), '{"clock": "x", "hear": {"by": ["mail"], "is_late": true}}');
insert into chat_post (key, platform, state, tried_at) values ('nudge.2.0', 'slack', 'sent', now());
"""


def test_stored_codes_are_renamed(fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade_with_rows(fresh, tmp_path, monkeypatch, before="0042", rows=STORED_CODES)
    with as_root(fresh) as connection:
        rows = connection.execute("select subscriber, key, reason from delivery order by id").fetchall()
        queues = connection.execute(
            "select queue from queued_notification union all select key from chat_post"
        ).fetchall()
        events = connection.execute("select data from event").fetchall()
        notifications = connection.execute("select data from notification").fetchall()
        right = connection.execute("select has_table_privilege('msp_system', 'event', 'update')").fetchone()
    assert rows == [
        ("notify_schedule", "notify_schedule:a", None),
        ("notify_send", "notify_send:p:slack:urgent", None),
        ("sla_recompute", "sla_recompute:a", None),
        ("chat", "ticket:a", "crashed"),
    ]
    assert queues == [("notify_send:p:slack:urgent",), ("notification.2.0",)]
    assert events == [({"clock": "x", "recipients": {"who": ["lead"], "by": ["mail"], "is_urgent": False}},)]
    assert notifications == [({"clock": "x", "delivery": {"by": ["mail"], "is_late": True}},)]
    assert right == (False,)


def test_an_index_that_was_cut_off_is_built_anew(fresh: Settings, steps: Path) -> None:
    migrate.upgrade(fresh)
    fill(fresh, 3)
    with as_owner(fresh) as connection:
        connection.execute("set role msp_system")
        connection.execute("update calendar set name = 'same'")
    write(steps, "x2", """build_index("uq_calendar_name", "calendar", "name", is_unique=True)""")
    with pytest.raises(Exception, match="could not create unique index"):
        migrate.upgrade(fresh)
    invalid = "select indisvalid from pg_index where indexrelid = 'uq_calendar_name'::regclass"
    with as_owner(fresh) as connection:
        assert connection.execute(invalid).fetchone() == (False,)
        connection.execute("set role msp_system")
        connection.execute("update calendar set name = id::text")
    migrate.upgrade(fresh)
    with as_owner(fresh) as connection:
        assert connection.execute(invalid).fetchone() == (True,)
        assert connection.execute("select version_num from alembic_version").fetchone() == ("x2",)


def test_a_step_gives_way_to_whoever_holds_a_lock_and_is_taken_again(fresh: Settings, steps: Path) -> None:
    migrate.upgrade(fresh)
    fill(fresh, 1)
    write(steps, "x2", "op.execute('alter table client add colour text')")
    write(steps, "x3", "op.execute('alter table calendar add colour text')", before="x2")
    with as_owner(fresh) as holder, holder.transaction():
        holder.execute("lock table calendar in access share mode")
        migrating = threading.Thread(target=migrate.upgrade, args=[fresh])
        migrating.start()
        waited = longest_wait_of_a_reader(fresh, seconds=2)
        with as_owner(fresh) as other:  # the step before is done and stays done
            assert other.execute("select version_num from alembic_version").fetchone() == ("x2",)
    migrating.join(20)
    assert not migrating.is_alive()
    assert 0.3 < waited < 3  # somebody had to wait behind the step until its lock timeout
    with as_owner(fresh) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == ("x3",)


def longest_wait_of_a_reader(settings: Settings, *, seconds: float) -> float:
    longest, end = 0.0, time.monotonic() + seconds
    with as_owner(settings) as reader:
        reader.execute("set role msp_system")
        while time.monotonic() < end:
            began = time.monotonic()
            reader.execute("select count(*) from calendar")
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.01)
    return longest
