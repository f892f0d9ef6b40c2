"""People of other companies in a client's Slack get an answer in their language, with no other effect."""

import pytest

from msp.clients.actions import note_unknown
from msp.kernel import clock
from msp.kernel.db import Scope, work
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.slack.people import MENTION, Drain, Tickets, answers, user
from tests.world import SLACK_TEAM, World


def test_somebody_whom_slack_does_not_show_us_is_a_stranger(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.faults.add("users.info", "error", error="user_not_visible", times=9)
    ana = user(slack_server, "Ana Mora", email="ana@lozano.example")
    slack_server.say(SLACK_TEAM, ana, SUPPORT, f"{MENTION} hola, no imprime")
    drain()
    assert tickets() == [] and len(answers(slack_server, SUPPORT)) == 1


@pytest.mark.parametrize(
    ("locale", "answer"),
    [("en-GB", "Hello. I can only help"), ("es-MX", "Hola. Aquí solo puedo"), ("fr-FR", "Hola. Aquí solo puedo")],
)
def test_a_stranger_is_answered_in_their_language(
    slack_server: SlackServer, drain: Drain, locale: str, answer: str
) -> None:
    slack_server.add_workspace("Proveedor", team_id="T0OTHER", installed=False)
    luis = user(slack_server, "Luis Gómez", team="T0OTHER", locale=locale)
    channel = slack_server.add_channel(SLACK_TEAM, "con-proveedor", members=[MARTA], shared_with=["T0OTHER"]).id
    slack_server.say("T0OTHER", luis, channel, f"{MENTION} hello")
    drain()
    assert [words.startswith(answer) for words in answers(slack_server, channel)] == [True]


def test_somebody_of_an_unknown_company_is_answered_in_their_language(
    slack_server: SlackServer, drain: Drain, world: World
) -> None:
    other = slack_server.add_workspace("Talleres Ruiz", team_id="T0RUIZ")
    ana = user(slack_server, "Ana Ruiz", team="T0RUIZ", locale="en-US")
    with work(Scope.system()):
        note_unknown("slack", "T0RUIZ", secret=other.bot_token, settings={}, messages=0, at=clock.now())
    said = slack_server.say("T0RUIZ", ana, "im", "My mail is down")
    drain()
    assert [words[:5] for words in answers(slack_server, said.channel)] == ["Hello"]
