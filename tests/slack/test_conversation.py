"""An employee writes in Slack and the desk answers there: tickets, cards, replies, edits, joins."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.people.models import ChatIdentity, Person
from msp.tickets.actions import change_status, take
from msp.tickets.messages import note, reply
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, SUPPORT, TOM
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
SaidOn = Callable[[Ticket], list[Message]]
HELP = "Hola. El TPV de la tienda de Getafe no cobra con tarjeta. Hay cola 😕"
MENTION = f"<@{SLACK_BOT_USER}>"


def test_a_direct_message_becomes_a_ticket_with_its_card(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    assert said.deliveries[0].state == "delivered"
    drain()
    [ticket] = tickets()
    assert (ticket.subject, ticket.body) == ("El TPV de la tienda de Getafe no cobra con tarjeta", HELP)
    assert (ticket.requester_id, ticket.source, ticket.status) == (world.marta.id, "slack", "new")
    [answer] = slack_server.messages(channel=said.channel, author="bot")
    assert answer["thread_ts"] == said.ts
    assert answer["text"].startswith("Lo tenemos, Marta. Te responderemos antes de las 12:00.")
    shown = str(answer["blocks"])
    assert "LOZ-1 · *El TPV de la tienda de Getafe no cobra con tarjeta*" in shown
    assert "12:00, hoy" in shown and "2 horas" in shown
    assert [button["action_id"] for button in answer["blocks"][-1]["elements"]] == [
        "add_detail",
        "more_urgent",
        "talk_to_person",
    ]


def test_the_card_speaks_the_employees_language_and_zone(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.change_profile(SLACK_TEAM, TOM, tz="Europe/London")
    said = slack_server.say(SLACK_TEAM, TOM, SUPPORT, f"{MENTION} nobody can log in to the VPN since 8:40")
    drain()
    [ticket] = tickets()
    assert ticket.subject == "Nobody can log in to the VPN since 8:40"
    [answer] = slack_server.messages(channel=SUPPORT, author="bot")
    assert answer["thread_ts"] == said.ts
    assert answer["text"].startswith("Got it, Tom. We will reply before 11:00.")
    assert "Why 11:00: your contract’s SLA target is 2 hours, counted from 9:00." in str(answer["blocks"])


def test_a_mention_comes_twice_and_makes_one_ticket(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} la impresora no imprime")
    assert len(said.deliveries) == 2
    drain()
    assert [ticket.subject for ticket in tickets()] == ["La impresora no imprime"]
    assert len(slack_server.messages(channel=SUPPORT, author="bot")) == 1


def test_what_is_said_with_slash_me_is_heard(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    slack_server.kinds.me(SLACK_TEAM, MARTA, "im", "no puede entrar en la VPN")
    slack_server.kinds.me(SLACK_TEAM, PABLO, SUPPORT, f"{MENTION} se ha quedado sin red")
    slack_server.kinds.me(SLACK_TEAM, PABLO, SUPPORT, "se va a comer")
    drain()
    assert [ticket.subject for ticket in tickets()] == ["No puede entrar en la VPN", "Se ha quedado sin red"]
    assert [message.body for message in said_on(tickets()[0])] == ["no puede entrar en la VPN"]


def test_channel_talk_without_a_mention_is_left_alone(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "¿Quién viene a comer?")
    slack_server.join(SLACK_TEAM, PABLO, SUPPORT)
    drain()
    assert tickets() == []
    assert slack_server.messages(channel=SUPPORT, author="bot") == []


def test_what_is_said_in_the_thread_lands_on_the_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say(SLACK_TEAM, PABLO, SUPPORT, f"Pone <tal> & «cual», <@{MARTA}>", thread_ts=said.ts)
    drain()
    [ticket] = tickets()
    assert [message.body for message in said_on(ticket)] == ["el TPV no cobra", "Pone <tal> & «cual», @Marta Ruiz"]


def test_a_second_direct_message_is_a_second_ticket(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    first = slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    clock.advance(timedelta(minutes=2))
    slack_server.say(SLACK_TEAM, MARTA, "im", "La impresora tampoco")
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV pone «sin conexión»", thread_ts=first.ts)
    drain()
    assert [ticket.subject for ticket in tickets()] == ["El TPV no cobra", "La impresora tampoco"]


def test_the_technicians_reply_reaches_the_thread_and_notes_never_do(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    drain()
    with work(Scope.staff(actor_id=world.tomas.id)):
        ticket = access_ticket(tickets()[0].id)
        take(ticket, world.tomas, at=clock.now())
        note(ticket, author=world.tomas, body="Otra vez el datáfono barato", at=clock.now())
        message = reply(ticket, author=world.tomas, body="Hola, Marta. ¿Qué pone? <!channel> & tal", at=clock.now())
    assert message.delivery_state == "pending"
    drain()
    card, answer = slack_server.messages(channel=said.channel, author="bot")
    assert answer["text"] == "*Tomás Rey*\nHola, Marta. ¿Qué pone? &lt;!channel&gt; &amp; tal"
    assert "datáfono" not in str(slack_server.messages())
    assert "Tomás Rey" in str(card["blocks"]) and "Resolved" not in str(card["blocks"])
    assert [each.delivery_state for each in said_on(ticket)] == ["none", "none", "sent"]
    with work(Scope.staff()) as session:
        assert "ticket.message_sent" in session.scalars(select(StoredEvent.kind)).all()


def test_the_card_is_updated_only_when_it_reads_differently(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    drain()
    with work(Scope.staff(actor_id=world.tomas.id)):
        take(access_ticket(tickets()[0].id), world.tomas, at=clock.now())
    drain()
    updates = [call for call in slack_server.calls if call["method"] == "chat.update"]
    assert len(updates) == 1  # taken and opened are two events and one update of the card


def test_a_long_reply_arrives_in_parts_in_order(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    drain()
    body = "\n".join(f"Paso {number}: reinicia el equipo y espera un minuto." for number in range(200))
    with work(Scope.staff(actor_id=world.tomas.id)):
        reply(access_ticket(tickets()[0].id), author=world.tomas, body=body, at=clock.now())
    drain()
    parts = [message["text"] for message in slack_server.messages(channel=said.channel, author="bot")[1:]]
    assert len(parts) > 2 and all(len(part) < 4000 for part in parts)
    assert "\n".join(parts) == f"*Tomás Rey*\n{body}"


def test_a_new_person_is_made_from_the_profile_once(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.say(SLACK_TEAM, PABLO, "im", "No me llega el correo")
    slack_server.say(SLACK_TEAM, PABLO, "im", "Y no abre la VPN")
    drain()
    with work(Scope.staff()) as session:
        [pablo] = session.scalars(select(Person).where(Person.email == "pablo@lozano.example"))
        identities = session.scalars(select(ChatIdentity).where(ChatIdentity.person_id == pablo.id)).all()
    assert (pablo.name, pablo.client_id, pablo.timezone, pablo.locale, pablo.role) == (
        "Pablo Gil",
        world.lozano.id,
        "Atlantic/Canary",
        "es",
        "client_employee",
    )
    assert [identity.external_id for identity in identities] == [PABLO]
    assert {ticket.requester_id for ticket in tickets()} == {pablo.id}


def test_somebody_known_by_address_is_not_made_again(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    dolores = slack_server.add_user(SLACK_TEAM, real_name="Dolores P.", email="DOLORES@lozano.example")
    slack_server.say(SLACK_TEAM, dolores.id, "im", "No abre el programa de nóminas")
    drain()
    assert tickets()[0].requester_id == world.dolores.id


def test_edits_and_deletes_follow_but_unfurls_do_not(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    more = slack_server.say(SLACK_TEAM, MARTA, "im", "Pone error 41, mira https://tpv.example/41", thread_ts=said.ts)
    drain()
    slack_server.unfurl(SLACK_TEAM, said.channel, more.ts)
    drain()
    ticket = tickets()[0]
    assert [each.edited_at for each in said_on(ticket)] == [None, None]
    slack_server.edit(SLACK_TEAM, MARTA, said.channel, more.ts, "Pone error 14")
    slack_server.edit(SLACK_TEAM, MARTA, said.channel, said.ts, "El TPV de Getafe no cobra")
    drain()
    assert [each.body for each in said_on(ticket)] == ["El TPV de Getafe no cobra", "Pone error 14"]
    assert all(each.edited_at for each in said_on(ticket)) and tickets()[0].body == "El TPV de Getafe no cobra"
    slack_server.delete(SLACK_TEAM, MARTA, said.channel, more.ts)
    drain()
    assert [each.deleted_at is not None for each in said_on(ticket)] == [False, True]
    with work(Scope.staff()) as session:
        kinds = session.scalars(select(StoredEvent.kind)).all()
    assert (kinds.count("ticket.message_edited"), kinds.count("ticket.message_deleted")) == (2, 1)


def test_our_own_messages_come_back_and_are_ignored(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    slack_server.core.echo_bot_messages = True
    slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    drain()
    assert slack_server.settle(5)
    drain()
    assert len(tickets()) == 1
    assert len(slack_server.messages(author="bot")) == 1


def test_solved_is_the_requesters_word(slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    drain()
    resolve(tickets()[0], world)
    drain()
    question = slack_server.messages(channel=said.channel, author="bot")[-1]
    assert question["text"] == "Irene lo ha marcado como resuelto. ¿Te funciona?"
    slack_server.click(SLACK_TEAM, MARTA, said.channel, question["ts"], "not_yet")
    drain()
    assert tickets()[0].status == "open"
    shown = slack_server.messages(channel=said.channel, author="bot")
    assert "LOZ-1" in shown[-1]["text"] and not shown[1].get("blocks")
    clock.advance(timedelta(minutes=5))
    resolve(tickets()[0], world)
    drain()
    question = slack_server.messages(channel=said.channel, author="bot")[-1]
    slack_server.click(SLACK_TEAM, MARTA, said.channel, question["ts"], "solved")
    drain()
    assert tickets()[0].status == "closed"
    card = slack_server.messages(channel=said.channel, author="bot")[0]
    assert "Cerrado" in str(card["blocks"])
    assert [button["action_id"] for button in card["blocks"][-1]["elements"]] == ["reopen"]


def resolve(ticket: Ticket, world: World) -> None:
    with work(Scope.staff(actor_id=world.irene.id)):
        change_status(access_ticket(ticket.id), "resolved", at=clock.now())


def test_conversations_are_kept_by_thread(slack_server: SlackServer, drain: Drain, world: World) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", HELP)
    drain()
    with work(Scope.client(world.lozano.id)) as session:
        [conversation] = session.scalars(select(Conversation))
    assert (conversation.channel, conversation.thread, conversation.is_personal) == (said.channel, said.ts, True)
    assert conversation.card_id and conversation.card_digest
