"""Messages that we posted in chat systems, kept so that none is posted twice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model


class ChatPost(Model):
    """One posted message: `trying` from before it is sent until the answer is known, then `sent` with its id."""

    __tablename__ = "chat_post"
    __table_args__ = (
        CheckConstraint("state in ('trying', 'sent')", name="state"),
        Index("ix_chat_post_external", "external_id", postgresql_where=text("external_id is not null")),
        {"info": {"access": "system"}},
    )
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    platform: Mapped[str]
    state: Mapped[str]
    external_id: Mapped[str | None]
    conversation_id: Mapped[UUID | None]
    tried_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
