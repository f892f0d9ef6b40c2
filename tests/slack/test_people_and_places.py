"""Buttons, commands, files, strangers, unconnected companies, shared channels, staff: who may see what."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from slack_sdk import WebClient
from sqlalchemy import func, select

from integrations.channels import WorkspaceLink
from integrations.slack.transport import SlackTransport
from msp.clients.actions import connect, note_unknown
from msp.clients.models import UnknownSource
from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.events import StoredEvent
from msp.notify.models import Notification
from msp.people.models import Person
from msp.tickets.actions import assign, change_priority
from msp.tickets.messages import reply
from msp.tickets.models import Attachment, Conversation, Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, SUPPORT
from tests.world import SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
MENTION = f"<@{SLACK_BOT_USER}>"


def kinds() -> list[str]:
    """The types of events so far, in order."""
    with work(Scope.staff()) as session:
        return list(session.scalars(select(StoredEvent.kind).order_by(StoredEvent.seq)))


def opened(slack_server: SlackServer, drain: Drain) -> tuple[str, str]:
    """A ticket of Marta in the support channel: the channel, and the ts of its card."""
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    return SUPPORT, slack_server.messages(channel=SUPPORT, author="bot")[0]["ts"]


# ----------------------------------------------------------------------- buttons


def test_more_urgent_raises_the_priority_once(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    channel, card = opened(slack_server, drain)
    slack_server.click(SLACK_TEAM, MARTA, channel, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "high"
    shown, acknowledged = slack_server.messages(channel=channel, author="bot")
    assert acknowledged["text"] == "Prioridad cambiada a alta. Te responderemos antes de las 11:00."
    assert "Alta" in str(shown["blocks"]) and "more_urgent" not in str(shown["blocks"])


def test_an_old_picture_of_the_button_raises_nothing_more(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    channel, card = opened(slack_server, drain)
    old = dict(slack_server.world.channels[channel].messages[card])
    slack_server.click(SLACK_TEAM, MARTA, channel, card, "more_urgent")
    drain()
    slack_server.world.channels[channel].messages[card] = old
    slack_server.click(SLACK_TEAM, PABLO, channel, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "high"
    assert "Ya está hecho" in slack_server.ephemerals(channel, PABLO)[0]["text"]


def test_talk_to_a_person_tells_the_team_lead(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    channel, card = opened(slack_server, drain)
    slack_server.click(SLACK_TEAM, MARTA, channel, card, "talk_to_person")
    slack_server.click(SLACK_TEAM, MARTA, channel, card, "talk_to_person")
    drain()
    assert kinds().count("ticket.person_asked") == 1
    with work(Scope.staff()) as session:
        heard = session.scalars(select(Notification).where(Notification.kind == "ticket.person_asked")).all()
    assert [each.person_id for each in heard] == [world.rosa.id]
    text = slack_server.messages(channel=channel, author="bot")[-1]["text"]
    assert text == "He avisado al equipo, Marta: te escribirá una persona por aquí."


def test_add_detail_asks_for_it_in_the_thread(slack_server: SlackServer, drain: Drain) -> None:
    channel, card = opened(slack_server, drain)
    slack_server.click(SLACK_TEAM, MARTA, channel, card, "add_detail")
    drain()
    assert "se añadirá a LOZ-1" in slack_server.ephemerals(channel, MARTA)[0]["text"]


def test_a_button_is_no_key_to_another_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    channel, card = opened(slack_server, drain)
    slack_server.say(SLACK_TEAM, MARTA, "im", "Otra cosa")
    drain()
    other = tickets()[1]
    for element in slack_server.world.channels[channel].messages[card]["blocks"][-1]["elements"]:
        element["value"] = str(other.id)
    slack_server.click(SLACK_TEAM, MARTA, channel, card, "more_urgent")
    drain()
    assert [ticket.priority for ticket in tickets()] == ["normal", "normal"]
    assert "no está disponible" in slack_server.ephemerals(channel, MARTA)[0]["text"]


def test_a_priority_changed_by_staff_only_shows_on_the_card(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    channel, _card = opened(slack_server, drain)
    with work(Scope.staff(actor_id=world.tomas.id)):
        change_priority(access_ticket(tickets()[0].id), "urgent", at=clock.now())
    drain()
    [card] = slack_server.messages(channel=channel, author="bot")
    assert "Urgente" in str(card["blocks"])


# ---------------------------------------------------------------------- commands


def test_a_command_opens_a_ticket_in_private(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    told = slack_server.slash(SLACK_TEAM, MARTA, SUPPORT, "/guardia", "la impresora no imprime")
    assert told.body["response_type"] == "ephemeral" and "te escribo por privado" in told.body["text"]
    drain()
    assert [ticket.subject for ticket in tickets()] == ["La impresora no imprime"]
    assert slack_server.messages(channel=SUPPORT, author="bot") == []
    home = slack_server.open_im(SLACK_TEAM, MARTA).id
    [card] = slack_server.messages(channel=home, author="bot")
    slack_server.say(SLACK_TEAM, MARTA, "im", "Es la de la planta dos", thread_ts=card["ts"])
    drain()
    with work(Scope.staff()) as session:
        assert len(session.scalars(select(Message)).all()) == 2
        assert session.scalars(select(Conversation.thread)).one() == card["ts"]
    assert len(tickets()) == 1


def test_an_empty_command_explains_itself(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    told = slack_server.slash(SLACK_TEAM, MARTA, SUPPORT, "/guardia", " ")
    assert "/guardia La impresora" in told.body["text"]
    drain()
    assert tickets() == []


def test_an_empty_mention_asks_what_happens(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, MENTION)
    drain()
    assert tickets() == []
    assert "Mencióname" in slack_server.ephemerals(SUPPORT, MARTA)[0]["text"]


# ------------------------------------------------------------------------- files


def attachments() -> list[Attachment]:
    """Every attachment, in order."""
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def test_files_are_fetched_and_kept(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    picture = {"name": "captura.png", "content": b"\x89PNG" + b"x" * 100_000, "mimetype": "image/png"}
    slack_server.say(SLACK_TEAM, MARTA, "im", "", files=[picture])
    drain()
    [kept] = attachments()
    assert (kept.name, kept.state, kept.size, kept.content_type) == ("captura.png", "stored", 100_004, "image/png")
    assert kept.storage_key
    with files.open_kept(kept.storage_key) as stored:
        assert stored.read() == picture["content"]
    assert tickets()[0].subject == "captura.png"
    assert "ticket.attachment_stored" in kinds()


def test_a_sign_in_page_is_no_file(slack_server: SlackServer, drain: Drain) -> None:
    workspace = slack_server.world.workspaces[SLACK_TEAM]
    workspace.scopes = tuple(scope for scope in workspace.scopes if scope != "files:read")
    slack_server.say(SLACK_TEAM, MARTA, "im", "Mira", files=[{"name": "a.png", "content": b"x"}])
    drain()
    [refused] = attachments()
    assert (refused.state, refused.reason, refused.storage_key) == ("refused", "not_readable", None)


def test_huge_files_are_not_fetched(slack_server: SlackServer, drain: Drain) -> None:
    huge = {"name": "video.mp4", "content": b"x" * (files.MAX_BYTES + 1)}
    slack_server.say(SLACK_TEAM, MARTA, "im", "Mira", files=[huge])
    drain()
    [refused] = attachments()
    assert (refused.state, refused.reason) == ("refused", "too_large")


@pytest.mark.parametrize(
    "url", ["https://evil.example/a", "http://files.slack.com/a", "https://files.slack.com.evil.example/a", "file:///a"]
)
def test_our_token_goes_to_slack_alone(slack_server: SlackServer, url: str) -> None:
    link = WorkspaceLink(None, "slack", SLACK_TEAM, {}, "xoxb-secret")
    transport = SlackTransport(base_url=slack_server.api_url)
    with pytest.raises(Permanent, match="foreign_address"), transport.download(link, {"url": url}):
        pass


def test_a_slow_file_is_fetched_later(slack_server: SlackServer, drain: Drain) -> None:
    slack_server.faults.add("download", "503")
    slack_server.say(SLACK_TEAM, MARTA, "im", "Mira", files=[{"name": "a.png", "content": b"x"}])
    drain()
    assert attachments()[0].state == "remote"
    clock.advance(timedelta(minutes=1))
    drain()
    assert attachments()[0].state == "stored"


# ------------------------------------------------------- other and unconnected companies


def test_an_unknown_company_is_answered_kindly_and_shown(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    other = slack_server.add_workspace("Talleres Ruiz", team_id="T0RUIZ")
    user = slack_server.add_user("T0RUIZ", real_name="Ana Ruiz", email="ana@ruiz.example")
    with work(Scope.system()):
        note_unknown(
            "slack", "T0RUIZ", name="Talleres Ruiz", secret=other.bot_token, settings={}, messages=0, at=clock.now()
        )
    said = slack_server.say("T0RUIZ", user.id, "im", "No me funciona el correo")
    slack_server.redeliver(said.event_ids[0], times=3)
    drain()
    assert tickets() == []
    [answer] = slack_server.messages(channel=said.channel, author="bot")
    assert "Tu empresa aún no está conectada" in answer["text"] and answer["thread_ts"] == said.ts
    with work(Scope.staff()) as session:
        source = session.scalars(select(UnknownSource)).one()
    assert (source.external_id, source.messages) == ("T0RUIZ", 1)


def test_an_unknown_company_without_a_token_is_only_noted(
    slack_server: SlackServer, drain: Drain, world: World
) -> None:
    slack_server.add_workspace("Talleres Ruiz", team_id="T0RUIZ")
    user = slack_server.add_user("T0RUIZ", real_name="Ana Ruiz")
    slack_server.say("T0RUIZ", user.id, "im", "No me funciona el correo")
    drain()
    with work(Scope.staff()) as session:
        assert session.scalars(select(UnknownSource.external_id)).all() == ["T0RUIZ"]
    assert slack_server.messages(author="bot") == []


def shared_channel(slack_server: SlackServer) -> tuple[str, str]:
    """A channel of Lozano that a supplier also reads, and one of the supplier's people."""
    slack_server.add_workspace("Proveedor", team_id="T0OTHER", installed=False)
    stranger = slack_server.add_user("T0OTHER", real_name="Luis Gómez", email="luis@lozano.example")
    channel = slack_server.add_channel(SLACK_TEAM, "con-proveedor", members=[MARTA], shared_with=["T0OTHER"])
    return channel.id, stranger.id


def test_a_stranger_gets_a_kind_answer_and_no_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    channel, stranger = shared_channel(slack_server)
    slack_server.say("T0OTHER", stranger, channel, f"{MENTION} ¿cómo va lo de Lozano?")
    drain()
    assert tickets() == []
    [answer] = slack_server.messages(channel=channel, author="bot")
    assert answer["text"].startswith("Hola. Aquí solo puedo ayudar")
    with work(Scope.staff()) as session:
        people = select(func.count()).select_from(Person).where(Person.name == "Luis Gómez")
        assert session.execute(people).scalar_one() == 0


def test_in_a_shared_channel_tickets_are_had_in_private(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    channel, _stranger = shared_channel(slack_server)
    slack_server.say(SLACK_TEAM, MARTA, channel, f"{MENTION} el TPV no cobra")
    drain()
    assert len(tickets()) == 1
    assert slack_server.messages(channel=channel, author="bot") == []
    assert "por privado" in slack_server.ephemerals(channel, MARTA)[0]["text"]
    [card] = slack_server.messages(channel=slack_server.open_im(SLACK_TEAM, MARTA).id, author="bot")
    assert "LOZ-1" in card["text"]


def test_a_reply_is_sent_after_the_card_of_a_private_ticket_was_removed(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    channel, _stranger = shared_channel(slack_server)
    slack_server.say(SLACK_TEAM, MARTA, channel, f"{MENTION} el TPV no cobra")
    drain()
    chat = slack_server.open_im(SLACK_TEAM, MARTA).id
    [card] = slack_server.messages(channel=chat, author="bot")
    slack_server.say(SLACK_TEAM, MARTA, chat, "Desde las nueve", thread_ts=card["ts"])  # the thread stays
    drain()
    WebClient(SLACK_BOT_TOKEN, base_url=f"{slack_server.url}/api/").chat_delete(channel=chat, ts=card["ts"])
    for act in (
        lambda ticket: change_priority(ticket, "urgent", at=clock.now()),
        lambda ticket: reply(ticket, author=world.irene, body="Ya funciona", at=clock.now()),
    ):
        with work(Scope.staff(actor_id=world.irene.id)):
            act(access_ticket(tickets()[0].id))
        drain()
    assert any("Ya funciona" in each["text"] for each in slack_server.messages(channel=chat, author="bot"))


def test_a_stranger_in_a_thread_adds_nothing(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    channel, stranger = shared_channel(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, channel, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say("T0OTHER", stranger, channel, "Yo también quiero", thread_ts=said.ts)
    drain()
    with work(Scope.staff()) as session:
        assert session.execute(select(func.count()).select_from(Message)).scalar_one() == 1


# ------------------------------------------------------------------------- staff


def test_staff_hear_in_their_own_slack(slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World) -> None:
    desk = slack_server.add_workspace("Guardia", team_id="T0DESK")
    tomas = slack_server.add_user("T0DESK", real_name="Tomás Rey", email="tomas@guardia.example")
    with work(Scope.system()):
        connect(None, kind="slack", external_id="T0DESK", secret=desk.bot_token, at=clock.now())
    slack_server.say("T0DESK", tomas.id, "im", "Hola")
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    slack_server.faults.add("chat.postMessage", "drop", where={"team": "T0DESK"})
    with work(Scope.staff(actor_id=world.rosa.id)):
        assign(access_ticket(tickets()[0].id), world.tomas, at=clock.now())
    drain()
    clock.advance(timedelta(minutes=1))
    drain()
    home = slack_server.open_im("T0DESK", tomas.id).id
    _met, notification = slack_server.messages(channel=home, author="bot")
    assert notification["text"] == "Se te ha asignado LOZ-1: El TPV no cobra (Ferretería Lozano)."
