"""Tables of clients and their chat connections."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Json, Model


class Client(Model):
    """A client company (tenant). Visible to its own people and to staff."""

    __tablename__ = "client"
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z][A-Z0-9]{1,7}$'", name="code"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("guest_policy in ('accept', 'refuse')", name="guest_policy"),
        Index(
            "ix_client_search",
            text("search_fold((((name || ' '::text) || COALESCE(legal_name, ''::text)) || ' '::text) || code)"),
            postgresql_using="gin",
        ),
        {"info": {"access": "client"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str]
    legal_name: Mapped[str | None]
    tax_id: Mapped[str | None]
    tax_regime: Mapped[str] = mapped_column(Text, default="national", server_default="national")
    billing_address: Mapped[Json]
    billing_email: Mapped[str | None]
    locale: Mapped[str]
    timezone: Mapped[str]
    currency: Mapped[str]
    sector: Mapped[str | None]
    mail_domains: Mapped[list[str]] = mapped_column(ARRAY(Text))
    payment_days: Mapped[int] = mapped_column(default=30, server_default="30")
    guest_policy: Mapped[str] = mapped_column(Text, default="accept", server_default="accept")
    asks_rating: Mapped[bool] = mapped_column(default=True, server_default="true")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[datetime]


class Connection(Model):
    """A workspace or tenant of a platform; the provider's own if `client_id` is null."""

    __tablename__ = "connection"
    __table_args__ = (
        UniqueConstraint("kind", "external_id"),
        Index("ix_connection_client", "client_id"),
        {"info": {"access": "shared"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    kind: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str | None]
    settings: Mapped[Json]
    secret: Mapped[str | None]
    broken_reason: Mapped[str | None]
    created_at: Mapped[datetime]


class UnknownSource(Model):
    """A workspace or tenant that wrote to us and belongs to no client; an administrator links or ignores it."""

    __tablename__ = "unknown_source"
    __table_args__ = (
        UniqueConstraint("kind", "external_id"),
        {"info": {"access": "staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str | None]
    settings: Mapped[Json]
    secret: Mapped[str | None]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    ignored_at: Mapped[datetime | None]
