"""Names, addresses and companies of people from their Slack profiles."""

from typing import Any

import pytest

from integrations.channels import WorkspaceLink
from integrations.slack.profiles import profile_of
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.people.editing import edit_person
from msp.people.models import Person
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.slack.people import A_DAY, MENTION, Drain, SaidOn, Tickets, direct, known, user
from tests.world import SLACK_TEAM, World


def test_a_renamed_person_is_renamed(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    slack_server.change_profile(SLACK_TEAM, MARTA, real_name="Marta Soler", email="msoler@lozano.example")
    drain()
    assert known(MARTA).name == "Marta Soler"
    assert known(MARTA).email == "marta@lozano.example"  # she signs in with it


def test_the_address_of_somebody_without_an_account_follows(slack_server: SlackServer, drain: Drain) -> None:
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example")
    slack_server.say(SLACK_TEAM, eva, "im", "El TPV no cobra")
    drain()
    slack_server.change_profile(SLACK_TEAM, eva, email="marta@lozano.example")
    drain()
    assert known(eva).email == "eva@lozano.example"  # the other one is Marta's
    slack_server.change_profile(SLACK_TEAM, eva, email="eva.rios@lozano.example")
    drain()
    assert known(eva).email == "eva.rios@lozano.example"


def test_a_name_that_an_administrator_gave_stays(slack_server: SlackServer, drain: Drain, world: World) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    with work(Scope("msp_system", actor_id=world.ana.id)) as session:
        edit_person(session.get_one(Person, world.marta.id), at=clock.now(), name="Marta Ruiz (caja)")
    for name in ("Marta Ruiz (caja)", "Marta R."):
        slack_server.change_profile(SLACK_TEAM, MARTA, real_name=name)
        drain()
    assert known(MARTA).name == "Marta Ruiz (caja)"


def test_a_profile_is_read_again_once_a_day(slack_server: SlackServer, drain: Drain) -> None:
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example")
    slack_server.say(SLACK_TEAM, eva, "im", "El TPV no cobra")
    drain()
    slack_server.world.users[eva].real_name = "Eva Ríos Mena"  # and no event was sent
    for _ in range(3):
        slack_server.say(SLACK_TEAM, eva, "im", "Sigue igual")
        drain()
    assert known(eva).name == "Eva Ríos" and len(asked(slack_server, eva)) == 1
    clock.advance(A_DAY)
    for _ in range(2):
        slack_server.say(SLACK_TEAM, eva, "im", "Sigue igual")
        drain()
    assert known(eva).name == "Eva Ríos Mena" and len(asked(slack_server, eva)) == 2
    assert "Eva" in direct(slack_server, eva)[-1]


@pytest.mark.parametrize("fault", ["drop", "500", "garbage"])
def test_a_profile_that_cannot_be_read_again_keeps_no_message(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, fault: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    clock.advance(A_DAY)
    slack_server.faults.add("users.info", fault, times=9)
    for text in ("Sigue igual", "¿Hola?"):
        slack_server.say(SLACK_TEAM, MARTA, SUPPORT, text, thread_ts=said.ts)
    before = len(asked(slack_server, MARTA))
    drain()
    assert [message.body for message in said_on(tickets()[0])][1:] == ["Sigue igual", "¿Hola?"]
    assert len(asked(slack_server, MARTA)) == before + 1


def asked(server: SlackServer, who: str) -> list[Any]:
    """The calls of users.info for a user."""
    calls = [call for call in server.calls if call["method"] == "users.info"]
    return [call for call in calls if call["args"].get("user") == who]


def test_the_profile_changes_of_people_whom_we_do_not_know_are_not_kept(
    slack_server: SlackServer, drain: Drain
) -> None:
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example")
    slack_server.change_profile(SLACK_TEAM, eva, real_name="Eva Mena")
    with work(Scope.system()) as session:
        assert session.query(Inbound).count() == 0


@pytest.mark.parametrize("event", [{"user": None}, {"user": "U1"}, {"user": {"id": 5}}, {}])
def test_odd_profile_changes_are_no_fault(slack_server: SlackServer, drain: Drain, event: dict[str, Any]) -> None:
    sent = slack_server.send_event(
        {
            "type": "event_callback", "team_id": SLACK_TEAM, "event_id": "Ev0ODD", "event_time": 1,
            "event": {"type": "user_change"} | event,
        },
        wait=True,
    )  # fmt: skip
    assert sent.answer is not None and sent.answer.status == 200
    drain()


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"real_name": "Eva Ríos"}, "Eva Ríos"),
        ({"real_name": "  \u200b\n", "display_name": "eva.r"}, "eva.r"),
        ({"real_name": "", "display_name": "", "name": "evita"}, "evita"),
        ({"real_name": "\u3164", "display_name": "\u2800", "name": " ", "email": "eva@lozano.example"}, "eva"),
        ({"real_name": "", "display_name": "", "name": ""}, "Usuario de Slack"),
        ({"real_name": "Eva\x07\r\n\u202eRíos\u2066"}, "Eva Ríos"),
        ({"real_name": "E" * 5000}, "E" * 200),
        ({"real_name": "王小明"}, "王小明"),
        ({"real_name": "👩‍💻"}, "👩‍💻"),
    ],
)
def test_every_name_makes_a_person(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, profile: dict[str, str], name: str
) -> None:
    made = slack_server.add_user(SLACK_TEAM, real_name="x")
    for field, value in profile.items():
        setattr(made, field, value)
    slack_server.say(SLACK_TEAM, made.id, "im", "El TPV no cobra")
    drain()
    assert len(tickets()) == 1 and known(made.id).name == name
    assert len(direct(slack_server, made.id)) == 1


LINK = WorkspaceLink(None, "slack", SLACK_TEAM, {}, None)
USER = {"id": "U1", "team_id": SLACK_TEAM, "profile": {"email": "ana@lozano.example", "real_name": "Ana"}}


@pytest.mark.parametrize(
    ("changes", "email"),
    [
        ({}, "ana@lozano.example"),
        ({"is_email_confirmed": True}, "ana@lozano.example"),
        ({"is_email_confirmed": False}, None),
        ({"team_id": "T9"}, None),
        ({"profile": None}, None),
        ({"profile": {"email": 5}}, None),
    ],
)
def test_an_address_counts_where_slack_vouches_for_it(changes: dict[str, Any], email: str | None) -> None:
    assert profile_of(USER | changes, LINK, enterprise="").email == email


@pytest.mark.parametrize(
    ("changes", "enterprise", "is_colleague"),
    [
        ({}, "", True),
        ({"team_id": "T9"}, "E1", False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1", "teams": ["T9"]}}, "E1", True),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1", "teams": ["T9"]}}, "E2", False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "", "teams": None}}, "", False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1"}, "is_stranger": True}, "E1", False),
        ({"team_id": "E1", "enterprise_user": {"enterprise_id": "E1", "teams": [SLACK_TEAM]}}, "", True),
        ({"team_id": "T9", "enterprise_user": "E1"}, "E1", False),
    ],
)
def test_whose_colleague_somebody_is(changes: dict[str, Any], enterprise: str, is_colleague: bool) -> None:
    assert (profile_of(USER | changes, LINK, enterprise=enterprise).workspace == SLACK_TEAM) is is_colleague
