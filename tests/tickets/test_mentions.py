"""Mentions in notes: which names count, who is notified, by which preferences."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import deliver_one
from msp.notify.models import Notification, QueuedNotification
from msp.notify.preferences import set_preferences
from msp.people.models import Person
from msp.richtext import read_markdown, write_html, write_text
from msp.richtext.mentioning import mentioned, with_mentions
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in

NAMES = {"1": "Irene Navas", "2": "Tomás Rey", "3": "Ana Ruiz", "4": "Ana Gil"}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("@Irene Navas mira", ("1",)),
        ("Oye @irene, ¿y @Tomás Rey?", ("1", "2")),
        ("@Ana", ()),  # two people
        ("@Ana Gil y @Ana Gil", ("4",)),
        ("tomas@Irene.example o @Irenea", ()),
        ("`@Irene`", ()),
        ("> @Irene Navas", ()),  # a quote notifies nobody
        ("- uno\n- **@Irene**", ()),  # inside of styles names are text
        ("- @Irene", ("1",)),
        ("@Nadie", ()),
    ],
)
def test_names_that_count(text: str, ids: tuple[str, ...]) -> None:
    document = with_mentions(read_markdown(text), NAMES)
    assert mentioned(document, NAMES) == ids


def test_the_text_stays_and_the_mention_is_marked() -> None:
    document = with_mentions(read_markdown("Oye @irene, mira"), NAMES)
    assert write_text(document) == "Oye @Irene Navas, mira"
    assert '<span class="mention">@Irene Navas</span>' in write_html(document)


@pytest.fixture
def ticket(world: World, app: Flask) -> Ticket:
    request = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
    with work(Scope.client(world.lozano.id)):
        made = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]
    settle()
    return made


def settle() -> None:
    while deliver_one():
        pass


def notified() -> list[Person]:
    with work(Scope.system()) as session:
        query = select(Person).join(Notification, Notification.person_id == Person.id)
        return list(session.scalars(query.where(Notification.kind == "ticket.mentioned").order_by(Person.name)))


def test_those_who_may_see_the_client_are_notified(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    note = f"@{world.irene.name} @{world.nuria.name} @{world.tomas.name} @{world.marta.name} mirad"
    assert web.post("/desk/tickets/LOZ-1/reply", data={"body": note, "visibility": "internal"}).status_code == 303
    settle()
    assert [each.id for each in notified()] == [world.irene.id]  # not Nuria, oneself, or people of the client
    with work(Scope.staff()) as session:
        message = session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None and message.content is not None and world.irene.name in message.body
    assert 'class="mention"' in web.get("/desk/tickets/LOZ-1").text
    names = web.get(f"/desk/live/{ticket.id}/mentionable").get_json()["names"]
    assert world.irene.name in names and world.nuria.name not in names and world.tomas.name not in names
    assert "mencionado" in sign_in(web, world.irene).get("/desk/notifications").text


@pytest.mark.parametrize("by_mention", [True, False])
def test_sent_by_preference(web: FlaskClient, world: World, ticket: Ticket, by_mention: bool) -> None:
    with work(Scope.system()) as session:
        irene = session.get_one(Person, world.irene.id)
        set_preferences(
            irene, by_chat=True, by_mail=True, allow_urgent=False, night=None, days=(), by_mention=by_mention,
            at=clock.now(),
        )  # fmt: skip
    sign_in(web, world.tomas).post(
        "/desk/tickets/LOZ-1/reply", data={"body": f"@{world.irene.name}", "visibility": "internal"}
    )
    settle()
    with work(Scope.system()) as session:
        queued = session.scalars(select(QueuedNotification).where(QueuedNotification.person_id == world.irene.id)).all()
    assert len(notified()) == 1
    assert not queued if not by_mention else True


def test_a_public_reply_mentions_nobody(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    web.post("/desk/tickets/LOZ-1/reply", data={"body": f"@{world.irene.name} lo mira", "visibility": "public"})
    settle()
    assert notified() == []
