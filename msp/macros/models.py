"""The table of macros."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.clients.models import Client
from msp.contracts.models import WORK_TYPES
from msp.kernel.db import Model
from msp.people.models import Person
from msp.tickets.states import PRIORITIES, STATUSES

SCOPES = ("personal", "team", "client")
VISIBILITIES = ("public", "internal")


class Macro(Model):
    """A macro of one person (`owner_id`), for tickets of one client (`client_id`), or of the team (neither).

    The texts are Markdown with variables; empty texts, and fields that are None, change nothing.
    """

    __tablename__ = "macro"
    __table_args__ = (
        CheckConstraint("owner_id is null or client_id is null", name="scope"),
        CheckConstraint(f"visibility in {VISIBILITIES}", name="visibility"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"priority in {PRIORITIES}", name="priority"),
        CheckConstraint("tier between 1 and 3", name="tier"),
        CheckConstraint(f"work_type in {WORK_TYPES}", name="work_type"),
        CheckConstraint("minutes between 1 and 1440", name="minutes"),
        Index("ix_macro_owner", "owner_id"),
        Index("ix_macro_client", "client_id"),
        {"info": {"access": "shared_staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    visibility: Mapped[str] = mapped_column(Text, default="public", server_default="public")
    text_es: Mapped[str] = mapped_column(Text, default="", server_default="")
    text_en: Mapped[str] = mapped_column(Text, default="", server_default="")
    status: Mapped[str | None]
    priority: Mapped[str | None]
    tier: Mapped[int | None] = mapped_column(SmallInteger)
    assigns_to_self: Mapped[bool] = mapped_column(default=False, server_default="false")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    minutes: Mapped[int | None] = mapped_column(SmallInteger)
    work_type: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    client: Mapped[Client | None] = relationship(viewonly=True)
    assignee: Mapped[Person | None] = relationship(viewonly=True, foreign_keys=[assignee_id])

    __mapper_args__ = {"version_id_col": version}

    @property
    def scope(self) -> str:
        """One of SCOPES."""
        return "personal" if self.owner_id else "client" if self.client_id else "team"

    @property
    def has_text(self) -> bool:
        """Whether it writes a reply or a note."""
        return bool(self.text_es or self.text_en)

    def text_in(self, locale: str) -> str:
        """The text in a language, or in the other one if it has none in this."""
        spanish, english = self.text_es, self.text_en
        return (spanish or english) if locale == "es" else (english or spanish)
