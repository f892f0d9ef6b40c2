"""Colleagues in other workspaces of a client's Enterprise Grid, and people of other organisations."""

from typing import Any

import pytest

from integrations.slack.profiles import enterprise_of
from msp.kernel import clock
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.slack.people import GRID, MENTION, Drain, Tickets, answers, known, person_behind, user
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World


def of_grid(server: SlackServer, **more: Any) -> str:
    """A user whose home is another workspace of Lozano's grid."""
    server.world.workspaces[SLACK_TEAM].enterprise_id = GRID
    server.add_workspace("Lozano Logística", team_id="T0GRID", installed=False)
    about = {"enterprise_id": GRID, "email": "vera@lozano.example"} | more
    return user(server, "Vera Soto", team="T0GRID", **about)


@pytest.mark.parametrize("teams", [[SLACK_TEAM], []], ids=["a common team", "the same organisation"])
def test_a_colleague_of_the_same_grid_opens_a_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World, teams: list[str]
) -> None:
    vera = of_grid(slack_server, teams=teams)
    slack_server.say(SLACK_TEAM, vera, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    [ticket] = tickets()
    assert ticket.requester_id == known(vera).id and known(vera).client_id == world.lozano.id
    assert (known(vera).email, known(vera).is_guest) == ("vera@lozano.example", False)


def test_a_colleague_of_the_same_grid_may_press_buttons(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    vera = of_grid(slack_server)
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    card = slack_server.messages(channel=SUPPORT, author="bot")[0]["ts"]
    slack_server.click(SLACK_TEAM, vera, SUPPORT, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "high"


@pytest.mark.parametrize("enterprise", ["E0OTHER", ""], ids=["another organisation", "no organisation"])
def test_people_of_other_organisations_stay_strangers(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, enterprise: str
) -> None:
    slack_server.world.workspaces[SLACK_TEAM].enterprise_id = GRID
    slack_server.add_workspace("Proveedor", team_id="T0OTHER", installed=False)
    luis = user(slack_server, "Luis Gómez", team="T0OTHER", email="marta@lozano.example", enterprise_id=enterprise)
    channel = slack_server.add_channel(SLACK_TEAM, "con-proveedor", members=[MARTA], shared_with=["T0OTHER"]).id
    said = slack_server.say(SLACK_TEAM, MARTA, channel, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say("T0OTHER", luis, channel, f"{MENTION} ¿cómo va?")
    slack_server.say("T0OTHER", luis, channel, "yo también", thread_ts=said.ts)
    drain()
    assert len(tickets()) == 1 and person_behind(luis) is None
    assert answers(slack_server, channel)[-1].startswith("Hola. Aquí solo puedo ayudar")


@pytest.mark.parametrize(
    ("payload", "enterprise"),
    [
        ({"authorizations": [{"enterprise_id": "E1"}], "enterprise_id": "E9"}, "E1"),
        ({"authorizations": [{"enterprise_id": None}], "enterprise_id": "E9"}, ""),  # the host's, in a shared channel
        ({"authorizations": [], "context_enterprise_id": "E1"}, "E1"),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "E1"),
        ({"authorizations": "E1", "team": None}, ""),
        ({"authorizations": [5]}, ""),
    ],
)
def test_whose_organisation_an_event_is_heard_for(payload: dict[str, Any], enterprise: str) -> None:
    assert enterprise_of(payload) == enterprise


def test_the_installation_is_the_one_that_slack_names_as_authorised(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    """In a channel that another company shares with the client, `team_id` is that company's workspace."""
    slack_server.send_event(
        {
            "type": "event_callback", "team_id": "T0HOST", "context_team_id": SLACK_TEAM, "event_id": "Ev0SHARED",
            "authorizations": [{"team_id": SLACK_TEAM, "user_id": SLACK_BOT_USER, "is_bot": True}],
            "is_ext_shared_channel": True,
            "event": {
                "type": "app_mention", "user": MARTA, "text": f"{MENTION} el TPV no cobra", "channel": SUPPORT,
                "ts": f"{clock.now().timestamp():.6f}", "team": SLACK_TEAM, "user_team": SLACK_TEAM,
            },
        },
        wait=True,
    )  # fmt: skip
    drain()
    assert [ticket.client_id for ticket in tickets()] == [world.lozano.id]
