"""The mails we sent, so that none is sent twice without need, and each that may have been is counted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model

# What a search for mails in doubt must say, for the index to serve it.
IN_DOUBT = "doubts > 0 or state = 'trying'"


class MailPost(Model):
    """One mail of ours: `waiting` while it was surely not taken, `trying` from before it is handed over, then `sent`.

    `doubts` counts the tries that ended without an answer: the mail may have come as often more, with one Message-ID.
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
