"""The chat doors under load, and how soon a card stands in the thread; Slack and Teams run here."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import psycopg

from msp.bench.load import Sample, open_loop, request
from msp.bench.preload import SLACK_APP, SLACK_BOT, SLACK_TEAM, TEAMS_TENANT
from msp.bench.report import Figure
from msp.kernel import clock
from msp.kernel.db import Json
from simulators.signing import slack_headers
from simulators.slack.server import SlackServer
from simulators.teams.server import TeamsServer

RATE, TENFOLD = 50.0, 500.0
SECONDS, TENFOLD_SECONDS = 8, 6
ACK_P99, SLACK_LIMIT, TEAMS_LIMIT = 50.0, 3000.0, 15000.0
CARD_RATE, CARDS, CARD_P95 = 20.0, 200, 1000.0
PEOPLE = 40


def acks(port: int, slack: SlackServer, teams: TeamsServer) -> list[Figure]:
    """How soon each door answers, at the usual rate and at ten times that."""
    return [
        *_door("Slack event", port, partial(_slack_events, slack), limit=SLACK_LIMIT),
        *_door("Teams activity", port, partial(_teams_activities, teams), limit=TEAMS_LIMIT),
    ]


def _door(name: str, port: int, make: Callable[[range], list[bytes]], *, limit: float) -> list[Figure]:
    open_loop(port, make(range(50)), rate=RATE)
    usual = open_loop(port, make(range(1_000, 1_000 + int(RATE * SECONDS))), rate=RATE)
    rush = open_loop(port, make(range(10_000, 10_000 + int(TENFOLD * TENFOLD_SECONDS))), rate=TENFOLD)
    return [
        Figure(f"{name} acknowledged at {RATE:.0f}/s, p99", usual.quantile(0.99), "ms", ACK_P99, _detail(usual)),
        Figure(f"{name} acknowledged at {TENFOLD:.0f}/s, slowest", rush.quantile(1.0), "ms", limit, _detail(rush)),
    ]


def forget(database_url: str) -> None:
    """Take what the doors stored out of the line: the workers' turn is measured by itself."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("update inbound set state = 'discarded' where state = 'pending'")
        owner.execute("update delivery set state = 'discarded' where state = 'pending'")
        owner.execute("vacuum analyze inbound")
        owner.execute("vacuum analyze delivery")


def cards(slack: SlackServer) -> Figure:
    """Messages in Slack at a steady rate; each is timed until its card stands in its thread."""
    _say_and_wait(slack, PEOPLE, rate=CARD_RATE)  # everybody is known from here on
    seconds = _say_and_wait(slack, CARDS, rate=CARD_RATE)
    sample = Sample(seconds, span=CARDS / CARD_RATE)
    detail = f"p50 {sample.quantile(0.5):.0f} ms, slowest {sample.quantile(1.0):.0f} ms"
    return Figure(f"message to card at {CARD_RATE:.0f}/s, p95", sample.quantile(0.95), "ms", CARD_P95, detail)


def _say_and_wait(slack: SlackServer, count: int, *, rate: float) -> list[float]:
    said: dict[str, float] = {}
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        at = clock.now().timestamp()
        ts = slack.say(SLACK_TEAM, f"U{number % PEOPLE:03}", "im", f"No imprime la número {number}", wait=False).ts
        said[ts] = at
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = {
            entry["thread_ts"]: datetime.fromisoformat(entry["at"]).timestamp()
            for entry in slack.feed.since(0, limit=100_000)["entries"]
            if entry["kind"] == "message" and entry.get("author") == "bot" and entry["thread_ts"] in said
        }
        if len(told) == count:
            return [told[ts] - at for ts, at in said.items()]
        time.sleep(0.25)
    raise RuntimeError(f"{len(told)} of {count} messages have their card after a minute")


def _slack_events(slack: SlackServer, numbers: range) -> list[bytes]:
    return [_slack_event(slack, number) for number in numbers]


def _slack_event(slack: SlackServer, number: int) -> bytes:
    event = {
        "type": "message",
        "channel": "D0BENCH",
        "channel_type": "im",
        "user": f"U{number % PEOPLE:03}",
        "team": SLACK_TEAM,
        "text": f"No imprime la número {number}: hoy no sale nada y ya la hemos reiniciado",
        "ts": f"{int(clock.now().timestamp())}.{number:06}",
    }
    return slack_request(slack, f"EvBENCH{number}", event)


def slack_request(slack: SlackServer, event_id: str, event: Json) -> bytes:
    """The bytes of a request that brings an event as Slack would, signed at this moment."""
    at = clock.now()
    body = json.dumps(
        {
            "team_id": SLACK_TEAM,
            "api_app_id": SLACK_APP,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(at.timestamp()),
            "authorizations": [{"team_id": SLACK_TEAM, "user_id": SLACK_BOT, "is_bot": True}],
            "event": event,
        }
    ).encode()
    headers = slack_headers(slack.settings.signing_secret, body=body, at=at)
    return request("POST", "/slack/events", {"Content-Type": "application/json"} | headers, body=body)


def _teams_activities(teams: TeamsServer, numbers: range) -> list[bytes]:
    service = teams.service_url(TEAMS_TENANT)
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {teams.keyring.channel_token(service)}",
    }
    return [request("POST", "/api/messages", headers, body=_teams_activity(service, number)) for number in numbers]


def _teams_activity(service: str, number: int) -> bytes:
    return json.dumps(
        {
            "type": "message",
            "id": f"17{number:011}",
            "timestamp": clock.now().isoformat(),
            "serviceUrl": service,
            "channelId": "msteams",
            "from": {"id": f"29:{number % PEOPLE}", "name": "Marta Ruiz", "aadObjectId": f"{number % PEOPLE:036}"},
            "conversation": {"conversationType": "personal", "tenantId": TEAMS_TENANT, "id": f"a:{number % PEOPLE}"},
            "recipient": {"id": "28:guardia", "name": "Guardia"},
            "text": f"No imprime la número {number}: hoy no sale nada y ya la hemos reiniciado",
            "textFormat": "plain",
            "locale": "es-ES",
            "channelData": {"tenant": {"id": TEAMS_TENANT}},
        }
    ).encode()


def _detail(sample: Sample) -> str:
    p50, p95, p99, slowest = (sample.quantile(share) for share in (0.5, 0.95, 0.99, 1.0))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, slowest {slowest:.0f} ms"
