"""The product's side of the suite: the workers, what the desk's people do, and what is stored."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from msp.clients.actions import connect, disconnect, edit_client
from msp.clients.models import Client, Connection
from msp.kernel import clock, crypto
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.kernel.inbox import Inbound
from msp.people.models import ChatIdentity, Person
from msp.tickets import actions, messages, queries
from msp.tickets.attaching import Upload, attach_files
from msp.tickets.models import Attachment, Conversation, Message, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.channels.cast import MARTA, Actor
from tests.channels.driver import Driver, File, Seen, Sent, Where
from tests.world import World

TIMEOUT = 20  # seconds until a call that the platform's limits refused is tried again, at most
_TOMAS = re.compile(r"\bTomás( Rey)?\n")  # above his replies; mails have the first name
BEFORE_LONG = timedelta(minutes=2)  # longer than messages are grouped into one ticket


@dataclass(frozen=True, slots=True)
class Desk:
    """Workers and technicians; `drain` works everything that is due."""

    driver: Driver
    world: World
    drain: Callable[[], int]

    def work(self) -> None:
        """Work everything that waits; where the platform's limits refused something, let some seconds pass."""
        refused = self.driver.throttled()
        self.drain()
        while self.driver.throttled() != refused:
            refused = self.driver.throttled()
            for _ in range(TIMEOUT):
                clock.advance(timedelta(seconds=1))
                if self.drain():
                    break

    def later(self, *, seconds: int = 0, minutes: int = 0, times: int = 1) -> None:
        """Let time pass, and the workers look again."""
        for _ in range(times):
            clock.advance(timedelta(seconds=seconds, minutes=minutes))
            self.work()

    # ------------------------------------------------------------- what is stored

    def tickets(self) -> list[Ticket]:
        """Lozano's tickets, oldest first."""
        with work(Scope.staff()) as session:
            mine = select(Ticket).where(Ticket.client_id == self.world.lozano.id)
            return list(session.scalars(mine.order_by(Ticket.number)))

    def ticket(self) -> Ticket:
        """Lozano's only ticket."""
        [found] = self.tickets()
        return found

    def messages(self, ticket: Ticket | None = None) -> list[Message]:
        """What was written on a ticket, or on the only one, oldest first."""
        about = (ticket or self.ticket()).id
        with work(Scope.staff()) as session:
            return list(session.scalars(select(Message).where(Message.ticket_id == about).order_by(Message.id)))

    def bodies(self, ticket: Ticket | None = None) -> list[str]:
        """The words of `messages`."""
        return [message.body for message in self.messages(ticket)]

    def attachments(self) -> list[Attachment]:
        """Every file, in order."""
        with work(Scope.staff()) as session:
            return list(session.scalars(select(Attachment).order_by(Attachment.id)))

    def events(self) -> list[str]:
        """The kinds of what happened, in order."""
        with work(Scope.staff()) as session:
            return list(session.scalars(select(StoredEvent.kind).order_by(StoredEvent.seq)))

    def event_data(self, kind: str) -> list[dict[str, object]]:
        """What the events of a kind hold."""
        with work(Scope.staff()) as session:
            return list(session.scalars(select(StoredEvent.data).where(StoredEvent.kind == kind)))

    def stored_requests(self) -> int:
        """How many requests of the platform are stored."""
        with work(Scope.system()) as session:
            return session.execute(select(func.count()).select_from(Inbound)).scalar_one()

    def request_states(self) -> set[str]:
        """What became of the stored requests."""
        with work(Scope.system()) as session:
            return set(session.scalars(select(Inbound.state)))

    def person_of(self, actor: Actor) -> Person | None:
        """Whom the desk takes somebody for; None where it knows nobody of that name in the chat."""
        with work(Scope.system()) as session:
            query = select(Person).join(ChatIdentity, ChatIdentity.person_id == Person.id)
            mine = session.scalars(query.where(ChatIdentity.external_id.ilike(f"%{actor.key}"))).all()
            return mine[0] if mine else None

    def unreachable(self) -> list[str | None]:
        """Why each conversation cannot be written in."""
        with work(Scope.staff()) as session:
            return list(session.scalars(select(Conversation.unreachable_reason).order_by(Conversation.id)))

    # -------------------------------------------------------- what the desk's people do

    def asked(self, text: str = "El TPV no cobra") -> Sent | None:
        """Marta asks, and her ticket is opened: by her message (returned), else by a technician."""
        if self.driver.platform.capabilities.messages_in:
            said = self.driver.say(MARTA, text)
        else:
            said = None
            with work(Scope.staff(actor_id=self.world.tomas.id)):
                request = Request(subject=text, body=text, source=self.driver.platform.name)
                open_ticket(self.world.lozano, requester=self.world.marta, request=request, at=clock.now())
        self.work()
        return said

    def reply(self, body: str, ticket: Ticket | None = None, *, files: Sequence[File] = ()) -> None:
        """Tomás answers."""
        about, at = ticket or self.ticket(), clock.now()
        with work(Scope.staff(actor_id=self.world.tomas.id)):
            said = messages.reply(queries.access_ticket(about.id), author=self.world.tomas, body=body, at=at)
            attach_files(said, [Upload(each.name, "", [each.content]) for each in files], at=at)

    def note(self, body: str, *, files: Sequence[File] = ()) -> None:
        """Tomás writes an internal note."""
        about, at = self.ticket(), clock.now()
        with work(Scope.staff(actor_id=self.world.tomas.id)):
            said = messages.note(queries.access_ticket(about.id), author=self.world.tomas, body=body, at=at)
            attach_files(said, [Upload(each.name, "", [each.content]) for each in files], at=at)

    def assign_to_irene(self) -> None:
        """Somebody gives the ticket to Irene."""
        about = self.ticket()
        with work(Scope.staff(actor_id=self.world.rosa.id)):
            actions.assign(queries.access_ticket(about.id), self.world.irene, at=clock.now())

    def take(self) -> None:
        """Tomás takes the ticket."""
        about = self.ticket()
        with work(Scope.staff(actor_id=self.world.tomas.id)):
            actions.take(queries.access_ticket(about.id), self.world.tomas, at=clock.now())

    def set_status(self, status: str, ticket: Ticket | None = None) -> None:
        """Irene changes the status."""
        about = ticket or self.ticket()
        with work(Scope.staff(actor_id=self.world.irene.id)):
            actions.change_status(queries.access_ticket(about.id), status, at=clock.now(), actor_id=self.world.irene.id)

    def set_priority(self, priority: str) -> None:
        """Irene changes the priority."""
        about = self.ticket()
        with work(Scope.staff(actor_id=self.world.irene.id)):
            actions.change_priority(queries.access_ticket(about.id), priority, at=clock.now())

    def change_client(self, **changes: object) -> None:
        """An administrator edits Lozano."""
        with work(Scope.system()) as session:
            edit_client(session.get_one(Client, self.world.lozano.id), at=clock.now(), **changes)

    def give_workspace_to(self, client: Client) -> None:
        """An administrator connects Lozano's workspace to another client."""
        with work(Scope.system()) as session:
            mine = session.scalars(select(Connection).where(*self._connection())).one()
            secret = crypto.unseal(mine.secret) if mine.secret else None
            external_id, settings = mine.external_id, mine.settings
            disconnect(mine, at=clock.now())
            session.flush()
            new, kind = session.get_one(Client, client.id), self.driver.platform.name
            connect(new, kind=kind, external_id=external_id, settings=settings, secret=secret, at=clock.now())

    def broken_connections(self) -> list[str]:
        """The platforms whose connection with Lozano does not work."""
        with work(Scope.staff()) as session:
            return list(
                session.scalars(
                    select(Connection.kind).where(*self._connection(), Connection.broken_reason.is_not(None))
                )
            )

    def _connection(self) -> tuple[ColumnElement[bool], ...]:
        return Connection.kind == self.driver.platform.name, Connection.client_id == self.world.lozano.id

    # -------------------------------------------------------- what people see

    def opened(self, text: str = "El TPV no cobra", *, actor: Actor = MARTA) -> Seen:
        """A ticket from somebody's chat: the card that they see."""
        self.driver.say(actor, text)
        self.work()
        return self.card(actor)

    def card(self, actor: Actor = MARTA, where: Where = Where.CHAT) -> Seen:
        """The only card of a conversation."""
        [found] = [each for each in self.driver.seen(actor, where) if each.is_card]
        return found

    def question(self, actor: Actor = MARTA) -> Seen:
        """The last message with buttons that is no card."""
        return [each for each in self.driver.seen(actor) if each.buttons and not each.is_card][-1]

    def read(self, actor: Actor = MARTA, where: Where = Where.CHAT) -> str:
        """Everything that somebody reads in a conversation."""
        return "\n".join(each.text for each in self.driver.seen(actor, where))

    def replies(self, actor: Actor = MARTA) -> list[Seen]:
        """The technician's replies in somebody's chat, oldest first."""
        return [each for each in self.driver.seen(actor) if _TOMAS.search(each.text) and not each.is_card]
