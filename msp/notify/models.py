"""What people should hear about, by which ways they wish to hear it, and what is on its way to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Json, Model


class Notification(Model):
    """One line for one person about one event; `key` keeps it single however often it is delivered."""

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


class Hearing(Model):
    """How one person wishes to hear outside the console; minutes are of their own local day, days 0 (Monday) to 6.

    Quiet from `quiet_from` to `quiet_until` each night (both null: no night), and all day on `quiet_days`.
    """

    __tablename__ = "hearing"
    __table_args__ = (
        CheckConstraint("quiet_from between 0 and 1439 and quiet_until between 0 and 1439", name="minutes"),
        CheckConstraint("(quiet_from is null) = (quiet_until is null)", name="night"),
        {"info": {"access": "shared"}},
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    by_chat: Mapped[bool]
    by_mail: Mapped[bool]
    lets_urgent_through: Mapped[bool]
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_days: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    updated_at: Mapped[datetime]


class Nudge(Model):
    """One notification on its way to its person by one channel, each under a delivery of its own.

    `bundle` is the delivery under which it goes out together with others; it never changes, so that a second try
    says the same as the first.
    """

    __tablename__ = "nudge"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel"),
        Index("ix_nudge_waiting", "queue", "delivery_id", postgresql_where=text("bundle is null")),
        Index("ix_nudge_bundle", "bundle"),
        {"info": {"access": "tenant_staff"}},
    )
    delivery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    notification_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    queue: Mapped[str]
    is_let_through: Mapped[bool]
    bundle: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[datetime | None]
