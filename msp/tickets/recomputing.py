"""Recomputes open clocks after a change of their contract or calendar, a chunk at a time.

Each chunk is one transaction that also requests the next, so nothing is lost if a worker crashes in between, and a
change that affects a million clocks does not block the others for long. Processing a chunk is idempotent.
"""

from uuid import UUID

from sqlalchemy import select

from msp.calendars.events import CalendarChanged
from msp.contracts.events import ContractTargetsChanged
from msp.contracts.queries import ContractSla, contracts_in
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.event_types import Event
from msp.kernel.events import DeliveredEvent, emit, subscribe
from msp.sla.timing import Timed, timings_of
from msp.tickets.events import SlaRecomputationRequested
from msp.tickets.models import Ticket
from msp.tickets.sla_targets import retarget_clocks, service_level_of
from msp.tickets.ticket_rows import IS_UNFINISHED

CHUNK = 200


def register() -> None:
    """Subscribe to events that change due dates."""
    events = {CalendarChanged, ContractTargetsChanged, SlaRecomputationRequested}
    subscribe("sla_recompute", to=events, handler=_follow_change)


def _follow_change(delivered: DeliveredEvent[Event]) -> None:
    event, client_id = delivered.event, delivered.client_id
    if isinstance(event, CalendarChanged):
        with work(Scope.system()):
            for contract_id, owner_id in contracts_in(delivered.subject_id):
                _request(contract_id, owner_id, reason="calendar_changed", after=None)
    elif isinstance(event, SlaRecomputationRequested) and client_id is not None:
        _recompute(delivered.subject_id, client_id, reason=event.reason, after=event.after)
    elif client_id is not None:
        _recompute(delivered.subject_id, client_id, reason="contract_changed", after=None)


def _recompute(contract_id: UUID, client_id: UUID, *, reason: str, after: UUID | None) -> None:
    with work(Scope.system()):
        at = clock.now()
        tickets = _chunk(contract_id, client_id, after=after)
        timings = timings_of(Timed(each.client_id, each.id, each.contract_id) for each in tickets)
        levels: dict[tuple[str, str], ContractSla | None] = {}
        for ticket in tickets:
            sort = (ticket.priority, ticket.type)
            if sort not in levels:
                levels[sort] = service_level_of(ticket)
            retarget_clocks(ticket, timings[ticket.id], levels[sort], reason=reason, at=at)
        if len(tickets) == CHUNK:
            _request(contract_id, client_id, reason=reason, after=tickets[-1].id)


def _chunk(contract_id: UUID, client_id: UUID, *, after: UUID | None) -> list[Ticket]:
    query = select(Ticket).where(Ticket.client_id == client_id, Ticket.contract_id == contract_id, IS_UNFINISHED)
    if after is not None:
        query = query.where(Ticket.id > after)
    return list(db.session.scalars(query.order_by(Ticket.id).limit(CHUNK).with_for_update()))


def _request(contract_id: UUID, client_id: UUID, *, reason: str, after: UUID | None) -> None:
    event = SlaRecomputationRequested(reason=reason, after=after)
    emit(event, contract_id, client_id=client_id, at=clock.now())
