"""Tickets, their messages, and the chat conversations that show them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from msp.clients.models import Client
from msp.kernel.db import Json, Model
from msp.kernel.file_names import file_name
from msp.people.models import Person
from msp.sla.models import Clock
from msp.tickets.label import Label
from msp.tickets.states import PRIORITIES, SQL_FINISHED, SQL_UNFINISHED, STATUSES

OWN_CHANNELS = ("portal", "console", "email", "phone", "api")  # channels besides the platforms of plug-ins
TYPES = ("incident", "request")
CLOSED_AS = ("merged", "spam")  # closed tickets that count in no report (msp/tickets/closing.py)
LEVELS = ("high", "medium", "low")
# The fields of a ticket that may be edited, with the allowed values if they are few.
EDITABLE: dict[str, tuple[str, ...]] = {"subject": (), "type": TYPES, "impact": LEVELS, "urgency": LEVELS, "tags": ()}
NOT_CONNECTED = "not_connected"  # Conversation.unreachable_reason if its workspace has no working connection


class TicketCounter(Model):
    """The last ticket number of a client; its row lock keeps numbers without gaps."""

    __tablename__ = "ticket_counter"
    __table_args__ = ({"info": {"access": "tenant"}},)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), primary_key=True)
    last: Mapped[int]


class Ticket(Model):
    """A matter of a client, with its status, assignee and due date."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("client_id", "number"),
        ForeignKeyConstraint(["client_id", "requester_id"], ["person.client_id", "person.id"]),
        ForeignKeyConstraint(["client_id", "contract_id"], ["contract.client_id", "contract.id"]),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"priority in {PRIORITIES}", name="priority"),
        CheckConstraint(f"type in {TYPES}", name="type"),
        CheckConstraint(f"impact in {LEVELS} and urgency in {LEVELS}", name="levels"),
        CheckConstraint("tier between 1 and 3", name="tier"),
        CheckConstraint(
            f"closed_as is null or (closed_as in {CLOSED_AS} and status = 'closed')",
            name="closed_as",
        ),
        Index(
            "ix_ticket_open_due",
            text("due_at nulls last"),
            "id",
            postgresql_where=text(SQL_UNFINISHED),
        ),
        Index(
            "ix_ticket_assignee_due",
            "assignee_id",
            text("due_at nulls last"),
            "id",
            postgresql_where=text(SQL_UNFINISHED),
        ),
        Index(
            "ix_ticket_client_due",
            "client_id",
            text("due_at nulls last"),
            "id",
            postgresql_where=text(SQL_UNFINISHED),
        ),
        Index(
            "ix_ticket_finished",
            text("coalesce(resolved_at, updated_at)"),
            "id",
            postgresql_where=text(SQL_FINISHED),
        ),
        Index("ix_ticket_open_updated", "updated_at", "id", postgresql_where=text(SQL_UNFINISHED)),
        Index("ix_ticket_tags", "tags", postgresql_using="gin"),
        Index("ix_ticket_scheduled", "scheduled_for", postgresql_where=text("status = 'scheduled'")),
        Index("ix_ticket_client_created", "client_id", "id"),
        Index("ix_ticket_requester", "requester_id", "id"),
        Index("ix_ticket_search", "search", postgresql_using="gin"),
        {"info": {"access": "tenant"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    number: Mapped[int]
    requester_id: Mapped[UUID]
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    priority: Mapped[str]
    type: Mapped[str]
    impact: Mapped[str] = mapped_column(Text, default="medium", server_default="medium")
    urgency: Mapped[str] = mapped_column(Text, default="medium", server_default="medium")
    tier: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    contract_id: Mapped[UUID | None]
    source: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    due_at: Mapped[datetime | None]
    due_kind: Mapped[str | None]
    due_from: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_as: Mapped[str | None]
    closed_state: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    scheduled_for: Mapped[datetime | None]  # while the status is scheduled: when it is opened again
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed("to_tsvector('simple', subject || ' ' || left(body, 20000))", persisted=True),
        deferred=True,
    )

    client: Mapped[Client] = relationship(viewonly=True)
    requester: Mapped[Person] = relationship(
        viewonly=True,
        foreign_keys="Ticket.requester_id",
        primaryjoin="Ticket.requester_id == Person.id",
    )
    assignee: Mapped[Person | None] = relationship(viewonly=True, foreign_keys=[assignee_id])
    clocks: Mapped[list[Clock]] = relationship(viewonly=True, order_by="(Clock.kind, Clock.started_at)")

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """The ticket number: LOZ-412."""
        return str(Label(self.client.code, self.number))


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it becomes a ticket."""

    subject: str
    body: str
    source: str
    type: str = "incident"
    priority: str = "normal"
    impact: str = "medium"
    urgency: str = "medium"
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    content: Json | None = None  # the rich text of `body`, if that is not Markdown


class Message(Model):
    """A message on a ticket: public or an internal note.

    `body` is its text: plain if `content` has the rich text (msp.richtext, as JSON), else Markdown. `delivery_channel`
    is the channel that a public reply was last sent by, `delivered_at` when that channel accepted it, and `failed_at`
    when it last failed: such a reply counts as an answer only from `delivered_at` on. A `delayed` reply can be undone
    and is invisible to the client; it stays so, and is deleted, once it was undone.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint("visibility in ('public', 'internal')", name="visibility"),
        CheckConstraint(
            "delivery_state in ('none', 'delayed', 'pending', 'sent', 'failed')",
            name="delivery_state",
        ),
        Index("ix_message_ticket", "ticket_id", "id"),
        Index(
            "uq_message_external",
            "client_id",
            "channel",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
        {"info": {"access": "message"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    visibility: Mapped[str]
    channel: Mapped[str]
    body: Mapped[str]
    at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    delivery_state: Mapped[str] = mapped_column(Text, default="none", server_default="none")
    delivery_reason: Mapped[str | None]
    delivery_channel: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    delivery_key: Mapped[str | None]  # of the delivery that sent a reply: finds what was posted
    external_id: Mapped[str | None]
    content: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    author: Mapped[Person | None] = relationship(viewonly=True)
    attachments: Mapped[list["Attachment"]] = relationship(viewonly=True, order_by="Attachment.id")


NOT_UNDONE = or_(Message.delivery_state != "delayed", Message.deleted_at.is_(None))  # replies that were not undone


class Attachment(Model):
    """A file of a message. Its bytes are in the file store once fetched; never served from our own origin."""

    __tablename__ = "attachment"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "message_id"], ["message.client_id", "message.id"]),
        CheckConstraint("state in ('remote', 'stored', 'refused')", name="state"),
        Index("ix_attachment_message", "message_id"),
        Index("ix_attachment_stored", "client_id", "created_at", postgresql_where=text("state = 'stored'")),
        {"info": {"access": "of_message"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    message_id: Mapped[UUID]
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text, default="remote", server_default="remote")
    reason: Mapped[str | None]
    remote: Mapped[Json]
    storage_key: Mapped[str | None]
    thumbnail_key: Mapped[str | None]
    created_at: Mapped[datetime]

    @property
    def has_thumbnail(self) -> bool:
        """Whether a picture of it may be shown."""
        return self.thumbnail_key is not None

    @validates("name")
    def _tidy(self, _key: str, name: str) -> str:
        """Normalise the file name; a removed file has none."""
        return file_name(name) if name else ""


class TicketRead(Model):
    """When a client's person last opened a ticket in the portal."""

    __tablename__ = "ticket_read"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        {"info": {"access": "tenant"}},
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    read_at: Mapped[datetime]


class ReplyDraft(Model):
    """What a member of staff has begun to write on a ticket; only that person sees it."""

    __tablename__ = "draft"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint("visibility in ('public', 'internal')", name="visibility"),
        Index("ix_draft_ticket", "ticket_id"),
        {"info": {"access": "tenant_staff"}},
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    visibility: Mapped[str]
    body: Mapped[str]
    updated_at: Mapped[datetime]


class Conversation(Model):
    """A chat thread that shows a ticket: its messages become the ticket's messages, and replies are posted there.

    `reference` is what the platform needs to write there. `opening_id` is our first message if it is not part of the
    card, `opening_text` its text. A chat without threads has a current ticket, to which new messages are added: that of
    the conversation with the latest `current_at` (null: not current). `direct_to` is the person whose direct message
    has to be opened first; `asked_in_channel` is where they asked, if the ticket is answered by direct message.
    `question_id` and `question_text` are our last message whose buttons still work; `question_reopens` if they reopen a
    finished ticket. `person_id` is the person of a thread that is not the requester's: one in CC, or the requester of a
    ticket that was merged into this one.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("platform", "workspace", "channel", "thread"),
        ForeignKeyConstraint(["client_id", "person_id"], ["person.client_id", "person.id"]),
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        Index("ix_conversation_ticket", "ticket_id"),
        {"info": {"access": "tenant"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    platform: Mapped[str]
    workspace: Mapped[str]
    channel: Mapped[str]
    thread: Mapped[str]
    is_personal: Mapped[bool]
    reference: Mapped[Json]
    card_id: Mapped[str | None]
    card_digest: Mapped[str | None]
    opening_id: Mapped[str | None]
    opening_text: Mapped[str | None]
    direct_to: Mapped[str | None]
    asked_in_channel: Mapped[str | None]
    question_id: Mapped[str | None]
    question_text: Mapped[str | None]
    question_reopens: Mapped[bool] = mapped_column(default=False, server_default="false")
    current_at: Mapped[datetime | None]
    person_id: Mapped[UUID | None]
    unreachable_reason: Mapped[str | None]
    created_at: Mapped[datetime]
