"""A contract or a calendar says something else: every open clock that rests on it follows, a chunk at a time.

Each chunk is one transaction that also asks for the next, so a worker that dies in between loses nothing, and a change
that touches a million clocks never holds the others up. Doing a chunk twice changes nothing the second time.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from msp.contracts.queries import Promise, contracts_in
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import DeliveredEvent, emit, subscribe
from msp.sla.timing import Timed, timings_of
from msp.tickets.models import UNFINISHED, Ticket
from msp.tickets.sla_targets import retarget_clocks, service_level_of

CHUNK = 200
REASONS = {"contract.changed": "contract_changed", "calendar.changed": "calendar_changed"}


def register() -> None:
    """Listen to what moves promises."""
    subscribe("promises", to={*REASONS, "sla.recompute_asked"}, handler=_follow_change)


def _follow_change(fact: DeliveredEvent[Any]) -> None:
    if fact.kind == "calendar.changed":
        with work(Scope.system()):
            for contract_id, client_id in contracts_in(fact.subject_id):
                _ask(contract_id, client_id, reason=REASONS[fact.kind], after=None)
    elif fact.client_id is not None:
        after = fact.data.get("after")
        reason = REASONS.get(fact.kind) or fact.data["reason"]
        _recompute(fact.subject_id, fact.client_id, reason=reason, after=UUID(after) if after else None)


def _recompute(contract_id: UUID, client_id: UUID, *, reason: str, after: UUID | None) -> None:
    with work(Scope.system()):
        at = clock.now()
        tickets = _chunk(contract_id, client_id, after=after)
        timings = timings_of(Timed(each.client_id, each.id, each.contract_id) for each in tickets)
        promises: dict[tuple[str, str], Promise | None] = {}
        for ticket in tickets:
            sort = (ticket.priority, ticket.type)
            if sort not in promises:
                promises[sort] = service_level_of(ticket)
            retarget_clocks(ticket, timings[ticket.id], promises[sort], reason=reason, at=at)
        if len(tickets) == CHUNK:
            _ask(contract_id, client_id, reason=reason, after=tickets[-1].id)


def _chunk(contract_id: UUID, client_id: UUID, *, after: UUID | None) -> list[Ticket]:
    query = select(Ticket).where(
        Ticket.client_id == client_id, Ticket.contract_id == contract_id, text(f"ticket.{UNFINISHED}")
    )
    if after is not None:
        query = query.where(Ticket.id > after)
    return list(db.session.scalars(query.order_by(Ticket.id).limit(CHUNK).with_for_update()))


def _ask(contract_id: UUID, client_id: UUID, *, reason: str, after: UUID | None) -> None:
    emit(
        "sla.recompute_asked",
        contract_id,
        client_id=client_id,
        visibility="internal",
        at=clock.now(),
        reason=reason,
        after=str(after) if after else None,
    )
