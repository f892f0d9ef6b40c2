"""What the page of a ticket reads: the ticket, what was said on it, and what happened to it.

Parts of one statement (msp.kernel.batch_read) in which the ticket is named by its label; the page puts them together
with what other packages show beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Text, bindparam, literal_column, select, text
from sqlalchemy.orm import aliased

from msp.clients.models import Client
from msp.contracts.models import Contract, SlaTarget
from msp.kernel.batch_read import BatchResult, RowQuery
from msp.kernel.db import Json
from msp.kernel.errors import NotFound
from msp.kernel.events import StoredEvent
from msp.people.models import Person
from msp.tickets.label import parse_label
from msp.tickets.models import UNFINISHED, Attachment, Conversation, Message, Ticket
from msp.tickets.queries import Somebody

_Requester, _Assignee = aliased(Person), aliased(Person)
_LABELLED = (
    select(Ticket.id, Ticket.client_id, Ticket.requester_id, Ticket.contract_id)
    .join(Client, Client.id == Ticket.client_id)
    .where(Client.code == bindparam("code", type_=Text), Ticket.number == bindparam("number", type_=Integer))
    .cte("labelled")
)
THIS = select(_LABELLED.c.id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class RequesterRow:
    """Who asked for it, as the page shows them."""

    id: UUID
    name: str
    title: str | None
    phone: str | None
    locale: str
    is_guest: bool


class ContractRow(NamedTuple):
    """The contract that the ticket is worked under, in the version that holds."""

    id: UUID
    version: int
    name: str
    kind: str


class ContractOption(NamedTuple):
    """A contract of the ticket's client, with the days on which it begins and ends."""

    id: UUID
    name: str
    kind: str
    starts_on: date
    ends_on: date | None


class TargetRow(NamedTuple):
    """What the contract promises for a priority and a type ('' for every type), in business minutes."""

    type: str
    priority: str
    first_response_minutes: int
    resolution_minutes: int


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """A ticket as its page shows it."""

    id: UUID
    label: str
    version: int
    subject: str
    status: str
    priority: str
    type: str
    tier: int
    source: str
    client_id: UUID
    contract: ContractRow | None
    assignee_id: UUID | None
    paused_at: datetime | None
    scheduled_for: datetime | None
    created_at: datetime
    client: Somebody
    requester: RequesterRow
    assignee: Somebody | None


class FileRow(NamedTuple):
    """A file of a message."""

    message_id: UUID
    id: UUID
    name: str
    content_type: str
    size: int
    state: str
    reason: str | None


class AuthorRow(NamedTuple):
    """Who said something; staff has no client."""

    id: UUID
    name: str
    client_id: UUID | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as the page shows it; without an author the desk itself spoke."""

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
    author: AuthorRow | None
    attachments: Sequence[FileRow] = ()


class EventRow(NamedTuple):
    """An event as the page tells it, with the name of who did it."""

    id: UUID
    kind: str
    at: datetime
    data: Json
    who: str | None


class ThreadRow(NamedTuple):
    """A chat thread that shows the ticket."""

    platform: str
    unreachable_reason: str | None


def _detail(
    id: UUID, code: str, number: int, version: int, subject: str, status: str, priority: str, type: str, tier: int,
    source: str, client_id: UUID, client: str,
    contract_id: UUID | None, contract_version: int | None, contract: str | None, contract_kind: str | None,
    assignee_id: UUID | None, assignee: str | None, paused_at: datetime | None, scheduled_for: datetime | None,
    created_at: datetime,
    requester_id: UUID, requester: str, title: str | None, phone: str | None, locale: str, is_guest: bool,
) -> TicketDetail:  # fmt: skip
    return TicketDetail(
        id=id,
        label=f"{code}-{number}",
        version=version,
        subject=subject,
        status=status,
        priority=priority,
        type=type,
        tier=tier,
        source=source,
        client_id=client_id,
        contract=ContractRow(contract_id, contract_version or 1, contract or "", contract_kind or "")
        if contract_id
        else None,
        assignee_id=assignee_id,
        paused_at=paused_at,
        scheduled_for=scheduled_for,
        created_at=created_at,
        client=Somebody(client_id, client),
        requester=RequesterRow(requester_id, requester, title, phone, locale, is_guest),
        assignee=Somebody(assignee_id, assignee or "") if assignee_id else None,
    )


def _message(
    id: UUID, visibility: str, channel: str, body: str, at: datetime, edited_at: datetime | None,
    deleted_at: datetime | None, delivery_state: str, delivery_reason: str | None,
    delivery_channel: str | None, content: Json | None, author_id: UUID | None, author: str | None,
    author_client_id: UUID | None,
) -> MessageRow:  # fmt: skip
    who = AuthorRow(author_id, author or "", author_client_id) if author_id else None
    return MessageRow(
        id, visibility, channel, body, at, edited_at, deleted_at, delivery_state, delivery_reason, delivery_channel,
        content, author=who,
    )  # fmt: skip


TICKET = RowQuery(
    _detail,
    select(
        Ticket.id, Client.code, Ticket.number, Ticket.version, Ticket.subject, Ticket.status, Ticket.priority,
        Ticket.type, Ticket.tier, Ticket.source, Ticket.client_id, Client.name,
        Ticket.contract_id, Contract.version.label("contract_version"), Contract.name.label("contract"),
        Contract.kind.label("contract_kind"), Ticket.assignee_id,
        _Assignee.name.label("assignee"),
        Ticket.paused_at, Ticket.scheduled_for, Ticket.created_at, Ticket.requester_id,
        _Requester.name.label("requester"), _Requester.title, _Requester.phone, _Requester.locale, _Requester.is_guest,
    )
    .join(Client, Client.id == Ticket.client_id)
    .join(_Requester, _Requester.id == Ticket.requester_id)
    .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
    .outerjoin(Contract, Contract.id == Ticket.contract_id)
    .where(Ticket.id == THIS),
)  # fmt: skip
MESSAGES = RowQuery(
    _message,
    select(
        Message.id, Message.visibility, Message.channel, Message.body, Message.at, Message.edited_at,
        Message.deleted_at, Message.delivery_state, Message.delivery_reason, Message.delivery_channel,
        Message.content, Message.author_id, Person.name, Person.client_id.label("author_client_id"),
    )
    .outerjoin(Person, Person.id == Message.author_id)
    .where(Message.ticket_id == THIS)
    .order_by(Message.at, Message.id),
)  # fmt: skip
FILES = RowQuery(
    FileRow,
    select(
        Attachment.message_id, Attachment.id, Attachment.name, Attachment.content_type, Attachment.size,
        Attachment.state, Attachment.reason,
    )
    .join(Message, Message.id == Attachment.message_id)
    .where(Message.ticket_id == THIS)
    .order_by(Attachment.id),
)  # fmt: skip
EVENTS = RowQuery(
    EventRow,
    select(StoredEvent.id, StoredEvent.kind, StoredEvent.at, StoredEvent.data, Person.name)
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
    ContractOption,
    select(Contract.id, Contract.name, Contract.kind, Contract.starts_on, Contract.ends_on)
    .where(Contract.client_id == select(_LABELLED.c.client_id).scalar_subquery())
    .order_by(Contract.starts_on, Contract.id),
)
OTHERS = RowQuery(
    lambda code, number, subject: {"label": f"{code}-{number}", "subject": subject},
    select(Client.code, Ticket.number, Ticket.subject)
    .join(Client, Client.id == Ticket.client_id)
    .where(
        Ticket.requester_id == select(_LABELLED.c.requester_id).scalar_subquery(),
        Ticket.id != THIS,
        text(f"ticket.{UNFINISHED}"),
    )
    .order_by(Ticket.id.desc())
    .limit(literal_column("5")),
)


def label_parts(label: str) -> dict[str, object]:
    """The parameters that name a ticket by its label; raises NotFound for what cannot be one."""
    named = parse_label(label)
    if named is None:
        raise NotFound("ticket")
    return named._asdict()


def messages_with_files(found: BatchResult) -> list[MessageRow]:
    """What was said, in order, each message with its files."""
    files: dict[UUID, list[FileRow]] = {}
    for file in found.all(FILES):
        files.setdefault(file.message_id, []).append(file)
    messages = found.all(MESSAGES)
    return messages if not files else [_with(each, files.get(each.id, ())) for each in messages]


def _with(message: MessageRow, files: Sequence[FileRow]) -> MessageRow:
    values = {name: getattr(message, name) for name in MessageRow.__slots__}
    return MessageRow(**values | {"attachments": files})
