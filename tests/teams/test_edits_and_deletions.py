"""Edits, deletions, files and quotes of Teams in any order, end to end (A1, B4, B6, B8, B12)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_status
from msp.tickets.messages import reply
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.queries import access_ticket
from tests.teams.desk import Desk
from tests.world import TEAMS_TENANT, World

Drain = Callable[[], int]
FILE = "application/vnd.microsoft.teams.file.download.info"


def tickets() -> list[Ticket]:
    with work(Scope.staff()) as session:
        found = list(session.scalars(select(Ticket).order_by(Ticket.number)))
        return [ticket for ticket in found if ticket.label]


def said_on(ticket: Ticket) -> list[str]:
    with work(Scope.staff()) as session:
        query = select(Message.body).where(Message.ticket_id == ticket.id, Message.author_id == ticket.requester_id)
        return list(session.scalars(query.order_by(Message.id)))


def files() -> list[tuple[str, str]]:
    with work(Scope.staff()) as session:
        return [(row.name, row.state) for row in session.scalars(select(Attachment).order_by(Attachment.id))]


def finish(world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.irene.id)):
        change_status(access_ticket(ticket.id), "resolved", at=clock.now())


def two_tickets(desk: Desk, drain: Drain) -> str:
    """Two tickets in one chat; the id of the bot's card on the older one."""
    desk.say("The VPN is down")
    drain()
    card = str(desk.card()["id"])
    desk.press(card, "something_else")
    desk.say("The printer does not print")
    drain()
    return card


def test_a_reply_that_quotes_ones_own_older_message_lands_on_its_ticket(desk: Desk, drain: Drain) -> None:
    """B12, B4: the quote is stored once, apart from the answer."""
    first = desk.say("The VPN is down")
    drain()
    desk.press(str(desk.card()["id"]), "something_else")
    desk.say("The printer does not print")
    drain()
    desk.say("It says error 41", reply_to=first.id)
    drain()
    assert said_on(tickets()[0])[1:] == ["> Iñigo Azcárate\n>\n> The VPN is down\n\nIt says error 41"]
    assert said_on(tickets()[1]) == ["The printer does not print"]


def test_a_reply_that_quotes_a_technician_lands_on_the_older_ticket(desk: Desk, drain: Drain, world: World) -> None:
    """B12: also if the newer one was used last; the following messages belong to it as well."""
    two_tickets(desk, drain)
    with work(Scope.staff(actor_id=world.irene.id)):
        reply(access_ticket(tickets()[0].id), author=world.irene, body="Which floor?", at=clock.now())
        reply(access_ticket(tickets()[1].id), author=world.irene, body="Which model?", at=clock.now())
    drain()
    asked = next(each for each in desk.from_bot() if "Which floor?" in str(each.get("text")))
    desk.teams.say_html(TEAMS_TENANT, desk.person, "", "<p>The <b>second</b> one</p>", reply_to=asked["id"])
    desk.say("and the third")
    drain()
    older, newer = tickets()
    assert [body.split("\n")[-1] for body in said_on(older)[1:]] == ["The second one", "and the third"]
    assert said_on(newer) == ["The printer does not print"]


@pytest.mark.parametrize(
    ("text", "status"), [("thx 🙏", "resolved"), ("ok, perfect", "resolved"), ("It still fails", "open")]
)
def test_thanks_that_quote_the_question_leave_it_resolved(
    desk: Desk, drain: Drain, world: World, text: str, status: str
) -> None:
    """B12, C5: the quoted text was written by somebody else."""
    desk.say("The VPN is down")
    drain()
    finish(world, tickets()[0])
    drain()
    question = next(each for each in reversed(desk.from_bot()) if "Does it work" in str(each))
    desk.say(text, reply_to=question["id"])
    drain()
    [ticket] = tickets()
    assert ticket.status == status and len(said_on(ticket)) == 2


@pytest.mark.parametrize("text", ["hi 👋", "thanks a lot 🙏", "👍"])
def test_emoji_are_no_files(desk: Desk, drain: Drain, text: str) -> None:
    """B6: Teams sends a picture for each emoji; they open no ticket."""
    desk.say(text)
    drain()
    assert (tickets(), files()) == ([], [])


def test_an_acknowledgement_of_a_finished_ticket_is_no_question(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The VPN is down")
    drain()
    finish(world, tickets()[0])
    drain()
    desk.say("ok, perfect 👍")
    drain()
    assert tickets()[0].status == "resolved"
    assert "You are welcome, Iñigo." in str(desk.from_bot()[-2:])


@pytest.mark.parametrize("where", ["personal", "channel"])
def test_a_greeting_that_becomes_a_problem_opens_its_ticket(desk: Desk, drain: Drain, where: str) -> None:
    place, mention = (desk.channel(), "@Guardia ") if where == "channel" else ("", "")
    said = desk.teams.say(TEAMS_TENANT, desk.person, place, f"{mention}hi")
    drain()
    assert tickets() == []
    desk.teams.edit(TEAMS_TENANT, desk.person, said.id, f"{mention}hi, the VPN is down")
    drain()
    assert [each.subject for each in tickets()] == ["The VPN is down"]


def test_an_edit_of_an_old_message_opens_nothing(desk: Desk, drain: Drain) -> None:
    said = desk.say("hi")
    drain()
    clock.advance(timedelta(days=2))
    desk.teams.edit(TEAMS_TENANT, desk.person, said.id, "hi, the VPN is down")
    drain()
    assert tickets() == []


def test_a_file_that_is_added_to_a_message_arrives_once(desk: Desk, drain: Drain) -> None:
    """A1: by an edit, which lists the older file as well, under another address."""
    said = desk.teams.say(
        TEAMS_TENANT, desk.person, "", "The VPN is down", files=[{"name": "a.log", "content": b"one"}]
    )
    drain()
    other = desk.teams.say(TEAMS_TENANT, desk.person, "", "see", files=[{"name": "b.log", "content": b"two"}])
    drain()
    known = [dict(each) for each in said.activity["attachments"]]
    known[-1]["content"] = known[-1]["content"] | {"downloadUrl": "https://contoso.sharepoint.com/another"}
    added: dict[str, Any] = next(each for each in other.activity["attachments"] if each["contentType"] == FILE)
    edit = dict(said.activity) | {"type": "messageUpdate", "attachments": [*known, added]}
    edit["channelData"] = dict(edit["channelData"]) | {"eventType": "editMessage"}
    desk.teams.core.post(edit, wait=True)
    drain()
    assert files() == [("a.log", "stored"), ("b.log", "stored"), ("b.log", "stored")]


def test_a_forward_alone_is_a_ticket_about_what_was_said(desk: Desk, drain: Drain) -> None:
    """B4, B7."""
    told = {
        "originalMessageId": "1795000000000",
        "originalMessageContent": '<p>The server <b>srv1</b> is down <emoji alt="😢" title="Sad"></emoji></p>',
        "originalMessageSender": {"user": {"displayName": "Irene Soto"}},
    }
    attachments = [
        {"contentType": "text/html", "content": '<attachment id="7"></attachment>'},
        {"contentType": "forwardedMessageReference", "id": "7", "content": told},
    ]
    desk.teams.core.post(desk.activity("") | {"id": "1795424400321", "attachments": attachments}, wait=True)
    drain()
    [ticket] = tickets()
    assert ticket.subject == "The server srv1 is down 😢"
    assert said_on(ticket) == ["> Irene Soto\n>\n> The server srv1 is down 😢"]


def test_what_teams_itself_tells_is_no_message(desk: Desk, drain: Drain) -> None:
    event = [{"contentType": "text/html", "content": "<systemEventMessage/>"}]
    desk.teams.core.post(desk.activity("") | {"id": "1795424400322", "attachments": event}, wait=True)
    drain()
    assert tickets() == [] and desk.from_bot() == []


def test_a_file_in_a_channel_is_named_with_the_reason_why_it_did_not_come(desk: Desk, drain: Drain) -> None:
    """B4: Teams gives apps no files of channels, only their position in the text."""
    posted = [{"name": "a.log", "content": b"one"}]
    first = desk.teams.say(TEAMS_TENANT, desk.person, desk.channel(), "@Guardia the VPN is down", files=posted)
    drain()
    desk.teams.say(TEAMS_TENANT, desk.person, desk.channel(), "@Guardia", reply_to=first.id, files=posted)
    drain()
    [ticket] = tickets()
    assert (ticket.subject, len(said_on(ticket))) == ("The VPN is down", 2)
    with work(Scope.staff()) as session:
        rows = session.scalars(select(Attachment)).all()
    assert [(row.state, row.reason) for row in rows] == [("refused", "in_channel")] * 2


def test_words_after_a_deleted_opening_give_the_subject(desk: Desk, drain: Drain) -> None:
    """B8."""
    said = desk.say("my password is hunter2")
    drain()
    desk.teams.delete(TEAMS_TENANT, desk.person, said.id)
    drain()
    assert tickets()[0].subject == "Message deleted"
    clock.advance(timedelta(minutes=30))
    desk.say("I cannot log in to the VPN")
    drain()
    assert [each.subject for each in tickets()] == ["I cannot log in to the VPN"]


def test_in_a_group_chat_who_has_no_chat_with_us_is_answered_there(desk: Desk, drain: Drain) -> None:
    """B16: once, and in their language."""
    desk.teams.add_user(TEAMS_TENANT, id="29:jon", name="Jon Ander", email="jon@azcarate.example", locale="en-GB")
    group = desk.teams.add_group_chat(TEAMS_TENANT, members=[desk.person, "29:jon"], installed=True)
    desk.teams.say(TEAMS_TENANT, "29:jon", group.id, "@Guardia")
    drain()
    [answer] = desk.from_bot()
    assert answer["conversation"]["id"] == group.id and "Describe the problem" in answer["text"]
    assert tickets() == []
