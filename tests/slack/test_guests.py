"""Guests of a client's Slack: accepted, or refused if the client is set so."""

from typing import Any

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.people.editing import edit_person
from msp.people.models import Person
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.slack.people import (
    A_DAY,
    GUEST,
    MENTION,
    Drain,
    SaidOn,
    Tickets,
    answers,
    change,
    direct,
    known,
    person_behind,
    user,
)
from tests.world import SLACK_TEAM, World


@pytest.mark.parametrize(
    ("email", "account"),
    [
        ("luis@otra.example", {}),
        ("luis@lozano.example.otra.example", {}),
        ("luis@lozano.example", {"is_restricted": True}),
        ("luis@otra.example", {"is_restricted": True, "is_ultra_restricted": True}),
        ("", {"is_ultra_restricted": True}),
    ],
)
def test_a_guest_is_named_one_and_helped(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, email: str, account: dict[str, Any]
) -> None:
    luis = user(slack_server, "Luis Gómez", email=email, **account)
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    assert len(tickets()) == 1 and tickets()[0].requester_id == known(luis).id
    assert (known(luis).is_guest, known(luis).role) == (True, "client_employee")


@pytest.mark.parametrize(
    ("email", "domains"),
    [
        ("eva@LOZANO.example", ["lozano.example"]),
        ("eva@tienda.lozano.example", ["lozano.example"]),
        ("eva@otra.example", []),
        ("", ["lozano.example"]),
    ],
)
def test_a_member_is_no_guest(
    slack_server: SlackServer, drain: Drain, world: World, email: str, domains: list[str]
) -> None:
    change(world.lozano, mail_domains=domains)
    eva = user(slack_server, "Eva Ríos", email=email)
    slack_server.say(SLACK_TEAM, eva, "im", "No me va el correo")
    drain()
    assert known(eva).is_guest is False


def test_a_client_that_refuses_guests_has_them_told_whom_to_ask(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    change(world.lozano, guest_policy="refuse")
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    slack_server.say(SLACK_TEAM, luis, SUPPORT, "A mí tampoco", thread_ts=said.ts)
    slack_server.say(SLACK_TEAM, luis, SUPPORT, f"{MENTION} no imprime")
    drain()
    assert len(tickets()) == 1 and len(said_on(tickets()[0])) == 1
    assert person_behind(luis) is None  # none of it is stored
    [private] = direct(slack_server, luis)
    assert private.startswith(GUEST) and "contacto en Ferretería Lozano" in private
    assert answers(slack_server, SUPPORT)[1:] == [private]


def test_the_guest_policy_counts_for_guests_who_are_known_already(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example", locale="en-GB")
    slack_server.say(SLACK_TEAM, luis, "im", "My mail does not work")
    drain()
    change(world.lozano, guest_policy="refuse")
    slack_server.say(SLACK_TEAM, luis, "im", "And the printer neither")
    drain()
    assert len(tickets()) == 1
    assert direct(slack_server, luis)[-1].startswith("Hello. You are a guest at Ferretería Lozano")


def test_a_guest_is_no_manager_by_an_address(slack_server: SlackServer, drain: Drain, world: World) -> None:
    luis = user(slack_server, "Luis Gómez", email="dolores@lozano.example", is_restricted=True)
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    assert known(luis).id != world.dolores.id
    assert (known(luis).role, known(luis).is_guest, known(luis).email) == ("client_employee", True, None)


def test_what_an_administrator_says_of_a_guest_stays(slack_server: SlackServer, drain: Drain, world: World) -> None:
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    with work(Scope("msp_system", actor_id=world.ana.id)) as session:
        edit_person(session.get_one(Person, known(luis).id), at=clock.now(), is_guest=False)
    clock.advance(A_DAY)
    slack_server.say(SLACK_TEAM, luis, "im", "Sigue sin ir")
    drain()
    assert known(luis).is_guest is False


def test_a_domain_that_becomes_the_clients_makes_members_of_its_guests(
    slack_server: SlackServer, drain: Drain, world: World
) -> None:
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    change(world.lozano, mail_domains=["lozano.example", "otra.example"])
    clock.advance(A_DAY)
    slack_server.say(SLACK_TEAM, luis, "im", "Sigue sin ir")
    drain()
    assert known(luis).is_guest is False


def test_nothing_that_was_refused_is_kept_in_events(slack_server: SlackServer, drain: Drain, world: World) -> None:
    change(world.lozano, guest_policy="refuse")
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    slack_server.say(SLACK_TEAM, luis, "im", "La clave es hunter2")
    drain()
    with work(Scope.staff()) as session:
        [event] = session.scalars(select(StoredEvent).where(StoredEvent.kind == "chat.refused_wrote"))
    assert "hunter2" not in str(event.data) and event.data["is_personal"] is True
