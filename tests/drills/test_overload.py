"""Overload: endpoints answer in time, urgent work is processed first, and metrics show the backlog."""

import http.client
import json
import re
from datetime import UTC, datetime
from typing import Any

from msp.bench.load import open_loop, request
from simulators.signing import slack_headers
from simulators.slack.server import SlackServer
from tests.drills.conversations import CROWD, open_threads, say
from tests.drills.desk import Desk, crowding, eventually, freeze, thaw
from tests.drills.environment import SLACK_SECRET
from tests.world import SLACK_BOT_USER, SLACK_TEAM

HEAP = 150
RATE, SECONDS = 80.0, 3  # events a second, each a new ticket: far more than the workers process
SLOWEST, P99 = 1000.0, 100.0  # milliseconds
SOON = 1.0  # seconds; Slack gives up after three


def test_a_heap_of_messages_holds_up_nothing_urgent(desk: Desk, slack_server: SlackServer) -> None:
    [urgent] = open_threads(desk, slack_server, "No cobra ninguna caja")
    status, answer = desk.ask("PATCH", f"/api/v1/tickets/{urgent.ticket_id}", {"priority": "urgent"})
    assert status == 200, answer
    desk.be_quiet(within=20)
    memory = desk.role("valkey")[0].memory_info().rss
    workers = desk.role("worker")
    for worker in workers:
        freeze(worker)
    try:
        since = len(slack_server.courier.deliveries)
        for number in range(HEAP):
            say(slack_server, CROWD[number % len(CROWD)], f"Sin tóner {number}", wait=False)
        say(slack_server, urgent.who, "y hay cola en la calle", thread=urgent.ts)
        assert slack_server.settle(30)
        acknowledged = list(slack_server.courier.deliveries)[since:]
        assert all(each.state == "delivered" and len(each.attempts) == 1 for each in acknowledged)
        assert max(each.attempts[0]["seconds"] for each in acknowledged) < SOON * crowding()
        eventually(lambda: oldest_waiting(desk.port) > 1, within=10, what="the figures say that it is behind")
    finally:
        for worker in workers:
            thaw(worker)
    desk.be_quiet(within=60)
    before_it = desk.rows(
        "select count(*) from inbound where payload->'event'->>'text' like 'Sin tóner %%' and done_at < (select done_at"
        " from inbound where payload->'event'->>'text' = 'y hay cola en la calle')"
    )
    assert before_it[0][0] < HEAP / 4
    told = desk.rows("select count(*) from message where body like 'Sin tóner %%'")
    assert told == [(HEAP,)]
    assert desk.role("valkey")[0].memory_info().rss < memory + 16 * 1024 * 1024


def test_acknowledgements_stay_fast_while_the_backlog_grows(desk: Desk, slack_server: SlackServer) -> None:
    """F23: workers yield, and process the backlog afterwards. Measured again once: the machine may have stood still."""
    count = int(RATE * SECONDS)
    for first in (0, count):
        desk.be_quiet(within=120)
        events = [opening(slack_server, number) for number in range(first, first + count)]
        sample = open_loop(desk.port, events, rate=RATE)
        [(waiting,)] = desk.rows("select count(*) from inbound where state = 'pending'")
        is_fast = sample.quantile(0.99) < P99 * crowding() and sample.quantile(1.0) < SLOWEST * crowding()
        if is_fast:
            break
    assert is_fast, (sample.quantile(0.99), sample.quantile(1.0), crowding())
    assert waiting > RATE
    desk.be_quiet(within=120)
    assert desk.rows("select count(*) from message where body like 'Urge %%'") == [(first + count,)]


def opening(slack: SlackServer, number: int) -> bytes:
    """A signed event of Slack: a person asks for help in their direct messages with the app."""
    at, user = datetime.now(UTC), CROWD[number % len(CROWD)]
    place, text = slack.world.im(SLACK_TEAM, user), f"Urge {number}: no imprime"
    with slack.world.lock:
        said = slack.world.add_message(place, {"user": user, "text": text, "team": SLACK_TEAM})
    event = {"type": "message", "channel": place.id, "channel_type": "im", "user": user, "team": SLACK_TEAM}
    event |= {"text": text, "ts": said["ts"]}
    envelope: dict[str, Any] = {
        "type": "event_callback",
        "team_id": SLACK_TEAM,
        "event_id": f"EvRUSH{number}",
        "event": event,
    }
    envelope["authorizations"] = [{"team_id": SLACK_TEAM, "user_id": SLACK_BOT_USER, "is_bot": True}]
    body = json.dumps(envelope).encode()
    headers = {"Content-Type": "application/json"} | slack_headers(SLACK_SECRET, body=body, at=at)
    return request("POST", "/slack/events", headers, body=body)


def oldest_waiting(port: int) -> float:
    """The age of the oldest inbox row in /metrics, in seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        told = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = re.search(r'^msp_oldest_waiting_seconds\{queue="inbox"\} (\S+)', told, re.M)
    return float(found[1]) if found else 0.0
