"""The rate limits of the local Teams, always on and by the simulator's clock."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from botbuilder.schema import Activity, ConversationParameters, ErrorResponseException
from botframework.connector import ConnectorClient

from simulators.teams.limits import Limits, uses
from simulators.teams.refusals import TeamsRefusal
from simulators.teams.server import TeamsServer
from tests.simulators.moving_clock import Hands
from tests.simulators.teams_kit import LOZANO, bot_token, card, denied, message

THROTTLED = (429, "Throttled")


@pytest.fixture
def chat(teams: TeamsServer) -> str:
    """Ana's personal chat."""
    return str(teams.open_chat(LOZANO, "29:ana")["id"])


def taken(limits: Limits, scenario: str, *, count: int = 1) -> bool:
    try:
        limits.take(uses(scenario, "a:1", count=count))
    except TeamsRefusal:
        return False
    return True


@pytest.mark.parametrize(
    ("scenario", "steps"),
    [
        ("send", [(0, 7, True), (0, 1, False), (1.0, 1, True), (1.0, 1, False), (2.0, 7, True)]),
        ("create", [(0, 7, True), (0, 1, False)]),
        ("members", [(0, 14, True), (0, 1, False), (1.0, 2, True), (1.0, 1, False)]),
        ("conversations", [(0, 14, True), (0, 1, False)]),
        ("unpaged_roster", [(0, 5, True), (0, 1, False), (59.9, 1, False), (60.1, 5, True)]),
        ("tenant", [(0, 50, True), (0.9, 1, False), (1.0, 50, True)]),
    ],
)
def test_how_often_per_window(hands: Hands, scenario: str, steps: list[tuple[float, int, bool]]) -> None:
    limits, began = Limits(hands), hands.at
    for at, times, is_taken in steps:
        hands.at = began
        hands.move(seconds=at)
        assert [taken(limits, scenario) for _ in range(times)] == [is_taken] * times, (at, times)


def test_how_often_in_half_a_minute_and_in_an_hour(hands: Hands) -> None:
    limits = Limits(hands)

    def paced(times: int) -> int:
        done = 0
        for _ in range(times):
            hands.move(seconds=0.45)
            done += taken(limits, "send")
        return done

    assert paced(66) == 60
    hands.move(minutes=2)
    for _ in range(29):
        hands.move(seconds=31)
        assert paced(60) == 60
    hands.move(seconds=31)
    assert paced(60) == 0 and limits.throttled["send"] == 6 + 60


def test_a_refused_request_takes_nothing(hands: Hands) -> None:
    limits = Limits(hands)
    assert taken(limits, "send", count=6) and not taken(limits, "send", count=2) and taken(limits, "send")


def test_sending_is_limited_from_the_start_and_says_nothing_of_when(
    teams: TeamsServer, connector: ConnectorClient, chat: str, hands: Hands
) -> None:
    send = connector.conversations.send_to_conversation
    for _ in range(7):
        send(chat, message("x"))
    answer = requests.post(
        f"{teams.service_url(LOZANO)}v3/conversations/{chat}/activities", json={"type": "message", "text": "x"},
        headers={"Authorization": f"Bearer {bot_token(teams)}"}, timeout=5,
    )  # fmt: skip
    assert answer.status_code == 429 and answer.json()["error"]["code"] == "Throttled"
    assert "Retry-After" not in answer.headers
    assert len(teams.messages(author="bot")) == 7 and teams.limits.throttled == {"send": 1}
    assert requests.get(f"{teams.url}/_control/state", timeout=5).json()["throttled"] == {"send": 1}
    send(teams.open_chat(LOZANO, "29:luis")["id"], message("x"))
    hands.move(seconds=1)
    send(chat, message("x"))
    assert denied(send, chat, message("x")) == THROTTLED  # eight in two seconds


def test_what_teams_splits_counts_as_what_people_see(teams: TeamsServer, connector: ConnectorClient, chat: str) -> None:
    both = Activity(type="message", text="x", attachments=[card()])
    for _ in range(3):
        connector.conversations.send_to_conversation(chat, both)
    assert denied(connector.conversations.send_to_conversation, chat, both) == THROTTLED
    connector.conversations.send_to_conversation(chat, message("x"))
    assert len(teams.messages(author="bot")) == 7


def test_threads_of_a_channel_and_updates_share_its_limit(
    teams: TeamsServer, connector: ConnectorClient, channel: str
) -> None:
    roots = [teams.say(LOZANO, "29:ana", channel, f"@Guardia {n}").activity["conversation"]["id"] for n in range(4)]
    sent = [connector.conversations.send_to_conversation(root, message("x")) for root in roots]
    for _ in range(3):
        connector.conversations.update_activity(roots[0], sent[0].id, message("y"))
    assert denied(connector.conversations.send_to_conversation, roots[1], message("x")) == THROTTLED
    assert denied(connector.conversations.delete_activity, roots[0], sent[0].id) == THROTTLED


def test_other_bots_in_the_conversation_count(teams: TeamsServer, connector: ConnectorClient, chat: str) -> None:
    teams.limits.used_by_another_bot(chat, messages=13)
    connector.conversations.send_to_conversation(chat, message("x"))
    assert denied(connector.conversations.send_to_conversation, chat, message("x")) == THROTTLED
    assert teams.limits.throttled == {"send by all bots": 1}


def test_the_roster_and_new_chats_have_limits_of_their_own(
    teams: TeamsServer, connector: ConnectorClient, chat: str
) -> None:
    def times(call: Callable[[], Any]) -> int:
        done = 0
        while done < 100:
            try:
                call()
            except ErrorResponseException:
                return done
            done += 1
        return done

    one = connector.conversations.get_conversation_member
    assert times(lambda: one(chat, "29:ana")) == 14
    channel = next(iter(teams.world.teams))
    assert times(lambda: connector.conversations.get_conversation_members(channel)) == 5
    wanted = ConversationParameters(members=[{"id": "29:luis"}], tenant_id=LOZANO)
    assert times(lambda: connector.conversations.create_conversation(wanted)) == 7
    assert teams.limits.throttled == {"members": 1, "unpaged_roster": 1, "create": 1}


def test_one_tenant_has_fifty_requests_a_second(teams: TeamsServer, connector: ConnectorClient, hands: Hands) -> None:
    chats = [teams.open_chat(LOZANO, teams.add_user(LOZANO, name=f"P {n}").id)["id"] for n in range(51)]
    for place in chats[:50]:
        connector.conversations.send_to_conversation(place, message("x"))
    assert denied(connector.conversations.send_to_conversation, chats[50], message("x")) == THROTTLED
    assert teams.limits.throttled == {"tenant": 1}
    hands.move(seconds=1)
    connector.conversations.send_to_conversation(chats[50], message("x"))


def test_a_reset_forgets_what_was_used(teams: TeamsServer, connector: ConnectorClient, chat: str) -> None:
    for _ in range(7):
        connector.conversations.send_to_conversation(chat, message("x"))
    assert denied(connector.conversations.send_to_conversation, chat, message("x")) == THROTTLED
    teams.reset()
    connector.conversations.send_to_conversation(chat, message("x"))
    assert not teams.limits.throttled
