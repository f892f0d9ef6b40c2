"""Slack's rate limits are always on, by the simulator's clock; a load is spread to stay below them."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from simulators.slack import limits
from simulators.slack.server import SlackServer, create_slack_server
from simulators.slack.spread import spread, workspaces_needed
from simulators.slack.web import METHODS
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver
from tests.simulators.slack_kit import refused


def test_a_channel_takes_one_message_a_second_after_a_short_burst(
    client: WebClient, slack: SlackServer, hands: Hands
) -> None:
    for number in range(3):
        client.chat_postMessage(channel="C0SOPORTE", text=f"m{number}")
    assert refused(client.chat_postMessage, channel="C0SOPORTE", text="más") == "ratelimited"
    im = client.conversations_open(users="U0ANA")["channel"]["id"]
    client.chat_postMessage(channel=im, text="en otro sitio")
    hands.move(seconds=1)
    client.chat_postMessage(channel="C0SOPORTE", text="más")
    with pytest.raises(SlackApiError):
        client.chat_postMessage(channel="C0SOPORTE", text="aún más")
    assert slack.throttled == 2 and slack.limits.throttled == {("chat.postMessage", "T01"): 2}
    assert len(slack.messages(channel="C0SOPORTE")) == 4


def test_a_refusal_says_when_to_come_again_in_json_or_on_a_page(client: WebClient, slack: SlackServer) -> None:
    answers = []
    for number in range(5):
        try:
            client.chat_postMessage(channel="C0SOPORTE", text=f"m{number}")
        except SlackApiError as refusal:
            answers.append(refusal.response)
    assert [answer.status_code for answer in answers] == [429, 429]
    assert [answer.headers["Retry-After"] for answer in answers] == ["1", "1"]
    assert [answer["error"] == "ratelimited" for answer in answers] == [True, False]
    assert "html" in answers[1]["error"]


def use_up(slack: SlackServer, method: str, count: int) -> None:
    """Count so many calls of a method without making them, each message in a channel of its own."""
    for number in range(count):
        where = {"channel": f"C{number}"}
        assert slack.limits.seconds_to_wait(method, METHODS[method].tier, team="T01", arguments=where) == 0


def test_a_workspace_takes_some_hundreds_a_minute(client: WebClient, slack: SlackServer, hands: Hands) -> None:
    use_up(slack, "chat.postMessage", 299)
    client.chat_postMessage(channel="C0SOPORTE", text="uno")
    assert refused(client.chat_postMessage, channel="C0SOPORTE", text="dos") == "ratelimited"
    hands.move(seconds=60)
    client.chat_postMessage(channel="C0SOPORTE", text="dos")


@pytest.mark.parametrize(
    ("method", "arguments", "a_minute"),
    [
        ("users.info", {"user": "U0ANA"}, 100),
        ("chat.postEphemeral", {"channel": "C0SOPORTE", "user": "U0ANA", "text": "x"}, 100),
        ("chat.update", {"channel": "C0SOPORTE", "text": "x"}, 50),
        ("conversations.open", {"users": "U0ANA"}, 50),
        ("users.list", {}, 20),
        ("conversations.history", {"channel": "C0SOPORTE"}, 1),
        ("conversations.replies", {"channel": "C0SOPORTE"}, 1),
    ],
)
def test_each_method_has_its_tier(
    client: WebClient, slack: SlackServer, hands: Hands, method: str, arguments: dict[str, str], a_minute: int
) -> None:
    ts = client.chat_postMessage(channel="C0SOPORTE", text="x")["ts"]
    with_ts = {"ts": ts} if method in ("chat.update", "conversations.replies") else {}
    use_up(slack, method, a_minute - 1)
    client.api_call(method, data=arguments | with_ts)
    assert refused(client.api_call, api_method=method, data=arguments | with_ts) == "ratelimited"
    hands.move(seconds=60)
    client.api_call(method, data=arguments | with_ts)


def test_one_workspace_does_not_use_up_another_s(client: WebClient, slack: SlackServer) -> None:
    slack.add_workspace("Vega", team_id="T02", bot_token="xoxb-vega")
    slack.add_channel("T02", "general", id="C0VEGA")
    client.conversations_history(channel="C0SOPORTE")
    assert WebClient(token="xoxb-vega", base_url=slack.api_url).conversations_history(channel="C0VEGA")["ok"]


def test_an_app_sold_outside_the_marketplace_reads_fifteen_messages(client: WebClient, slack: SlackServer) -> None:
    for number in range(20):
        slack.say("T01", "U0ANA", "C0SOPORTE", f"m{number}")
    page = client.conversations_history(channel="C0SOPORTE", limit=200)
    assert len(page["messages"]) == 15 and page["has_more"] is True


@pytest.mark.parametrize("distribution", ["internal", "marketplace"])
def test_other_apps_read_as_before(hands: Hands, distribution: limits.Distribution) -> None:
    server = create_slack_server(now=hands, distribution=distribution)
    token = server.add_workspace("Uno", team_id="T01").bot_token
    server.add_user("T01", id="U0ANA", real_name="Ana")
    server.add_channel("T01", "soporte", id="C0SOPORTE")
    for number in range(20):
        server.say("T01", "U0ANA", "C0SOPORTE", f"m{number}")
    with server.serve():
        client = WebClient(token=token, base_url=server.api_url)
        assert len(client.conversations_history(channel="C0SOPORTE", limit=200)["messages"]) == 20
        assert client.conversations_history(channel="C0SOPORTE")["ok"] is True


def test_more_than_thirty_thousand_events_an_hour_are_held_back(
    slack: SlackServer, receiver: Receiver, hands: Hands
) -> None:
    for _ in range(limits.EVENTS_PER_HOUR):
        slack.limits.takes_event("T01")
    slack.say("T01", "U0ANA", "im", "hola")
    slack.say("T01", "U0ANA", "im", "¿hola?")
    assert [got.json["type"] for got in receiver.got] == ["app_rate_limited"]
    hands.move(hours=1)
    slack.say("T01", "U0ANA", "im", "otra vez")
    assert receiver.got[-1].json["event"]["text"] == "otra vez"


def test_a_load_is_spread_over_enough_workspaces(hands: Hands) -> None:
    assert workspaces_needed({"chat.postMessage": 1200, "chat.update": 60, "users.info": 100}) == 4
    assert workspaces_needed({"chat.update": 110}) == 3
    server = create_slack_server(now=hands)
    seats = spread(server, workspaces=3, people=2)
    assert [seat.team for seat in seats] == ["T0SPREAD000", "T0SPREAD001", "T0SPREAD002"] * 2
    assert len({seat.user for seat in seats}) == 6
    for seat in seats:
        server.say(seat.team, seat.user, "im", "hola", wait=False)
    assert len(server.messages()) == 6
