"""Row queries of the ticket page: the ticket, its messages and its events.

They are parts of one statement (msp.kernel.batch_read) in which the ticket is identified by its label; the page
combines them with the queries of other packages.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Text, bindparam, literal_column, select

from msp.clients.models import Client
from msp.contracts.models import Contract, SlaTarget
from msp.kernel.batch_read import BatchResult, RowQuery
from msp.kernel.db import Json
from msp.kernel.errors import NotFound
from msp.kernel.events import StoredEvent
from msp.people.models import Person
from msp.tickets.label import Label, parse_label
from msp.tickets.merge_models import TicketMerge
from msp.tickets.models import NOT_UNDONE, Attachment, Conversation, Message, Ticket
from msp.tickets.ticket_rows import IS_UNFINISHED, TicketRow, select_tickets

_LABELLED = (
    select(Ticket.id, Ticket.client_id, Ticket.requester_id, Ticket.contract_id)
    .join(Client, Client.id == Ticket.client_id)
    .where(Client.code == bindparam("code", type_=Text), Ticket.number == bindparam("number", type_=Integer))
    .cte("labelled")
)
THIS = select(_LABELLED.c.id).scalar_subquery()
CLIENT = select(_LABELLED.c.client_id).scalar_subquery()


class RequesterRow(NamedTuple):
    """Details of the requester besides their name."""

    title: str | None
    phone: str | None
    locale: str


class ContractRow(NamedTuple):
    """A contract of the ticket's client in its current version, with its first and last day."""

    id: UUID
    version: int
    name: str
    kind: str
    starts_on: date
    ends_on: date | None


class OtherTicketRow(NamedTuple):
    """Another unfinished ticket of the same requester."""

    code: str
    number: int
    subject: str

    @property
    def label(self) -> str:
        """The ticket number as people write it: LOZ-412."""
        return str(Label(self.code, self.number))


class TargetRow(NamedTuple):
    """The contract's target for a priority and a type ('' for every type), in business minutes."""

    type: str
    priority: str
    first_response_minutes: int
    resolution_minutes: int


class FileRow(NamedTuple):
    """A file of a message."""

    message_id: UUID
    id: UUID
    name: str
    content_type: str
    size: int
    state: str
    reason: str | None
    has_thumbnail: bool


class AuthorRow(NamedTuple):
    """The author of a message; staff has no client."""

    id: UUID
    name: str
    client_id: UUID | None


class MessageRow(NamedTuple):
    """A message as the page shows it; without an author it is an automatic one."""

    id: UUID
    visibility: str
    channel: str
    body: str
    at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    delivery_state: str
    delivery_reason: str | None
    delivery_channel: str | None
    content: Json | None
    author_id: UUID | None
    author_name: str | None
    author_client_id: UUID | None
    delivery_key: str | None
    attachments: Sequence[FileRow] = ()

    @property
    def author(self) -> AuthorRow | None:
        """The author; None for an automatic message."""
        if self.author_id is None:
            return None
        return AuthorRow(self.author_id, self.author_name or "", self.author_client_id)


class EventRow(NamedTuple):
    """An event as the page shows it, with the name of its actor."""

    id: UUID
    kind: str
    at: datetime
    data: Json
    who: str | None


class ThreadRow(NamedTuple):
    """A chat thread that shows the ticket."""

    platform: str
    unreachable_reason: str | None


TICKET = RowQuery(TicketRow, select_tickets(is_client=False).where(Ticket.id == THIS))
REQUESTER = RowQuery(
    RequesterRow,
    select(Person.title, Person.phone, Person.locale).where(
        Person.id == select(_LABELLED.c.requester_id).scalar_subquery()
    ),
)
MESSAGES = RowQuery(
    MessageRow,
    select(
        Message.id, Message.visibility, Message.channel, Message.body, Message.at, Message.edited_at,
        Message.deleted_at, Message.delivery_state, Message.delivery_reason, Message.delivery_channel,
        Message.content, Message.author_id, Person.name.label("author_name"),
        Person.client_id.label("author_client_id"), Message.delivery_key,
    )
    .outerjoin(Person, Person.id == Message.author_id)
    .where(Message.ticket_id == THIS, NOT_UNDONE)
    .order_by(Message.at, Message.id),
)  # fmt: skip
FILES = RowQuery(
    FileRow,
    select(
        Attachment.message_id, Attachment.id, Attachment.name, Attachment.content_type, Attachment.size,
        Attachment.state, Attachment.reason, Attachment.thumbnail_key.is_not(None).label("has_thumbnail"),
    )
    .join(Message, Message.id == Attachment.message_id)
    .where(Message.ticket_id == THIS)
    .order_by(Attachment.id),
)  # fmt: skip
EVENTS = RowQuery(
    EventRow,
    select(StoredEvent.id, StoredEvent.kind, StoredEvent.at, StoredEvent.data, Person.name.label("who"))
    .outerjoin(Person, Person.id == StoredEvent.actor_id)
    .where(StoredEvent.subject_id == THIS)
    .order_by(StoredEvent.seq),
)
THREADS = RowQuery(
    ThreadRow, select(Conversation.platform, Conversation.unreachable_reason).where(Conversation.ticket_id == THIS)
)
TARGETS = RowQuery(
    TargetRow,
    select(SlaTarget.type, SlaTarget.priority, SlaTarget.first_response_minutes, SlaTarget.resolution_minutes).where(
        SlaTarget.contract_id == select(_LABELLED.c.contract_id).scalar_subquery()
    ),
)
CONTRACTS = RowQuery(
    ContractRow,
    select(Contract.id, Contract.version, Contract.name, Contract.kind, Contract.starts_on, Contract.ends_on)
    .where(Contract.client_id == CLIENT)
    .order_by(Contract.starts_on, Contract.id),
)
OTHERS = RowQuery(
    OtherTicketRow,
    select(Client.code, Ticket.number, Ticket.subject)
    .join(Client, Client.id == Ticket.client_id)
    .where(
        Ticket.requester_id == select(_LABELLED.c.requester_id).scalar_subquery(),
        Ticket.id != THIS,
        IS_UNFINISHED,
    )
    .order_by(Ticket.id.desc())
    .limit(literal_column("5")),
)


class MergeRow(NamedTuple):
    """The latest merge of the ticket into another one, whose number it has."""

    code: str
    number: int
    merged_at: datetime
    undone_at: datetime | None

    @property
    def label(self) -> str:
        """The number of the surviving ticket: LOZ-412."""
        return str(Label(self.code, self.number))


MERGE = RowQuery(
    MergeRow,
    select(Client.code, Ticket.number, TicketMerge.merged_at, TicketMerge.undone_at)
    .select_from(TicketMerge)
    .join(Ticket, Ticket.id == TicketMerge.target_id)
    .join(Client, Client.id == Ticket.client_id)
    .where(TicketMerge.source_id == THIS)
    .order_by(TicketMerge.merged_at.desc())
    .limit(literal_column("1")),
)


def label_parts(label: str) -> dict[str, object]:
    """The parameters that identify a ticket by its label; raises NotFound for an invalid one."""
    named = parse_label(label)
    if named is None:
        raise NotFound("ticket")
    return named._asdict()


def messages_with_files(found: BatchResult) -> list[MessageRow]:
    """Messages in order, each with its files."""
    files: dict[UUID, list[FileRow]] = {}
    for file in found.all(FILES):
        files.setdefault(file.message_id, []).append(file)
    messages = found.all(MESSAGES)
    return [each._replace(attachments=files.get(each.id, ())) for each in messages] if files else messages
