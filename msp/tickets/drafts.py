"""Drafts of replies and notes: one for each person and ticket, kept for KEPT after the last change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from msp.clients.models import Client
from msp.kernel.batch_read import RowQuery
from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.people.models import Person
from msp.tickets.detail import THIS
from msp.tickets.label import Label
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import ReplyDraft, Ticket

KEPT = timedelta(days=30)
MOST_LISTED = 200


class DraftRow(NamedTuple):
    """The draft of the person who reads a ticket's page."""

    visibility: str
    body: str
    updated_at: datetime


class ListedDraft(NamedTuple):
    """A draft in the list of a person's drafts."""

    code: str
    number: int
    subject: str
    client_name: str
    visibility: str
    body: str
    updated_at: datetime

    @property
    def label(self) -> str:
        """The number of its ticket."""
        return str(Label(self.code, self.number))


DRAFT = RowQuery(
    DraftRow,
    select(ReplyDraft.visibility, ReplyDraft.body, ReplyDraft.updated_at).where(
        ReplyDraft.ticket_id == THIS, ReplyDraft.person_id == bindparam("person_id", type_=Uuid)
    ),
)


def save_draft(ticket: Ticket, person: Person, *, body: str, visibility: str, at: datetime) -> None:
    """Store what a person has written so far; an empty text removes it. Drafts older than KEPT are removed too.

    Raises Invalid for an unknown visibility or a text that is too long for a message.
    """
    if visibility not in ("public", "internal"):
        raise Invalid(fields={"visibility": ["unknown"]})
    if len(body) > MAX_BODY:
        raise Invalid(fields={"body": ["too_long"]})
    db.session.execute(delete(ReplyDraft).where(ReplyDraft.person_id == person.id, ReplyDraft.updated_at < at - KEPT))
    if not body.strip():
        drop_draft(ticket.id, person)
        return
    values = {"visibility": visibility, "body": body, "updated_at": at}
    statement = insert(ReplyDraft).values(
        person_id=person.id, ticket_id=ticket.id, client_id=ticket.client_id, **values
    )
    db.session.execute(statement.on_conflict_do_update(index_elements=["person_id", "ticket_id"], set_=values))


def drop_draft(ticket_id: UUID, person: Person) -> None:
    """Remove a person's draft on a ticket. Idempotent."""
    db.session.execute(delete(ReplyDraft).where(ReplyDraft.person_id == person.id, ReplyDraft.ticket_id == ticket_id))


def drafts_of(person: Person, *, at: datetime) -> Sequence[ListedDraft]:
    """A person's drafts, the latest first."""
    query = (
        select(
            Client.code,
            Ticket.number,
            Ticket.subject,
            Client.name,
            ReplyDraft.visibility,
            ReplyDraft.body,
            ReplyDraft.updated_at,
        )
        .join(Ticket, Ticket.id == ReplyDraft.ticket_id)
        .join(Client, Client.id == Ticket.client_id)
        .where(ReplyDraft.person_id == person.id, ReplyDraft.updated_at >= at - KEPT)
        .order_by(ReplyDraft.updated_at.desc(), ReplyDraft.ticket_id)
        .limit(MOST_LISTED)
    )
    return [ListedDraft(*row) for row in db.session.execute(query)]
