"""Teams throttles and breaks under real workers: answers arrive later, once and in order."""

from concurrent.futures import ThreadPoolExecutor

from simulators.teams.server import TeamsServer
from tests.drills.conversations import INIGO
from tests.drills.desk import Desk, eventually
from tests.world import TEAMS_TENANT


def test_answers_wait_out_a_bad_day(desk: Desk, teams_server: TeamsServer) -> None:
    teams_server.say(TEAMS_TENANT, INIGO, "", "The scanner in room two is dead")
    eventually(lambda: told(teams_server), within=10, what="the card")
    desk.be_quiet(within=5)
    teams_server.faults.add("send", "429", times=1, retry_after=1)
    teams_server.faults.add("send", "500", times=1)
    [(ticket_id,)] = desk.rows("select ticket_id::text from conversation where platform = 'teams'")
    for number in range(3):
        desk.reply(ticket_id, f"step {number}")
    desk.be_quiet_soon(within=25)
    assert [text.splitlines()[-1] for text in told(teams_server)[1:]] == [f"step {number}" for number in range(3)]


def test_the_same_activity_five_times_at_once_is_one_message(desk: Desk, teams_server: TeamsServer) -> None:
    teams_server.configure(endpoint="")
    said = teams_server.say(TEAMS_TENANT, INIGO, "", "And the printer beside it")
    teams_server.configure(endpoint=f"http://127.0.0.1:{desk.port}/api/messages")
    with ThreadPoolExecutor(5) as five:
        sent = [delivery for made in five.map(teams_server.redeliver, [said.id] * 5) for delivery in made]
    assert [delivery.answer.status for delivery in sent if delivery.answer] == [200] * 5
    desk.be_quiet(within=10)
    assert desk.rows("select count(*) from message where body = 'And the printer beside it'") == [(1,)]


def told(teams: TeamsServer) -> list[str]:
    """The bot's messages to Íñigo; a card is a message without text."""
    told = teams.messages(tenant=TEAMS_TENANT, author="bot")
    return [message["text"] for message in told if message.get("text")]
