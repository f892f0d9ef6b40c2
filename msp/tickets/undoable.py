"""Actions that notify clients and colleagues can be undone for some seconds: until then nothing is changed or sent.

`ask` emits `ticket.action_asked`, with a delivery to this module that is due when the time is over; it performs the
action and emits `ticket.action_done`, unless `ticket.action_undone` or `ticket.action_dropped` came first. Emitting any
of them requires the lock of the ticket's row, so that only one of them is emitted. ACTIONS lists the actions;
msp.tickets.delayed_replies adds replies.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from msp.kernel import clock, settings
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.events import DeliveredEvent, StoredEvent, deliver_at, emit, subscribe
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets.actions import MAX_TIER, assign, change_status
from msp.tickets.events import ActionDone, ActionDropped, ActionRequested, ActionUndone, TicketEvent
from msp.tickets.hand_offs import perform
from msp.tickets.linking import resolve_children
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.states import FINISHED, may_move

SUBSCRIBER = "undoable_actions"
SETTING = "undo"
DEFAULT_SECONDS = 10
LONGEST_SECONDS = 60
KINDS = [event.kind for event in (ActionRequested, ActionDone, ActionUndone, ActionDropped)]


@dataclass(frozen=True, slots=True)
class Undoable:
    """A kind of action: whether a ticket allows it now, and the functions that perform it and take it back.

    Only one `is_single` action of a ticket waits at a time; it is dropped if the client writes meanwhile.
    """

    is_possible: Callable[[Ticket], bool]
    do: Callable[[Ticket, Person, datetime, ActionRequested], None]
    take_back: Callable[[Ticket, Person, datetime, ActionRequested], None] = lambda *_: None
    is_single: bool = True


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending action; `id` is that of its event."""

    id: UUID
    requested: ActionRequested

    @property
    def action(self) -> str:
        """The kind of action."""
        return self.requested.action

    @property
    def until(self) -> datetime:
        """The end of the undo period."""
        return self.requested.until


class ReadEvent(Protocol):
    """An event, as model or row."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def data(self) -> Json: ...


def _resolve(ticket: Ticket, person: Person, at: datetime, _requested: ActionRequested) -> None:
    if ticket.assignee_id is None:
        assign(ticket, person, at=at, actor_id=person.id)
    change_status(ticket, "resolved", at=at, actor_id=person.id)


def _resolve_with_children(ticket: Ticket, person: Person, at: datetime, requested: ActionRequested) -> None:
    _resolve(ticket, person, at, requested)
    resolve_children(ticket, person, at=at)


def _hand_off(ticket: Ticket, person: Person, at: datetime, _requested: ActionRequested) -> None:
    perform(ticket, person=person, at=at)


def _is_unfinished(ticket: Ticket) -> bool:
    return ticket.status not in FINISHED


ACTIONS: dict[str, Undoable] = {
    "resolve": Undoable(lambda ticket: may_move(ticket.status, "resolved"), _resolve),
    "resolve_with_children": Undoable(lambda ticket: may_move(ticket.status, "resolved"), _resolve_with_children),
    "escalate": Undoable(lambda ticket: ticket.tier < MAX_TIER and _is_unfinished(ticket), _hand_off),
    "return": Undoable(lambda ticket: ticket.tier > 1 and _is_unfinished(ticket), _hand_off),
}


def register() -> None:
    """Subscribe to actions whose time is over."""
    subscribe(SUBSCRIBER, to=set(), handler=_act)


def undo_seconds(*, of_replies: bool = False) -> int:
    """Seconds in which an action, or a reply from the console, can be undone; with 0 it is performed at once."""
    seconds = settings.read(SETTING).get("reply_seconds" if of_replies else "seconds")
    return seconds if isinstance(seconds, int) and 0 <= seconds <= LONGEST_SECONDS else DEFAULT_SECONDS


def set_undo_seconds(seconds: int, *, of_replies: bool = False) -> None:
    """Change it for later actions, or replies; raises Invalid outside 0 to 60 seconds."""
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise Invalid(fields={"reply_undo_seconds" if of_replies else "undo_seconds": ["out_of_range"]})
    settings.write(SETTING, settings.read(SETTING) | {"reply_seconds" if of_replies else "seconds": seconds})


def ask(ticket: Ticket, action: str, *, person: Person, at: datetime) -> Pending | None:
    """Schedule an action until it can no longer be undone; returns it, or None if it was performed at once.

    The ticket must be locked. Idempotent while it is pending. Raises Conflict if the ticket does not allow it, and
    while another action is pending.
    """
    if not ACTIONS[action].is_possible(ticket):
        raise Conflict("status_move_refused" if action.startswith("resolve") else "not_possible")
    waiting = next((each for each in pending_in(_events_of(ticket.id)) if ACTIONS[each.action].is_single), None)
    if waiting is not None:
        if waiting.action != action:
            raise Conflict("action_waits")
        return waiting
    seconds = undo_seconds()
    requested = ActionRequested(action=action, until=at + timedelta(seconds=seconds))
    if not seconds:
        ACTIONS[action].do(ticket, person, at, requested)
        return None
    return schedule(ticket, requested, person=person, at=at)


def schedule(ticket: Ticket, requested: ActionRequested, *, person: Person, at: datetime) -> Pending:
    """Perform an action in the name of this person once it can no longer be undone; the ticket must be locked."""
    event = _emit(ticket, requested, person.id, at)
    key = f"{SUBSCRIBER}:{ticket.id}"
    deliver_at(event, subscriber=SUBSCRIBER, key=key, due_at=requested.until, at=at, is_urgent=True)
    return Pending(event.id, requested)


def undo(ticket: Ticket, asked: UUID, *, person: Person, at: datetime) -> Pending:
    """Cancel a pending action; the ticket must be locked. Raises Conflict `too_late` once it was performed."""
    waiting = _waiting(ticket, asked)
    if waiting is None:
        raise Conflict("too_late")
    _emit(ticket, ActionUndone(asked=asked, action=waiting.action), person.id, at)
    ACTIONS[waiting.action].take_back(ticket, person, at, waiting.requested)
    return waiting


def _waiting(ticket: Ticket, asked: UUID) -> Pending | None:
    return next((each for each in pending_in(_events_of(ticket.id)) if each.id == asked), None)


def pending_in(events: Iterable[ReadEvent]) -> list[Pending]:
    """The pending actions of a ticket, from its events, oldest first."""
    known = list(events)
    over = {str(each.data["asked"]) for each in known if each.kind in KINDS[1:]}
    return [
        Pending(each.id, ActionRequested.read(each.data))
        for each in known
        if each.kind == ActionRequested.kind and str(each.id) not in over
    ]


def _act(requested: DeliveredEvent[ActionRequested]) -> None:
    if requested.actor_id is None:
        return
    with work(Scope.staff(actor_id=requested.actor_id)):
        try:
            ticket = access_ticket(requested.subject_id, lock=True)
        except NotFound:
            return
        waiting = _waiting(ticket, requested.id)
        if waiting is not None:
            _do(ticket, waiting, access_person(requested.actor_id), asked_at=requested.at)


def _do(ticket: Ticket, waiting: Pending, person: Person, *, asked_at: datetime) -> None:
    """Perform it, unless the ticket has changed so that it no longer applies: then record why."""
    at, action = clock.now(), ACTIONS[waiting.action]
    if action.is_single and client_wrote(ticket, since=asked_at):
        _emit(ticket, ActionDropped(asked=waiting.id, action=waiting.action, reason="client_wrote"), person.id, at)
    elif not action.is_possible(ticket):
        _emit(ticket, ActionDropped(asked=waiting.id, action=waiting.action, reason="not_possible"), person.id, at)
    else:
        action.do(ticket, person, at, waiting.requested)
        _emit(ticket, ActionDone(asked=waiting.id, action=waiting.action), person.id, at)


def client_wrote(ticket: Ticket, *, since: datetime) -> bool:
    """Whether the client's side wrote after an instant."""
    query = select(Message.id).join(Person, Person.id == Message.author_id)
    query = query.where(Message.ticket_id == ticket.id, Message.at > since, Person.client_id.is_not(None)).limit(1)
    return db.session.execute(query).first() is not None


def _events_of(ticket_id: UUID) -> list[StoredEvent]:
    query = select(StoredEvent).where(StoredEvent.subject_id == ticket_id, StoredEvent.kind.in_(KINDS))
    return list(db.session.scalars(query.order_by(StoredEvent.seq)))


def _emit(ticket: Ticket, event: TicketEvent, actor_id: UUID, at: datetime) -> StoredEvent:
    return emit(event, ticket.id, client_id=ticket.client_id, actor_id=actor_id, at=at)
