"""Notifications, notification preferences, and notifications that are queued for chat or mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Json, Model


class Notification(Model):
    """A notification of one person about one event; `key` prevents duplicates when the event is delivered again."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index(
            "ix_notification_unread",
            "person_id",
            "at",
            postgresql_where=text("read_at is null"),
        ),
        {"info": {"access": "tenant_staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    ticket_id: Mapped[UUID | None]
    kind: Mapped[str]
    key: Mapped[str]
    data: Mapped[Json]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class StoredPreferences(Model):
    """How a person is notified outside the console; minutes are of the person's local day, days 0 (Monday) to 6.

    Quiet from `quiet_from` to `quiet_until` each night (both null: no quiet night), and all day on `quiet_days`.
    """

    __tablename__ = "notification_preferences"
    __table_args__ = (
        CheckConstraint("quiet_from between 0 and 1439 and quiet_until between 0 and 1439", name="minutes"),
        CheckConstraint("(quiet_from is null) = (quiet_until is null)", name="night"),
        {"info": {"access": "shared"}},
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    by_chat: Mapped[bool]
    by_mail: Mapped[bool]
    allow_urgent: Mapped[bool]
    by_mention: Mapped[bool] = mapped_column(default=True, server_default="true")  # sent too, not only in the console
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_days: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    updated_at: Mapped[datetime]


class QueuedNotification(Model):
    """A notification queued for one channel, with its own delivery.

    `bundle` is the delivery that sends it together with others; it never changes, so that a retry sends the same
    content.
    """

    __tablename__ = "queued_notification"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel"),
        Index("ix_queued_notification_waiting", "queue", "delivery_id", postgresql_where=text("bundle is null")),
        Index("ix_queued_notification_bundle", "bundle"),
        {"info": {"access": "tenant_staff"}},
    )
    delivery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    notification_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    queue: Mapped[str]
    ignores_quiet_hours: Mapped[bool]
    bundle: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[datetime | None]


class ReplyAttempt(Model):
    """A channel's tries at one delivery of a reply (`key`), since `began_at`; `refused_at` once the channel gave up.

    `place` is its position in the order in which the channels were tried.

    `is_connection`: the reason was the platform's connection or that conversation, not the message. `is_in_doubt`: a
    try was cut off, so the reply may have been sent.
    """

    __tablename__ = "reply_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "message_id"], ["message.client_id", "message.id"]),
        Index("ix_reply_attempt_message", "message_id"),
        {"info": {"access": "system"}},
    )
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    client_id: Mapped[UUID]
    message_id: Mapped[UUID]
    place: Mapped[int] = mapped_column(SmallInteger)
    began_at: Mapped[datetime]
    refused_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    is_connection: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_in_doubt: Mapped[bool] = mapped_column(default=False, server_default="false")
    faults: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
