"""People in a client's Slack, and how the desk identifies them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import ChatIdentity, Person
from msp.tickets.models import Message, Ticket
from simulators.slack.server import SlackServer
from tests.world import SLACK_BOT_USER, SLACK_TEAM

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
SaidOn = Callable[[Ticket], list[Message]]
MENTION = f"<@{SLACK_BOT_USER}>"
GRID = "E0LOZANO"
STAFF = "Formas parte del equipo de soporte. Crea los tickets de un cliente en la consola."
GUEST = "Hola. Eres un invitado en Ferretería Lozano"
A_DAY = timedelta(days=1, minutes=1)


def user(server: SlackServer, real_name: str, *, team: str = SLACK_TEAM, email: str = "", **more: Any) -> str:
    """A new user in Slack; returns the id."""
    made = server.add_user(team, real_name=real_name or "x", email=email)
    for name, value in {"real_name": real_name, **more}.items():
        setattr(made, name, value)
    return made.id


def answers(server: SlackServer, channel: str) -> list[str]:
    """The bot's messages in a channel, without the cards' buttons."""
    return [message["text"] for message in server.messages(channel=channel, author="bot")]


def direct(server: SlackServer, who: str) -> list[str]:
    """The bot's messages to somebody in private."""
    return answers(server, server.open_im(SLACK_TEAM, who).id)


def person_behind(who: str, team: str = SLACK_TEAM) -> Person | None:
    """The person that the desk identifies for a Slack user."""
    with work(Scope.system()) as session:
        query = select(Person).join(ChatIdentity, ChatIdentity.person_id == Person.id)
        return session.scalars(
            query.where(ChatIdentity.external_id == who, ChatIdentity.workspace == team)
        ).one_or_none()


def known(who: str) -> Person:
    person = person_behind(who)
    assert person is not None
    return person


def change(client: Client, **changes: object) -> None:
    with work(Scope.system()) as session:
        edit_client(session.get_one(Client, client.id), at=clock.now(), **changes)


def people_named(name: str) -> int:
    with work(Scope.system()) as session:
        return len(session.scalars(select(Person.id).where(Person.name == name)).all())


def tomas_in_lozano(server: SlackServer) -> str:
    """Tomás with an account in Lozano's workspace, under his own address."""
    return user(server, "Tomás (soporte)", email="Tomas@Guardia.example")
