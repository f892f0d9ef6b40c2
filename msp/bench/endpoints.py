"""The chat endpoints under load, and the time until a card is posted; Slack and Teams are simulated here."""

import itertools
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import psycopg

from msp.bench.load import Sample, closed_loop, open_loop, request
from msp.bench.preload import SLACK_APP, TEAMS_TENANT
from msp.bench.report import BenchFigure
from msp.kernel import clock
from msp.kernel.db import Json
from simulators.signing import slack_headers
from simulators.slack.server import SlackServer
from simulators.slack.spread import Seat
from simulators.teams.server import TeamsServer

RATE, TENFOLD = 50.0, 500.0
SECONDS, TENFOLD_SECONDS = 8, 6
ACK_P99, SLACK_LIMIT, TEAMS_LIMIT = 50.0, 3000.0, 15000.0
CARD_RATE, CARDS, CARD_P95 = 20.0, 200, 1000.0
PEOPLE = 40  # people who write in Teams
ROUNDS, ROUND_SECONDS, CLIENTS = 5, 3.0, 8
FLOOR_OVER_OURS = 2.0  # verify, insert one row and commit in a bare Flask view may be at most twice as fast


@dataclass(frozen=True)
class Crowd:
    """The simulated Slack and the people who write in it, each at their workspace."""

    slack: SlackServer
    seats: Sequence[Seat]

    def seat(self, number: int) -> Seat:
        """The n-th seat in turn; neighbours are in different workspaces."""
        return self.seats[number % len(self.seats)]

    def bot(self, team: str) -> str:
        """The app's user in a workspace."""
        return self.slack.world.workspaces[team].install.bot_user_id


def acks(port: int, crowd: Crowd, teams: TeamsServer) -> list[BenchFigure]:
    """Acknowledgement times of each endpoint, at the usual rate and at ten times that rate."""
    return [
        *_door("Slack event", port, partial(_slack_events, crowd), limit=SLACK_LIMIT),
        *_door("Teams activity", port, partial(_teams_activities, teams), limit=TEAMS_LIMIT),
    ]


def _door(name: str, port: int, make: Callable[[range], list[bytes]], *, limit: float) -> list[BenchFigure]:
    open_loop(port, make(range(50)), rate=RATE)
    usual = open_loop(port, make(range(1_000, 1_000 + int(RATE * SECONDS))), rate=RATE)
    rush = open_loop(port, make(range(10_000, 10_000 + int(TENFOLD * TENFOLD_SECONDS))), rate=TENFOLD)
    return [
        BenchFigure(f"{name} acknowledged at {RATE:.0f}/s, p99", usual.quantile(0.99), "ms", ACK_P99, _detail(usual)),
        BenchFigure(f"{name} acknowledged at {TENFOLD:.0f}/s, slowest", rush.quantile(1.0), "ms", limit, _detail(rush)),
    ]


def throughput(port: int, floor_port: int, crowd: Crowd, *, say: Callable[[str], None]) -> BenchFigure:
    """Acknowledgements per second against the baseline on the same server, alternating: the median of the ratios."""
    ratios, seen, numbers = [], [], itertools.count(1_000_000)

    def event(_turn: int) -> bytes:
        return _slack_event(crowd, next(numbers))

    for _ in range(ROUNDS):
        rates = [closed_loop(each, event, clients=CLIENTS, seconds=ROUND_SECONDS).rate for each in (port, floor_port)]
        seen.append(f"{rates[0]:.0f} to {rates[1]:.0f}")
        ratios.append(rates[1] / rates[0])
        say(f"  acknowledgements a second, ours to the floor's: {seen[-1]}")
    name = f"Slack acknowledgements, {CLIENTS} clients: the floor's rate over ours"
    return BenchFigure(name, statistics.median(ratios), "×", FLOOR_OVER_OURS, ", ".join(seen))


def forget(database_url: str) -> None:
    """Remove what the endpoints stored from the queue: the workers are measured separately."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("update inbound set state = 'discarded' where state = 'pending'")
        owner.execute("update delivery set state = 'discarded' where state = 'pending'")
        owner.execute("vacuum analyze inbound")
        owner.execute("vacuum analyze delivery")


def cards(crowd: Crowd) -> BenchFigure:
    """Messages in Slack at a steady rate; each is timed until its card is posted in its thread."""
    _say_and_wait(crowd, len(crowd.seats), rate=CARD_RATE)  # from here on all people are known to the desk
    seconds = _say_and_wait(crowd, CARDS, rate=CARD_RATE)
    sample = Sample(seconds, span=CARDS / CARD_RATE)
    detail = f"p50 {sample.quantile(0.5):.0f} ms, slowest {sample.quantile(1.0):.0f} ms"
    return BenchFigure(f"message to card at {CARD_RATE:.0f}/s, p95", sample.quantile(0.95), "ms", CARD_P95, detail)


def _say_and_wait(crowd: Crowd, count: int, *, rate: float) -> list[float]:
    said: dict[str, float] = {}
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        at = clock.now().timestamp()
        seat = crowd.seat(number)
        said[crowd.slack.say(seat.team, seat.user, "im", f"No imprime la número {number}", wait=False).ts] = at
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = {
            entry["thread_ts"]: datetime.fromisoformat(entry["at"]).timestamp()
            for entry in crowd.slack.feed.since(0, limit=100_000)["entries"]
            if entry["kind"] == "message" and entry.get("author") == "bot" and entry["thread_ts"] in said
        }
        if len(told) == count:
            return [told[ts] - at for ts, at in said.items()]
        time.sleep(0.25)
    raise RuntimeError(f"{len(told)} of {count} messages have their card after a minute")


def _slack_events(crowd: Crowd, numbers: range) -> list[bytes]:
    return [_slack_event(crowd, number) for number in numbers]


def _slack_event(crowd: Crowd, number: int) -> bytes:
    seat = crowd.seat(number)
    event = {
        "type": "message",
        "channel": "D0BENCH",
        "channel_type": "im",
        "user": seat.user,
        "team": seat.team,
        "text": f"No imprime la número {number}: hoy no sale nada y ya la hemos reiniciado",
        "ts": f"{int(clock.now().timestamp())}.{number:06}",
    }
    return slack_request(crowd, seat.team, f"EvBENCH{number}", event)


def slack_request(crowd: Crowd, team: str, event_id: str, event: Json) -> bytes:
    """The bytes of a signed event request of a workspace, as Slack sends it, with the current time."""
    at = clock.now()
    body = json.dumps(
        {
            "team_id": team,
            "api_app_id": SLACK_APP,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(at.timestamp()),
            "authorizations": [{"team_id": team, "user_id": crowd.bot(team), "is_bot": True}],
            "event": event,
        }
    ).encode()
    headers = slack_headers(crowd.slack.settings.signing_secret, body=body, at=at)
    return request("POST", "/slack/events", {"Content-Type": "application/json"} | headers, body=body)


def _teams_activities(teams: TeamsServer, numbers: range) -> list[bytes]:
    service = teams.service_url(TEAMS_TENANT)
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {teams.core.keyring.channel_token(service)}",
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
