"""People who left, deactivated clients, and people and workspaces of two clients."""

import pytest
from sqlalchemy import select

from msp.clients.actions import connect, disconnect
from msp.clients.models import Client, Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.people.editing import edit_person
from msp.people.models import Person
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.slack.people import MENTION, Drain, SaidOn, Tickets, answers, change, direct, known, person_behind, user
from tests.world import SLACK_BOT_TOKEN, SLACK_TEAM, World


@pytest.mark.parametrize("how", ["person", "slack"])
def test_somebody_who_left_opens_nothing_and_is_told(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World, how: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    if how == "person":
        with work(Scope.system()) as session:
            edit_person(session.get_one(Person, world.marta.id), at=clock.now(), active=False)
    else:
        slack_server.change_profile(SLACK_TEAM, MARTA, deleted=True)
        drain()
        slack_server.world.users[MARTA].deleted = False  # an earlier message of hers arrives late
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} y la impresora tampoco")
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "sigue igual", thread_ts=said.ts)
    drain()
    assert len(tickets()) == 1 and len(said_on(tickets()[0])) == 1
    assert answers(slack_server, SUPPORT)[-1].startswith("Hola. Tu acceso a este servicio de soporte está desactivado")


def test_somebody_who_comes_back_is_heard_again(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    for is_deleted in (True, False):
        slack_server.change_profile(SLACK_TEAM, MARTA, deleted=is_deleted)
        drain()
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    assert len(tickets()) == 1


def test_people_of_a_client_that_is_switched_off_open_nothing_and_are_told(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    change(world.lozano, active=False)
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example", locale="en-US")
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    slack_server.say(SLACK_TEAM, eva, "im", "The till is dead")
    drain()
    assert tickets() == [] and person_behind(eva) is None
    assert "Ferretería Lozano no está activo" in direct(slack_server, MARTA)[0]
    assert "Ferretería Lozano is not active" in direct(slack_server, eva)[0]


def test_somebody_in_the_workspaces_of_two_clients_is_two_people(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    other = slack_server.add_workspace("Azcárate", team_id="T0AZC")
    with work(Scope.system()) as session:
        azcarate = session.get_one(Client, world.azcarate.id)
        connect(azcarate, kind="slack", external_id="T0AZC", secret=other.bot_token, at=clock.now())
    here = user(slack_server, "Sara Vega", email="sara@otra.example")
    there = user(slack_server, "Sara Vega", team="T0AZC", email="sara@otra.example")
    slack_server.say(SLACK_TEAM, here, "im", "El TPV no cobra")
    slack_server.say("T0AZC", there, "im", "The scanner is dead")
    drain()
    in_lozano, in_azcarate = known(here), person_behind(there, "T0AZC")
    assert in_azcarate is not None and in_lozano.id != in_azcarate.id
    assert (in_lozano.client_id, in_azcarate.client_id) == (world.lozano.id, world.azcarate.id)


def test_a_workspace_that_goes_to_another_client_takes_its_people_along(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    with work(Scope.system()) as session:
        disconnect(session.query(Connection).filter_by(external_id=SLACK_TEAM).one(), at=clock.now())
        session.flush()
        azcarate = session.get_one(Client, world.azcarate.id)
        connect(azcarate, kind="slack", external_id=SLACK_TEAM, secret=SLACK_BOT_TOKEN, at=clock.now())
    slack_server.say(SLACK_TEAM, MARTA, "im", "El escáner no va")
    drain()
    assert {ticket.client_id for ticket in tickets()} == {world.lozano.id, world.azcarate.id}
    assert known(MARTA).client_id == world.azcarate.id and known(MARTA).id != world.marta.id


def test_a_connection_that_is_renewed_says_that_it_works_again(world: World) -> None:
    with work(Scope.system()) as session:
        session.query(Connection).filter_by(external_id=SLACK_TEAM).one().broken_reason = "token_revoked"
    for _ in range(2):
        with work(Scope.system()) as session:
            lozano = session.get_one(Client, world.lozano.id)
            connect(lozano, kind="slack", external_id=SLACK_TEAM, secret="xoxb-new", at=clock.now())
    with work(Scope.staff()) as session:
        [event] = session.scalars(select(StoredEvent).where(StoredEvent.kind == "connection.restored"))
    assert (event.client_id, event.data) == (world.lozano.id, {"connection": "slack"})
