"""Merges a ticket into another one of its client, and undoes it within a day.

Messages, unbilled time, chat threads, timers and followers move to the surviving ticket; the other is closed as merged.
Billed time stays where its invoice says that it was worked. Packages above register their tables with
`moves_with_ticket`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true, update

from msp.kernel.db import Model, db
from msp.kernel.errors import Conflict, Invalid, Refusal
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets import following
from msp.tickets.closing import close_as, restore
from msp.tickets.events import TicketAbsorbed, TicketMerged, TicketUnmerged, emit_ticket_event
from msp.tickets.locking import lock_tickets
from msp.tickets.merge_models import TicketMerge
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.states import FINISHED

UNDO_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _MovedTable:
    key: Any
    ticket_id: Any
    where: ColumnElement[bool]


_tables: dict[str, _MovedTable] = {}


def moves_with_ticket(model: type[Model], *, key: str = "id", where: ColumnElement[bool] | None = None) -> None:
    """Move the rows of a table (those that match `where`) when their ticket is merged; `key` identifies a row."""
    found: Any = model
    _tables[model.__tablename__] = _MovedTable(
        getattr(found, key), found.ticket_id, where if where is not None else true()
    )


moves_with_ticket(Message)
moves_with_ticket(Conversation)


def merge(source_id: UUID, target_id: UUID, *, at: datetime, actor_id: UUID | None = None) -> TicketMerge:
    """Merge a ticket into another one; locks both, emits `ticket.merged` and `ticket.absorbed`.

    Raises Invalid for the ticket itself or another client's, and Conflict if either is merged or spam, or if the target
    is finished while the source is open.
    """
    if source_id == target_id:
        raise Invalid(fields={"ticket": ["same_ticket"]})
    found = lock_tickets((source_id, target_id))
    source, target = found[source_id], found[target_id]
    _check(source, target)
    conversations = list(db.session.scalars(select(Conversation.id).where(Conversation.ticket_id == source.id)))
    moved = {name: _move(table, source.id, target.id) for name, table in _tables.items()}
    moved["follower"] = _take_followers(source, target, at=at, actor_id=actor_id)
    moved["person"] = _name_threads(conversations, source, target)
    merged = TicketMerge(
        id=new_id(),
        client_id=source.client_id,
        source_id=source.id,
        target_id=target.id,
        moved=moved,
        merged_at=at,
        merged_by_id=actor_id,
    )
    db.session.add(merged)
    close_as(source, "merged", at=at, actor_id=actor_id)
    into = TicketMerged(target_id=target.id, label=target.label)
    emit_ticket_event(source, into, at=at, actor_id=actor_id)
    absorbed = TicketAbsorbed(source_id=source.id, label=source.label, conversation_ids=tuple(conversations))
    emit_ticket_event(target, absorbed, at=at, actor_id=actor_id)
    db.session.flush()
    return merged


def merge_many(
    source_ids: Iterable[UUID], target_id: UUID, *, at: datetime, actor_id: UUID | None = None
) -> dict[UUID, str | None]:
    """Merge several tickets into one, for a bulk action; returns the refusal's code of each, None for a merged one."""
    outcome: dict[UUID, str | None] = {}
    for source_id in source_ids:
        try:
            with db.session.begin_nested():
                merge(source_id, target_id, at=at, actor_id=actor_id)
            outcome[source_id] = None
        except Invalid as wrong:
            outcome[source_id] = next(code for codes in wrong.fields.values() for code in codes)
        except Refusal as refused:
            outcome[source_id] = refused.code
    return outcome


def undo_merge(source_id: UUID, *, at: datetime, actor_id: UUID | None = None) -> TicketMerge:
    """Undo the merge of a ticket: what moved returns, what arrived since stays; emits `ticket.unmerged` on both.

    Raises Conflict if it is not merged, after UNDO_WITHIN, and while the surviving ticket is itself merged.
    """
    merged = merge_of(source_id)
    if merged is None:
        raise Conflict("not_merged")
    found = lock_tickets((merged.source_id, merged.target_id))
    db.session.refresh(merged)
    source, target = found[merged.source_id], found[merged.target_id]
    if merged.undone_at is not None:
        raise Conflict("not_merged")
    if target.closed_as == "merged":
        raise Conflict("target_is_merged")
    if at > merged.merged_at + UNDO_WITHIN:
        raise Conflict("merge_is_final")
    for name, table in _tables.items():
        _return(table, merged.moved.get(name, ()), target.id, source.id)
    threads = update(Conversation).where(Conversation.id.in_(map(UUID, merged.moved["person"])))
    db.session.execute(threads.values(person_id=None))
    for person_id in map(UUID, merged.moved["follower"]):
        if following.is_follower(target.id, person_id):
            following.unfollow(target, person_id, at=at, actor_id=actor_id)
    merged.undone_at, merged.undone_by_id = at, actor_id
    restore(source, at=at, actor_id=actor_id)
    for this, that in ((source, target), (target, source)):
        emit_ticket_event(this, TicketUnmerged(other_id=that.id, label=that.label), at=at, actor_id=actor_id)
    db.session.flush()
    db.session.expire_all()
    return merged


def merge_of(ticket_id: UUID) -> TicketMerge | None:
    """The merge of a ticket, unless it was undone."""
    query = select(TicketMerge).where(TicketMerge.source_id == ticket_id, TicketMerge.undone_at.is_(None))
    return db.session.scalars(query).one_or_none()


def _check(source: Ticket, target: Ticket) -> None:
    if source.client_id != target.client_id:
        raise Invalid(fields={"ticket": ["other_client"]})
    if source.closed_as is not None:
        raise Conflict("ticket_is_merged" if source.closed_as == "merged" else "ticket_is_spam")
    if target.closed_as is not None:
        raise Conflict("target_is_merged" if target.closed_as == "merged" else "ticket_is_spam")
    if target.status in FINISHED and source.status not in FINISHED:
        raise Conflict("target_is_finished")


def _move(table: _MovedTable, source_id: UUID, target_id: UUID) -> list[str]:
    statement = update(table.ticket_id.class_).where(table.ticket_id == source_id, table.where)
    moved = db.session.execute(statement.values(ticket_id=target_id).returning(table.key))
    return [str(each) for each in moved.scalars()]


def _return(table: _MovedTable, ids: Iterable[str], target_id: UUID, source_id: UUID) -> None:
    rows = table.key.in_([UUID(each) for each in ids])
    statement = update(table.ticket_id.class_).where(rows, table.ticket_id == target_id, table.where)
    db.session.execute(statement.values(ticket_id=source_id))


def _take_followers(source: Ticket, target: Ticket, *, at: datetime, actor_id: UUID | None) -> list[str]:
    """The requester and the followers of the source follow the target; returns those that did not before."""
    ids = [source.requester_id, *(each.id for each in following.followers_of(source.id))]
    people = [db.session.get_one(Person, each) for each in ids if each != target.requester_id]
    added = [each.id for each in people if each.active and following.follow(target, each, at=at, actor_id=actor_id)]
    return [str(each) for each in added]


def _name_threads(conversations: list[UUID], source: Ticket, target: Ticket) -> list[str]:
    """Threads of another requester keep that person, so that replies to the target's requester are not posted there."""
    if source.requester_id == target.requester_id or not conversations:
        return []
    threads = update(Conversation).where(Conversation.id.in_(conversations), Conversation.person_id.is_(None))
    named = db.session.execute(threads.values(person_id=source.requester_id).returning(Conversation.id))
    return [str(each) for each in named.scalars()]
