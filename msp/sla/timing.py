"""The clocks of a ticket with everything that affects them, read in one statement, and a second one for pauses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from msp.calendars.business_time import deadline
from msp.calendars.models import Calendar
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.contracts.escalation_policy import DEFAULT_POLICY, EscalationPolicy, PlannedStep, planned_steps
from msp.contracts.models import Contract
from msp.contracts.queries import service_level
from msp.contracts.service_level import USUAL_PAUSING, ServiceLevel
from msp.kernel.db import db
from msp.sla.models import Clock, Pause

Spans = Sequence[tuple[datetime, datetime | None]]


@dataclass(slots=True)
class Timing:
    """A ticket's clocks, their calendars, its pauses, and the SLA targets of its contract, if it has one."""

    client_id: UUID
    ticket_id: UUID
    clocks: list[Clock]
    calendars: dict[UUID, WorkingCalendar] = field(default_factory=dict)
    level: ServiceLevel | None = None
    known_pauses: list[Pause] | None = None

    @property
    def pauses(self) -> list[Pause]:
        """The ticket's pauses, oldest first; loaded at first use."""
        if self.known_pauses is None:
            self.known_pauses = pauses_of(self.ticket_id)
        return self.known_pauses

    @property
    def is_held(self) -> bool:
        """Whether the clocks are paused now."""
        return any(each.ended_at is None for each in self.pauses)

    @property
    def escalation_policy(self) -> EscalationPolicy:
        """The escalation policy that applies."""
        return self.level.escalation_policy if self.level else DEFAULT_POLICY

    def holds(self, status: str) -> bool:
        """Whether the clocks are paused in a status."""
        return status in (self.level.pausing if self.level else USUAL_PAUSING)

    def open_clock(self, *kinds: str) -> Clock | None:
        """The open clock of one of these kinds."""
        return next((clock for clock in self.clocks if clock.kind in kinds and clock.is_open), None)

    def moment(self, clock: Clock, offset: timedelta) -> datetime | None:
        """The instant at which a clock reaches this threshold; None while it is paused, or if it never does."""
        return deadline(self.calendars[clock.calendar_id], clock.started_at, offset, spans(self.pauses))

    def ahead(self, clock: Clock) -> PlannedStep | None:
        """The next escalation step that the clock has not taken."""
        every = planned_steps(self.escalation_policy, clock.kind, timedelta(seconds=clock.budget_seconds))
        return next((planned for planned in every if planned.key not in clock.taken), None)


_IN_ORDER = (Clock.started_at, Clock.kind)
# Built once, because every operation on a ticket runs it.
_CLOCKS = (
    select(Clock, Calendar.version, Contract.version)
    .join(Calendar, Calendar.id == Clock.calendar_id)
    .outerjoin(Contract, Contract.id == bindparam("contract_id"))
    .where(Clock.ticket_id == bindparam("ticket_id"))
    .order_by(*_IN_ORDER)
)
_PAUSES = select(Pause).where(Pause.ticket_id == bindparam("ticket_id")).order_by(Pause.started_at)


def timing_of(*, client_id: UUID, ticket_id: UUID, contract_id: UUID | None) -> Timing:
    """The clocks of one ticket, for the operations of `clocks`."""
    timing = Timing(client_id, ticket_id, [])
    for clock, calendar_version, contract_version in db.session.execute(
        _CLOCKS, {"ticket_id": ticket_id, "contract_id": contract_id}
    ):
        timing.clocks.append(clock)
        timing.calendars[clock.calendar_id] = working_calendar(clock.calendar_id, version=calendar_version)
        if contract_id is not None and contract_version is not None:
            timing.level = service_level(contract_id, version=contract_version)
    return timing


def pauses_of(ticket_id: UUID) -> list[Pause]:
    """A ticket's pauses, oldest first."""
    return list(db.session.scalars(_PAUSES, {"ticket_id": ticket_id}))


def spans(pauses: Iterable[Pause]) -> list[tuple[datetime, datetime | None]]:
    """Pauses as business time expects them."""
    return [(each.started_at, each.ended_at) for each in pauses]


@dataclass(frozen=True, slots=True)
class Timed:
    """A ticket whose clocks are to be read: its client, and the contract that covers it."""

    client_id: UUID
    ticket_id: UUID
    contract_id: UUID | None


def timings_of(tickets: Iterable[Timed]) -> dict[UUID, Timing]:
    """The clocks of many tickets, by ticket, in three statements for any number of tickets."""
    timed = {each.ticket_id: each for each in tickets}
    if not timed:
        return {}
    levels = _levels({each.contract_id for each in timed.values() if each.contract_id is not None})
    found = {
        ticket_id: Timing(each.client_id, ticket_id, [], {}, levels.get(each.contract_id), [])
        for ticket_id, each in timed.items()
    }
    clocks = select(Clock, Calendar.version).join(Calendar, Calendar.id == Clock.calendar_id)
    for clock, version in db.session.execute(clocks.where(Clock.ticket_id.in_(timed)).order_by(*_IN_ORDER)):
        timing = found[clock.ticket_id]
        timing.clocks.append(clock)
        timing.calendars[clock.calendar_id] = working_calendar(clock.calendar_id, version=version)
    for pause in db.session.scalars(select(Pause).where(Pause.ticket_id.in_(timed)).order_by(Pause.started_at)):
        found[pause.ticket_id].pauses.append(pause)
    return found


def _levels(contract_ids: Iterable[UUID]) -> dict[UUID | None, ServiceLevel]:
    rows = db.session.execute(select(Contract.id, Contract.version).where(Contract.id.in_(contract_ids)))
    return {row.id: service_level(row.id, version=row.version) for row in rows}
