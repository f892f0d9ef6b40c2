"""Staff in a client's Slack: they open no tickets, and answer in threads."""

from datetime import timedelta

from sqlalchemy import select

from msp.clients.actions import connect
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.people.editing import edit_person
from msp.people.models import Person
from msp.sla.models import Clock
from msp.tickets.actions import change_status
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.slack.people import (
    MENTION,
    STAFF,
    Drain,
    SaidOn,
    Tickets,
    answers,
    direct,
    known,
    people_named,
    tomas_in_lozano,
    user,
)
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World


def test_a_technician_opens_no_ticket_in_a_clients_slack(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.say(SLACK_TEAM, tomas, "im", "El servidor de Lozano no responde")
    slack_server.say(SLACK_TEAM, tomas, SUPPORT, f"{MENTION} abre un ticket")
    drain()
    assert tickets() == [] and people_named("Tomás (soporte)") == 0
    assert known(tomas).id == world.tomas.id
    assert direct(slack_server, tomas) == [STAFF] and answers(slack_server, SUPPORT) == [STAFF]


def test_a_technician_known_from_the_desks_own_workspace_is_staff_in_a_shared_channel(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    desk = slack_server.add_workspace("Guardia", team_id="T0DESK")
    tomas = user(slack_server, "Tomás Rey", team="T0DESK", email="tomas@guardia.example")
    with work(Scope.system()):
        connect(None, kind="slack", external_id="T0DESK", secret=desk.bot_token, at=clock.now())
    slack_server.say("T0DESK", tomas, "im", "Hola")
    drain()
    channel = slack_server.add_channel(
        SLACK_TEAM, "con-guardia", members=[MARTA], shared_with=["T0DESK"], with_bot=False
    )
    channel.members.add(SLACK_BOT_USER)
    slack_server.say("T0DESK", tomas, channel.id, f"{MENTION} ¿qué tal?")
    drain()
    assert tickets() == [] and known(tomas).id == world.tomas.id
    assert answers(slack_server, channel.id) == [STAFF]


def test_what_a_technician_says_in_a_tickets_thread_is_a_public_reply_that_is_not_sent_back(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    clock.advance(timedelta(minutes=5))
    slack_server.say(SLACK_TEAM, tomas, SUPPORT, "Lo miro ahora mismo", thread_ts=said.ts)
    drain()
    _, reply = said_on(tickets()[0])
    assert (reply.author_id, reply.body) == (world.tomas.id, "Lo miro ahora mismo")
    assert (reply.visibility, reply.channel, reply.delivery_state, reply.delivery_channel) == (
        "public", "slack", "sent", "slack",
    )  # fmt: skip
    assert tickets()[0].status == "open"
    assert not any("Lo miro ahora mismo" in text for text in answers(slack_server, SUPPORT))
    with work(Scope.staff()) as session:
        first_response = select(Clock).where(Clock.kind == "first_response")
        assert session.scalars(first_response).one().met_at is not None


def test_edits_and_redeliveries_of_a_technicians_words_stay_one_reply(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    tomas = tomas_in_lozano(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    words = slack_server.say(SLACK_TEAM, tomas, SUPPORT, "Lo miro", thread_ts=said.ts)
    slack_server.redeliver(words.event_ids[0], times=2)
    drain()
    slack_server.edit(SLACK_TEAM, tomas, SUPPORT, words.ts, "Lo miro hoy")
    drain()
    assert [message.body for message in said_on(tickets()[0])][1:] == ["Lo miro hoy"]
    assert len(answers(slack_server, SUPPORT)) == 1


def test_a_technician_who_may_not_see_the_client_adds_nothing(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    nuria = user(slack_server, "Nuria Font", email="nuria@guardia.example")
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say(SLACK_TEAM, nuria, SUPPORT, "Lo miro yo", thread_ts=said.ts)
    slack_server.say(SLACK_TEAM, nuria, SUPPORT, f"{MENTION} lo miro yo", thread_ts=said.ts)
    drain()
    assert len(said_on(tickets()[0])) == 1 and answers(slack_server, SUPPORT)[1:] == [STAFF]


def test_a_former_technician_is_neither_staff_nor_of_the_client(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.tomas.id), at=clock.now(), active=False)
    slack_server.say(SLACK_TEAM, tomas, "im", "No puedo entrar")
    drain()
    assert tickets() == [] and people_named("Tomás (soporte)") == 0
    assert direct(slack_server, tomas)[0].startswith("Hola. Tu acceso a este servicio de soporte está desactivado")


def test_a_technicians_press_changes_nothing_and_they_are_told(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    card = slack_server.messages(channel=SUPPORT, author="bot")[0]["ts"]
    slack_server.click(SLACK_TEAM, tomas, SUPPORT, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "normal"
    assert [each["text"] for each in slack_server.ephemerals(SUPPORT, tomas)] == [STAFF]


def test_a_technicians_command_is_answered_at_once_and_not_kept(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.say(SLACK_TEAM, tomas, "im", "Hola")
    drain()
    sent = slack_server.slash(SLACK_TEAM, tomas, SUPPORT, "/guardia", "no imprime")
    assert sent.body["text"] == STAFF
    drain()
    assert tickets() == []
    with work(Scope.system()) as session:
        assert session.query(Inbound).filter(Inbound.external_id.startswith("command:")).count() == 0


def test_a_command_of_somebody_unknown_who_opens_no_tickets_is_answered_in_private(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.slash(SLACK_TEAM, tomas, SUPPORT, "/guardia", "no imprime")
    drain()
    assert tickets() == [] and direct(slack_server, tomas) == [STAFF]


def test_somebody_who_was_taken_for_an_employee_becomes_staff(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = user(slack_server, "Tomás Rey", email="tomas.rey@lozano.example")
    slack_server.say(SLACK_TEAM, tomas, "im", "No imprime")
    drain()
    assert known(tomas).client_id == world.lozano.id
    slack_server.change_profile(SLACK_TEAM, tomas, email="tomas@guardia.example")
    drain()
    assert known(tomas).id == world.tomas.id


def test_a_reply_on_a_finished_ticket_by_staff_leaves_it_finished(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    with work(Scope.staff(actor_id=world.irene.id)):
        change_status(access_ticket(tickets()[0].id), "resolved", at=clock.now(), actor_id=world.irene.id)
    slack_server.say(SLACK_TEAM, tomas, SUPPORT, "Avisadme si vuelve", thread_ts=said.ts)
    drain()
    assert tickets()[0].status == "resolved"
