"""What a member of staff should hear about, as the console shows it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
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
