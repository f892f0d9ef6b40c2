"""Tables of people, accounts, sessions, tokens and chat identities."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from msp.kernel.db import Json, Model
from msp.kernel.errors import Invalid
from msp.people.chat_platforms import has_identities

STAFF_ROLES = ("administrator", "team_lead", "technician", "account_manager")
CLIENT_ROLES = ("client_manager", "client_employee")


class Person(Model):
    """A person: staff of the provider (`client_id` is null) or an employee of a client."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        Index(
            "uq_person_email",
            text("lower(email)"),
            "client_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("email is not null"),
        ),
        Index("ix_person_search", text("search_fold(name)"), postgresql_using="gin"),
        CheckConstraint(
            "(client_id is null and role in ('administrator', 'team_lead', 'technician', 'account_manager'))"
            " or (client_id is not null and role in ('client_manager', 'client_employee'))",
            name="role",
        ),
        {"info": {"access": "people"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    name: Mapped[str]
    email: Mapped[str | None]
    role: Mapped[str]
    title: Mapped[str | None]
    phone: Mapped[str | None]
    locale: Mapped[str]
    timezone: Mapped[str]
    tier: Mapped[int | None] = mapped_column(SmallInteger)
    is_restricted: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_vip: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_guest: Mapped[bool] = mapped_column(default=False, server_default="false")  # of another company
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[datetime]

    @property
    def is_staff(self) -> bool:
        """Whether this person works for the provider."""
        return self.client_id is None


class StaffClient(Model):
    """A client of a restricted member of staff."""

    __tablename__ = "staff_client"
    __table_args__ = ({"info": {"access": "tenant_read"}},)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Role(RoleMixin):
    """A role as the sign-in library needs it: a name on the person, not a table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.permissions: list[str] = []


class Account(Model, UserMixin):
    """The sign-in account of a person. Only the system scope reads this table."""

    __tablename__ = "account"
    __table_args__ = (
        Index("uq_account_email", text("lower(email)"), unique=True),
        {"info": {"access": "system"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)  # type: ignore[assignment]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    email: Mapped[str]
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    client_ids: ClassVar[tuple[UUID, ...]] = ()  # clients of a restricted member of staff, set when read
    session_id: ClassVar[UUID | None] = None  # the request's session, set when read

    @property
    def roles(self) -> list[Role]:  # type: ignore[override]
        """The person's one role, as the library needs it."""
        return [Role(self.person.role)]


class AccountSession(Model):
    """A signed-in browser: its cookie has a token, stored here as a hash."""

    __tablename__ = "account_session"
    __table_args__ = (
        Index("ix_account_session_account", "account_id", "last_used_at"),
        {"info": {"access": "system"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    user_agent: Mapped[str]
    ip: Mapped[str]
    is_kept: Mapped[bool]  # stays signed in when the browser is closed
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ApiToken(Model):
    """A bearer token of the REST API: stored as a hash, acts as its person."""

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint("role in ('admin', 'staff', 'client')", name="role"),
        Index("ix_api_token_person", "person_id"),
        {"info": {"access": "system"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str]
    role: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class ChatIdentity(Model):
    """A person's account in a chat system, with the reference for proactive messages."""

    __tablename__ = "chat_identity"
    __table_args__ = (
        UniqueConstraint("platform", "workspace", "external_id"),
        Index("ix_chat_identity_person", "person_id"),
        {"info": {"access": "shared"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    platform: Mapped[str]
    workspace: Mapped[str]
    external_id: Mapped[str]
    reference: Mapped[Json]
    created_at: Mapped[datetime]

    @validates("platform")
    def _installed(self, _key: str, platform: str) -> str:
        """Raises Invalid for a platform that is not installed."""
        if not has_identities(platform):
            raise Invalid(fields={"platform": ["unknown"]})
        return platform
