"""Which contract holds, and what it promises."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select

from msp.calendars.models import Calendar
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.contracts.models import Contract, SlaTarget
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.paging import page_by_id


@dataclass(frozen=True, slots=True)
class Promise:
    """What one contract promises for one priority: budgets of business time in a calendar."""

    contract_id: UUID
    calendar_id: UUID
    calendar: WorkingCalendar
    first_response: timedelta
    resolution: timedelta

    def budget(self, kind: str) -> timedelta:
        """The budget of a clock kind."""
        return self.first_response if kind == "first_response" else self.resolution


# Built once: putting a statement together costs as much as running it, and one of these stands before every new ticket.
_PROMISES = (
    select(
        Contract.id,
        Contract.calendar_id,
        Calendar.version,
        SlaTarget.first_response_minutes,
        SlaTarget.resolution_minutes,
    )
    .join(SlaTarget, and_(SlaTarget.client_id == Contract.client_id, SlaTarget.contract_id == Contract.id))
    .join(Calendar, Calendar.id == Contract.calendar_id)
    .where(Contract.client_id == bindparam("client_id"), SlaTarget.priority == bindparam("priority"))
    .order_by(Contract.starts_on, Contract.id)
    .limit(1)
)
_DAY = bindparam("day", type_=Contract.starts_on.type)
_PROMISE_ON = _PROMISES.where(Contract.starts_on <= _DAY, or_(Contract.ends_on.is_(None), Contract.ends_on >= _DAY))
_PROMISE_OF = _PROMISES.where(Contract.id == bindparam("contract_id"))


def access_contract(contract_id: UUID) -> Contract:
    """The contract; raises NotFound, also for what the scope may not see."""
    contract = db.session.get(Contract, contract_id)
    if contract is None:
        raise NotFound("contract")
    return contract


def promise_for(client_id: UUID, *, priority: str, on: date, contract_id: UUID | None = None) -> Promise | None:
    """The promise that holds for a client on a day: of the named contract, else of the oldest that is active."""
    values = {"client_id": client_id, "priority": priority, "day": on, "contract_id": contract_id}
    row = db.session.execute(_PROMISE_ON if contract_id is None else _PROMISE_OF, values).one_or_none()
    if row is None:
        return None
    return Promise(
        contract_id=row.id,
        calendar_id=row.calendar_id,
        calendar=working_calendar(row.calendar_id, version=row.version),
        first_response=timedelta(minutes=row.first_response_minutes),
        resolution=timedelta(minutes=row.resolution_minutes),
    )


def contracts_of(client_id: UUID, *, overlapping: tuple[date, date] | None = None) -> list[Contract]:
    """A client's contracts, oldest first; only those in force at some time between two days (both included)."""
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
