"""Mails that we sent, kept to avoid duplicates and to count the possible ones."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model

# A query for uncertain sends must contain this predicate to use the index.
IN_DOUBT = "doubts > 0 or state = 'trying'"


class MailPost(Model):
    """One mail: `waiting` if it was certainly not accepted, `trying` from before it is sent, then `sent`.

    `doubts` counts the tries that ended without an answer: each may have delivered a duplicate with the same
    Message-ID.
    """

    __tablename__ = "mail_post"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'trying', 'sent')", name="state"),
        Index("ix_mail_post_in_doubt", "tried_at", postgresql_where=text(IN_DOUBT)),
        {"info": {"access": "system"}},
    )
    message_id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[UUID]
    state: Mapped[str]
    tries: Mapped[int]
    doubts: Mapped[int]
    tried_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
