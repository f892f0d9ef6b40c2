"""Which contract applies, and its SLA."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, or_, select

from msp.calendars.models import Calendar
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.contracts.escalation_policy import DEFAULT_POLICY, PolicyStep
from msp.contracts.models import Contract, EscalationStep, SlaTarget
from msp.contracts.service_level import Budgets, PriorityTargets, ServiceLevel
from msp.kernel.batch_read import SingleQuery
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.paging import page_by_id


@dataclass(frozen=True, slots=True)
class ContractSla:
    """The SLA of one contract for one priority and type: budgets of business time in a calendar."""

    level: ServiceLevel
    calendar_id: UUID
    calendar: WorkingCalendar
    budgets: Budgets

    @property
    def contract_id(self) -> UUID:
        """The contract's id."""
        return self.level.contract_id


class Versions(NamedTuple):
    """A contract and its calendar with their current versions."""

    id: UUID
    version: int
    calendar_id: UUID
    calendar_version: int


# Compiled once, because one of these runs before every new ticket.
_VERSIONS = (
    select(Contract.id, Contract.version, Contract.calendar_id, Calendar.version.label("calendar_version"))
    .join(Calendar, Calendar.id == Contract.calendar_id)
    .where(Contract.client_id == bindparam("client_id"))
    .order_by(Contract.starts_on, Contract.id)
    .limit(1)
)
_DAY = bindparam("day", type_=Contract.starts_on.type)
# The contract of a client (:client_id) that is active on a day (:day): the oldest one.
IN_FORCE = _VERSIONS.where(Contract.starts_on <= _DAY, or_(Contract.ends_on.is_(None), Contract.ends_on >= _DAY))
_VERSIONS_ON = SingleQuery(Versions, IN_FORCE)
_VERSIONS_OF = SingleQuery(Versions, _VERSIONS.where(Contract.id == bindparam("contract_id")))
_known: OrderedDict[tuple[UUID, int], ServiceLevel] = OrderedDict()
_MOST_KNOWN = 4096


def access_contract(contract_id: UUID) -> Contract:
    """The contract; raises NotFound, also outside of the scope."""
    contract = db.session.get(Contract, contract_id)
    if contract is None:
        raise NotFound("contract")
    return contract


def sla_for(
    client_id: UUID, *, priority: str, type: str, on: date, contract_id: UUID | None = None
) -> ContractSla | None:
    """The SLA for a client on a day: of the named contract, else of the oldest active one."""
    values = {"client_id": client_id, "day": on, "contract_id": contract_id}
    held = next(iter((_VERSIONS_ON if contract_id is None else _VERSIONS_OF).rows(**values)), None)
    return sla_of(held, priority=priority, type=type) if held else None


def sla_of(held: Versions, *, priority: str, type: str) -> ContractSla | None:
    """The SLA of a contract for a priority and type; None if it has none."""
    level = service_level(held.id, version=held.version)
    budgets = level.budgets(priority=priority, type=type)
    if not budgets:
        return None
    calendar = working_calendar(held.calendar_id, version=held.calendar_version)
    return ContractSla(level=level, calendar_id=held.calendar_id, calendar=calendar, budgets=budgets)


def service_level(contract_id: UUID, *, version: int) -> ServiceLevel:
    """The SLA of a contract version, cached by id and version because contracts rarely change.

    Not to be called in a unit of work that changes the contract, which may be rolled back.
    """
    known = _known.get((contract_id, version))
    if known is None:
        known, read = _read_level(contract_id)
        _known[contract_id, read] = known
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return known


def to_escalation(row: EscalationStep) -> PolicyStep:
    """A stored step as its value."""
    return PolicyStep(
        moment=row.moment,
        amount=row.amount,
        action=row.action,
        clocks=tuple(row.clocks),
        who=tuple(row.who),
        by=tuple(row.by),
        is_urgent=row.is_urgent,
        webhook_id=row.webhook_id,
    )


def to_target(row: SlaTarget) -> PriorityTargets:
    """A stored target as its value."""
    return PriorityTargets(
        row.first_response_minutes, row.resolution_minutes, row.next_response_minutes, row.fulfilment_minutes
    )


def contracts_in(calendar_id: UUID) -> list[tuple[UUID, UUID]]:
    """The contracts whose SLA uses a calendar, each with its client."""
    rows = db.session.execute(select(Contract.id, Contract.client_id).where(Contract.calendar_id == calendar_id))
    return [(row.id, row.client_id) for row in rows]


def _read_level(contract_id: UUID) -> tuple[ServiceLevel, int]:
    version, pausing = db.session.execute(
        select(Contract.version, Contract.pausing).where(Contract.id == contract_id)
    ).one()
    targets = db.session.scalars(select(SlaTarget).where(SlaTarget.contract_id == contract_id))
    steps = select(EscalationStep).where(EscalationStep.contract_id == contract_id).order_by(EscalationStep.position)
    level = ServiceLevel(
        contract_id=contract_id,
        targets={(row.type, row.priority): to_target(row) for row in targets},
        pausing=frozenset(pausing),
        escalation_policy=tuple(to_escalation(row) for row in db.session.scalars(steps)) or DEFAULT_POLICY,
    )
    return level, version


def contracts_of(client_id: UUID, *, overlapping: tuple[date, date] | None = None) -> list[Contract]:
    """A client's contracts, oldest first; only those active at some time between two days (both included)."""
    query = select(Contract).where(Contract.client_id == client_id).order_by(Contract.starts_on, Contract.id)
    if overlapping:
        first, last = overlapping
        query = query.where(
            Contract.starts_on <= last,
            or_(Contract.ends_on.is_(None), Contract.ends_on >= first),
        )
    return list(db.session.scalars(query))


def contracts_page(*, client_id: UUID | None = None, after: UUID | None, limit: int) -> list[Contract]:
    """Contracts, oldest first, in pages; of one client only."""
    query = select(Contract) if client_id is None else select(Contract).where(Contract.client_id == client_id)
    return page_by_id(query, Contract.id, after=after, limit=limit)
