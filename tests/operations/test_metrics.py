"""Metrics: each figure follows its subject, costs no more than the waiting rows, and only permitted readers get it."""

import os
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from msp.clients.models import Connection
from msp.config import Settings
from msp.kernel import clock, heartbeats, inbox, wake
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.kernel.unhandled import count_unhandled
from msp.sla.models import Clock
from msp.tickets import escalation
from msp.tickets.opening import Request, open_ticket
from msp.web.request_times import RequestTimes
from tests.databases import as_root
from tests.world import World

TOKEN = "a-token-that-nobody-guesses-0123"


def figures(web: FlaskClient, **headers: str) -> dict[str, float]:
    answer = web.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_a_quiet_desk_tells_so(web: FlaskClient) -> None:
    found = figures(web)
    assert found['msp_up{server="database"}'] == found['msp_up{server="queue"}'] == 1
    for queue in ("inbox", "outbox"):
        assert found[f'msp_waiting{{queue="{queue}"}}'] == found[f'msp_dead{{queue="{queue}"}}'] == 0
        assert found[f'msp_oldest_undelivered_seconds{{queue="{queue}"}}'] == 0
    assert found["msp_escalation_steps_overdue"] == found["msp_escalation_steps_late"] == 0
    assert found["msp_disk_free_bytes"] > 0 and found["msp_database_connections_max"] > 10
    assert found['msp_database_connections{state="active"}'] >= 1
    assert "msp_last_backup_timestamp_seconds" not in found


def test_every_channel_tells_whether_it_is_on_and_of_its_connections(web: FlaskClient, world: World) -> None:
    with work(Scope.system()) as session:
        session.execute(update(Connection).where(Connection.kind == "teams").values(broken_reason="BotDisabledByAdmin"))
    found = figures(web)
    assert [found[f'msp_channel_on{{channel="{name}"}}'] for name in ("slack", "teams", "email")] == [1, 1, 0]
    assert found['msp_connections{channel="slack",state="working"}'] >= 1
    assert found['msp_connections{channel="teams",state="broken"}'] == 1
    assert not [name for name in found if name.startswith("msp_connections") and "email" in name]


def test_requests_that_nothing_handles_are_counted(web: FlaskClient) -> None:
    for _ in range(2):
        count_unhandled("teams", "installation_update")
    assert figures(web)['msp_unhandled_total{channel="teams",kind="installation_update"}'] == 2


def test_what_waits_and_what_was_given_up(web: FlaskClient) -> None:
    for number in range(3):
        inbox.store("nobody", f"e{number}", {}, key=f"k{number}")
    with work(Scope.system()) as session:
        session.execute(update(Inbound).where(Inbound.external_id == "e2").values(state="dead", reason="broken"))
        later = clock.now() + timedelta(minutes=9)
        session.execute(
            update(Inbound).where(Inbound.external_id == "e0").values(due_at=later)
        )  # tried, and again then
    clock.advance(timedelta(minutes=7))
    found = figures(web)
    assert found['msp_waiting{queue="inbox"}'] == 2 and found['msp_dead{queue="inbox"}'] == 1
    assert found['msp_oldest_undelivered_seconds{queue="inbox"}'] == 420
    assert found['msp_oldest_waiting_seconds{queue="inbox"}'] == 420
    assert found['msp_waiting{queue="outbox"}'] == 0
    with work(Scope.system()) as session:
        session.execute(update(Inbound).where(Inbound.external_id == "e1").values(state="done"))
    found = figures(web)
    assert found['msp_oldest_undelivered_seconds{queue="inbox"}'] == 420
    assert found['msp_oldest_waiting_seconds{queue="inbox"}'] == 0  # its next try is not due yet


def test_steps_that_are_overdue_and_steps_that_were_late(web: FlaskClient, world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        asked = Request(subject="No va", body="No va", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
    with work(Scope.system()) as session:
        moment = session.query(Clock.next_step_at).order_by(Clock.next_step_at).limit(1).scalar()
    assert figures(web)["msp_escalation_steps_overdue"] == 0
    clock.advance(moment - clock.now() + timedelta(seconds=90))
    found = figures(web)
    assert found["msp_escalation_steps_overdue"] == 1 and found["msp_escalation_overdue_seconds"] == 90
    assert escalation.take_due_steps() >= 1
    found = figures(web)
    assert found["msp_escalation_steps_overdue"] == 0
    assert found["msp_escalation_steps_late"] == 1 and found["msp_escalation_delay_seconds"] == 90
    clock.advance(timedelta(minutes=6))
    assert figures(web)["msp_escalation_steps_late"] == 0


def test_workers_and_ticks(web: FlaskClient) -> None:
    assert figures(web)["msp_workers"] == 0
    heartbeats.beat(heartbeats.WORKERS)
    heartbeats.beat(heartbeats.WORKERS, "another:1")
    heartbeats.beat(heartbeats.TICKS, "clock")
    found = figures(web)
    assert found["msp_workers"] == 2 and found['msp_tick_age_seconds{source="clock"}'] < 5
    seconds, _ = wake.connection().time()
    wake.connection().zadd(heartbeats.WORKERS, {"another:1": seconds - 60})  # killed a minute ago
    heartbeats.stop(heartbeats.WORKERS)
    assert figures(web)["msp_workers"] == 0


def test_the_clock_of_this_machine_against_the_databases(web: FlaskClient) -> None:
    skew = figures(web)["msp_clock_skew_seconds"]
    with work(Scope.system()) as session:
        there = session.execute(text("select clock_timestamp()")).scalar_one()
    assert skew == pytest.approx((clock.now() - there).total_seconds(), abs=30)  # the tests' clock is frozen
    clock.advance(timedelta(hours=1))
    assert figures(web)["msp_clock_skew_seconds"] == pytest.approx(skew + 3600, abs=30)


def test_a_server_that_is_away_is_told_and_hides_nothing_else(web: FlaskClient, settings: Settings) -> None:
    wake.connect("redis://127.0.0.1:1/0")
    try:
        found = figures(web)
    finally:
        wake.connect(settings.redis_url)
    assert found['msp_up{server="queue"}'] == 0 and found['msp_up{server="database"}'] == 1
    assert "msp_workers" not in found and 'msp_waiting{queue="inbox"}' in found


def test_requests_are_counted_by_endpoint(web: FlaskClient) -> None:
    def counted() -> float:
        return figures(web).get('msp_request_seconds_count{endpoint="healthz",status="2xx"}', 0.0)

    before = counted()
    web.get("/healthz")
    web.get("/healthz")
    assert counted() == before + 2
    web.get("/nowhere-at-all")
    assert figures(web)['msp_request_seconds_count{endpoint="none",status="4xx"}'] >= 1


def test_every_process_of_a_server_tells_of_all() -> None:
    times = RequestTimes(["queue", "ticket"])
    times.add("queue", 200, 0.02)
    for _ in range(3):
        child = os.fork()
        if not child:
            times.add("queue", 200, 20.0)
            os._exit(0)
        os.waitpid(child, 0)
    [found] = times.all()
    assert (found.endpoint, found.status) == ("queue", "2xx") and found.seconds == pytest.approx(60.02)
    assert found.counts == (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3)


# ------------------------------------------------------------- who may read


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_came_through_a_proxy_is_not_of_this_machine(web: FlaskClient, name: str) -> None:
    assert web.get("/metrics", headers={name: "127.0.0.1"}).status_code == 401


def test_others_are_refused(web: FlaskClient) -> None:
    answer = web.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.7"})
    assert answer.status_code == 401 and b"msp_" not in answer.data
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_with_a_token_it_is_asked_of_everybody(app: Flask, web: FlaskClient, settings: Settings) -> None:
    app.config["SETTINGS"] = replace(settings, metrics_token=TOKEN)
    try:
        assert web.get("/metrics").status_code == 401
        assert web.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 401
        assert web.get("/metrics", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401
        far = {"REMOTE_ADDR": "10.0.0.7"}
        given = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "10.0.0.7"}
        assert web.get("/metrics", headers=given, environ_overrides=far).status_code == 200
    finally:
        app.config["SETTINGS"] = settings


# ------------------------------------------------------------------- cheap


def test_no_figure_reads_what_is_done(world: World, settings: Settings) -> None:
    """The tables hold years of finished work; the plans read only rows that wait, are dead, are due or are recent."""
    with work(Scope.client(world.lozano.id)):
        asked = Request(subject="No va", body="No va", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
    with work(Scope.system()) as session:
        session.execute(
            text(
                "insert into delivery (event_id, client_id, subscriber, key, state, due_at, created_at) select e.id,"
                " e.client_id, 'x', 'k' || n, 'done', now(), now() from generate_series(1, 20000) n,"
                " (select * from event limit 1) e"
            )
        )
        session.execute(
            text(
                "insert into sla_step (clock_id, step, due_at, client_id, ticket_id, taken_at) select c.id, n % 9, at,"
                " c.client_id, c.ticket_id, at from generate_series(1, 20000) n, (select * from sla_clock limit 1) c,"
                " lateral (select timestamptz '2020-01-01' + n * interval '1 hour' as at) t"
            )
        )
    with as_root(settings) as root:
        root.execute("analyze delivery; analyze sla_step")
        for query in (
            "select count(*), min(created_at), min(due_at) from delivery where state = 'pending'",
            "select count(*) from delivery where state = 'dead'",
            "select count(*), max(taken_at - due_at) from sla_step where taken_at > '2026-11-23 09:00+00'",
        ):
            plan = "\n".join(row[0] for row in root.execute(f"explain {query}".encode()))
            assert not re.search("Seq Scan on (delivery|sla_step)", plan), plan
