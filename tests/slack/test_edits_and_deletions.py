"""Edits, deletions and files in any order, before and after a message is on a ticket (A1, B6, B8, B16)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.kernel.events import emit
from msp.tickets.actions import change_status
from msp.tickets.events import AttachmentStored
from msp.tickets.messages import reply
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.removed_files import GRACE
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, SUPPORT, TOM
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
SaidOn = Callable[[Ticket], list[Message]]
MENTION = f"<@{SLACK_BOT_USER}>"
LOG = {"name": "error.log", "content": b"error 41"}
PICTURE = {"name": "Captura de pantalla 2026-11-23 a las 10.30.45.png", "content": b"png"}


def attachments() -> list[Attachment]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def changed(server: SlackServer, channel: str, message: dict[str, Any], previous: dict[str, Any]) -> None:
    """Slack's event for a changed message."""
    event = {
        "type": "message", "subtype": "message_changed", "channel": channel, "channel_type": "im",
        "hidden": True, "message": message, "previous_message": previous,
        "ts": server.world.ts(), "event_ts": server.world.ts(),
    }  # fmt: skip
    server.core.emit(server.world.channels[channel], event, wait=True)


def resolve(ticket: Ticket, world: World) -> None:
    with work(Scope.staff(actor_id=world.irene.id)):
        change_status(access_ticket(ticket.id), "resolved", at=clock.now())


# --------------------------------------------------------- edits of messages without a ticket


@pytest.mark.parametrize(("before", "after"), [("Hola", "Hola, no me va el correo"), ("👋", "no me va el correo")])
def test_a_greeting_that_becomes_a_problem_opens_its_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, before: str, after: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", before)
    drain()
    slack_server.edit(SLACK_TEAM, MARTA, said.channel, said.ts, after)
    drain()
    assert [each.subject for each in tickets()] == ["No me va el correo"]


def test_a_mention_without_words_that_gets_them_opens_one_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, MENTION)
    drain()
    slack_server.edit(SLACK_TEAM, MARTA, SUPPORT, said.ts, f"{MENTION} no me va el correo")
    drain()
    assert [each.subject for each in tickets()] == ["No me va el correo"]


def test_a_mention_that_is_added_later_is_heard(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "no me va el correo")
    drain()
    slack_server.edit(SLACK_TEAM, MARTA, SUPPORT, said.ts, f"no me va el correo {MENTION}")
    drain()
    assert [each.subject for each in tickets()] == ["No me va el correo"]


def test_edits_among_colleagues_and_of_old_messages_open_nothing(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    talk = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "¿comemos?")
    old = slack_server.say(SLACK_TEAM, MARTA, "im", "Hola")
    drain()
    slack_server.edit(SLACK_TEAM, MARTA, SUPPORT, talk.ts, "¿comemos a las dos?")
    clock.advance(timedelta(days=2))
    slack_server.edit(SLACK_TEAM, MARTA, old.channel, old.ts, "Hola, no me va el correo")
    drain()
    assert tickets() == []


# -------------------------------------------------------------------------- files


def test_files_alone_then_words_give_the_subject_in_words(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    """A1, B7: a file name with spaces is not a sentence."""
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "", files=[PICTURE, LOG])
    drain()
    assert tickets()[0].subject.startswith("Captura de pantalla")
    words = slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    [ticket] = tickets()
    assert ticket.subject == "No me va el correo" and [each.state for each in attachments()] == ["stored", "stored"]
    slack_server.delete(SLACK_TEAM, MARTA, words.channel, words.ts)
    drain()
    assert tickets()[0].subject.startswith("Captura de pantalla")
    slack_server.delete(SLACK_TEAM, MARTA, said.channel, said.ts)
    drain()
    assert tickets()[0].subject == "Mensaje eliminado"


def test_a_file_that_was_removed_from_a_message_goes_from_the_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    """B8: the others stay, and its bytes are deleted after the retention time."""
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo", files=[PICTURE, LOG])
    drain()
    key = attachments()[1].storage_key
    assert key is not None
    left = [said.message["files"][0], {"id": said.message["files"][1]["id"], "mode": "tombstone"}]
    changed(slack_server, said.channel, {**said.message, "files": left}, dict(said.message))
    drain()
    assert [(each.name, each.state) for each in attachments()] == [(PICTURE["name"], "stored"), ("", "refused")]
    clock.advance(GRACE + timedelta(minutes=1))
    drain()
    assert files.stored_at(key) is None


def test_a_file_that_arrives_after_its_message_was_deleted_is_removed(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    """B8: it was being fetched when the message was deleted."""
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "mi contrato", files=[LOG])
    drain()
    key = attachments()[0].storage_key
    slack_server.delete(SLACK_TEAM, MARTA, said.channel, said.ts)
    drain()
    with work(Scope.client(tickets()[0].client_id)) as session:  # as the fetch ends
        row = session.scalars(select(Attachment)).one()
        row.state, row.storage_key = "stored", key
        emit(AttachmentStored(attachment_id=row.id), tickets()[0].id, client_id=row.client_id)
    drain()
    [row] = attachments()
    assert (row.name, row.state, row.storage_key) == ("", "refused", None)


# ----------------------------------------------------------------- reminders and thanks


def test_a_call_for_an_answer_goes_onto_the_ticket_that_waits(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    """B6: also long after the last message; another person's reminder is a separate ticket."""
    slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    for text in ("hola??", "¿hay alguien?", "alguna novedad?"):
        clock.advance(timedelta(minutes=20))
        slack_server.say(SLACK_TEAM, MARTA, "im", text)
        drain()
    slack_server.say(SLACK_TEAM, PABLO, "im", "¿hay alguien?")
    drain()
    mine, other = tickets()
    assert [each.body for each in said_on(mine)][1:] == ["hola??", "¿hay alguien?", "alguna novedad?"]
    assert mine.subject == "No me va el correo" and [each.body for each in said_on(other)] == ["¿hay alguien?"]


@pytest.mark.parametrize("text", ["ok, perfecto", "👍", "podéis cerrar el ticket, gracias", "listo, mil gracias crack"])
def test_an_acknowledgement_outside_of_the_thread_goes_onto_the_ticket_that_was_finished(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World, text: str
) -> None:
    """B6, C5: a lone «vale» is not answered with a question."""
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    resolve(tickets()[0], world)
    drain()
    clock.advance(timedelta(minutes=30))
    slack_server.say(SLACK_TEAM, MARTA, "im", text)
    drain()
    [ticket] = tickets()
    assert ticket.status == "resolved" and len(said_on(ticket)) == 2
    assert slack_server.messages(channel=said.channel, author="bot")[-1]["text"].startswith("De nada, Marta.")


def test_in_a_channel_an_empty_mention_is_asked_for_another_mention(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    """B16: messages there without a mention are not received."""
    slack_server.say(SLACK_TEAM, TOM, SUPPORT, MENTION)
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} hola")
    drain()
    whispers = [call["args"]["text"] for call in slack_server.calls if call["method"] == "chat.postEphemeral"]
    assert whispers == [
        "Hello. Mention me in a message that describes the problem and I will open a ticket for you.",
        "Hola. Mencióname en un mensaje que describa el problema y te abro un ticket.",
    ]
    assert tickets() == []


# ----------------------------------------------------------------------- forwards


def test_the_subject_of_a_forward_is_what_was_said_and_not_who_said_it(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    """B1, B7."""
    slack_server.kinds.forward(SLACK_TEAM, MARTA, "im", author=PABLO, text="El servidor no responde")
    drain()
    slack_server.kinds.forward(SLACK_TEAM, TOM, "im", author=PABLO, text="No va el TPV de caja 2", comment="mirad esto")
    drain()
    assert [each.subject for each in tickets()] == ["El servidor no responde", "No va el TPV de caja 2"]


# ---------------------------------------------------------------------- grouping


def test_what_was_written_before_the_answer_joins_also_when_it_comes_late(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    """B6: Slack delivers out of order and late."""
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    ts = f"{clock.now().timestamp() + 20:.6f}"
    clock.advance(timedelta(seconds=60))
    with work(Scope.staff(actor_id=world.irene.id)):
        reply(access_ticket(tickets()[0].id), author=world.irene, body="Lo miro", at=clock.now())
    drain()
    late = {"type": "message", "user": MARTA, "team": SLACK_TEAM, "text": "pone error 41", "ts": ts, "event_ts": ts}
    place = slack_server.world.channels[said.channel]
    slack_server.core.emit(place, {**late, "channel": said.channel, "channel_type": "im"}, wait=True)
    drain()
    [ticket] = tickets()
    assert "pone error 41" in [each.body for each in said_on(ticket)]


@pytest.mark.parametrize("text", ["Hola", "gracias!", "vale 👍"])
@pytest.mark.parametrize("where", ["im", SUPPORT])
def test_small_talk_in_a_thread_of_no_ticket_opens_none(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, text: str, where: str
) -> None:
    """B6: in the assistant container every message is in a thread."""
    first = slack_server.say(SLACK_TEAM, PABLO if where == SUPPORT else MARTA, where, "Hola")
    drain()
    mention = f"{MENTION} " if where == SUPPORT else ""
    slack_server.say(SLACK_TEAM, MARTA, where, f"{mention}{text}", thread_ts=first.ts)
    drain()
    assert tickets() == []
    slack_server.say(SLACK_TEAM, MARTA, where, f"{mention}no me va el correo", thread_ts=first.ts)
    drain()
    assert [each.subject for each in tickets()] == ["No me va el correo"]


# -------------------------------------------------------------------- voice clips


@pytest.mark.parametrize("comment", ["", "escuchad"])
def test_the_words_of_a_clip_that_slack_hears_later(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, comment: str
) -> None:
    """B1: Slack transcribes after the message was sent."""
    said = slack_server.kinds.voice(
        SLACK_TEAM, MARTA, "im", "No me funciona el portátil", comment=comment, status="processing"
    )
    drain()
    assert said_on(tickets()[0])[0].body == (comment or "audio_message.m4a")
    slack_server.kinds.transcribe(said.message["files"][0]["id"])
    clock.advance(timedelta(seconds=21))
    drain()
    [ticket] = tickets()
    assert said_on(ticket)[0].body == "\n\n".join(filter(None, [comment, "No me funciona el portátil"]))
    assert ticket.subject == ("Escuchad" if comment else "No me funciona el portátil")


def test_long_words_of_a_clip_are_read_whole(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    """B1: the message contains only their beginning."""
    words = " ".join(f"Paso {number}: se apaga el portátil." for number in range(30))
    slack_server.kinds.voice(SLACK_TEAM, MARTA, "im", words, comment="escuchad")
    drain()
    assert said_on(tickets()[0])[0].body == f"escuchad\n\n{words}"


def test_words_that_never_come_are_given_up(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    slack_server.kinds.voice(SLACK_TEAM, MARTA, "im", "x", status="processing")
    drain()
    clock.advance(timedelta(hours=1))
    drain()
    clock.advance(timedelta(hours=1))
    assert drain() == 0 and said_on(tickets()[0])[0].body == "audio_message.m4a"
