"""Each contract's section of a client's drafts: work and fees, rated by the terms of their days."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from billing.faults import is_outage, of_contract
from billing.fees_due import FeesDue, fees_due, fees_of_period
from billing.inputs import BillingInputs, UnbilledEntry, holds, in_force
from billing.phrases import remark
from billing.rating import Block, Period, Rated, RatedEntry, RatedLine, rate_period
from billing.rating.result import Movement
from billing.rating.terms import in_order
from billing.tax import Regime
from billing.terms import NOTHING_SOLD, blocks_of, drains_of, minimum_of, terms_of
from billing.terms_in_force import Stretch, seats_in, stretches
from msp.calendars import bands
from msp.calendars.queries import working_calendar
from msp.contracts.kinds import KINDS
from msp.contracts.models import Contract
from msp.kernel.db import Json
from msp.kernel.money import Money

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Section:
    """One contract's section of a draft; `warnings` are billing's own, in addition to those of rating."""

    contract: Contract
    rated: Rated
    warnings: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOutOfDraft:
    """An entry, or a whole contract if `entry` is None, that is on no draft, and why."""

    contract_id: UUID | None
    entry_id: UUID | None
    reason: Json


Groups = dict[tuple[str, str | None], list[Section]]


def sections_of(books: BillingInputs, period: Period, regime: Regime) -> tuple[Groups, list[LeftOutOfDraft]]:
    """The rated section of each contract by currency and purchase order, and what is left out."""
    placed, left_out = _place(books, period)
    job = _Job(books, period, regime, deepcopy(books.moved))
    groups: Groups = {}
    for contract, version in books.contracts:
        entries = placed.get(contract.id, [])
        if reason := _exclusion_reason(books, contract, period):
            left_out += [LeftOutOfDraft(contract.id, entry.id, reason) for entry in entries]
            continue
        group = groups.setdefault((contract.currency, contract.po_number), [])
        rated, due = _rate_or_fault(job, contract, version, entries, before=group)
        left_out += [LeftOutOfDraft(contract.id, UUID(out.entry), out.reason.to_json()) for out in rated.left_out]
        if rated.lines:
            group.append(Section(contract, rated, due.warnings))
            _drain(job, contract, rated.movements)
        else:
            left_out += [LeftOutOfDraft(contract.id, None, warning) for warning in due.warnings]
    return groups, left_out


def owner_of(contract: Contract, block: str) -> tuple[UUID, str]:
    """The contract whose block a movement drains, and the block's name there."""
    owner, slash, name = block.partition("/")
    return (UUID(owner), name) if slash else (contract.id, block)


@dataclass(frozen=True, slots=True)
class _Job:
    """The rating of one client; `moved` is what blocks gave so far, in this plan too."""

    books: BillingInputs
    period: Period
    regime: Regime
    moved: dict[UUID, dict[str, int]]


def _place(books: BillingInputs, period: Period) -> tuple[dict[UUID, list[UnbilledEntry]], list[LeftOutOfDraft]]:
    """Entries by the contract that pays for them: the ticket's own while it is active, else the oldest active one."""
    contracts = {contract.id: contract for contract, _ in books.contracts}
    placed: dict[UUID, list[UnbilledEntry]] = {}
    left_out: list[LeftOutOfDraft] = []
    for entry in books.entries:
        named = contracts.get(entry.contract_id) if entry.contract_id else None
        contract = named if named and holds(named, entry.worked_on) else in_force(books.contracts, entry.worked_on)
        if entry.id in books.on_drafts:
            reason = remark("left_out.on_other_draft", first=books.on_drafts[entry.id])
            left_out.append(LeftOutOfDraft(contract.id if contract else None, entry.id, reason))
        elif contract is None:
            left_out.append(LeftOutOfDraft(None, entry.id, remark("left_out.without_contract", on=entry.worked_on)))
        else:
            placed.setdefault(contract.id, []).append(entry)
    return placed, left_out


def _exclusion_reason(books: BillingInputs, contract: Contract, period: Period) -> Json | None:
    """Why a contract is not in this period's drafts: these days are billed or drafted already."""
    for share in books.issued:
        if share.contract_id == contract.id and _overlap(share.period, period):
            first, last = share.period
            return remark("left_out.already_issued", number=share.number, first=first, last=last)
    for share in books.drafted:
        if share.contract_id == contract.id and _overlap(share.period, period):
            return remark("left_out.overlaps_draft", first=share.period.first, last=share.period.last)
    return None


def _overlap(one: Period, other: Period) -> bool:
    return one.first <= other.last and other.first <= one.last


def _rate_or_fault(
    job: _Job, contract: Contract, calendar_version: int, entries: list[UnbilledEntry], *, before: list[Section]
) -> tuple[Rated, FeesDue]:
    """Rate a contract's section; raises DataFault naming the contract and the terms that cause it."""

    def attempt(with_terms: Contract) -> tuple[Rated, FeesDue]:
        minimum_of(with_terms)
        return _rate(job, with_terms, calendar_version, entries, before=before)

    try:
        return attempt(contract)
    except Exception as fault:
        if is_outage(fault):
            raise
        raise of_contract(contract, fault, attempt) from fault


def _rate(
    job: _Job, contract: Contract, calendar_version: int, entries: list[UnbilledEntry], *, before: list[Section]
) -> tuple[Rated, FeesDue]:
    """Rate each stretch of terms, with the fees of earlier months first."""
    books, period = job.books, job.period
    moved = deepcopy(job.moved)
    used = Money(books.order_used.get(contract.po_number or "", 0), contract.currency)
    for section in before:
        used += section.rated.net
    fees = fees_of_period(books, contract, period, job.regime)
    lines: Sequence[RatedLine] = fees.lines
    parts: list[Rated] = []
    for stretch in stretches(books.terms.get(contract.id, ()), contract, until=period.last):
        mine = [entry for entry in entries if entry.worked_on in stretch.days]
        if not mine and stretch.days.last < period.first:
            continue
        part = _rate_stretch(replace(job, moved=moved), stretch, calendar_version, mine, used=used, fees=lines)
        _drain(replace(job, moved=moved), contract, part.movements)
        used += part.net
        parts.append(part)
        lines = ()
    due = fees_due(books, contract, period, job.regime)
    return _concatenated(contract, due.lines, parts), FeesDue(due.lines, (*due.warnings, *fees.warnings))


def _rate_stretch(
    job: _Job,
    stretch: Stretch,
    calendar_version: int,
    entries: list[UnbilledEntry],
    *,
    used: Money,
    fees: Sequence[RatedLine],
) -> Rated:
    contract, period = stretch.contract, job.period
    return rate_period(
        terms_of(contract, order_used=used),
        [_entry(entry, contract, calendar_version) for entry in entries],
        period,
        blocks=_blocks(job, contract, [entry.worked_on for entry in entries]),
        usage=seats_in(job.books.terms.get(contract.id, ()), contract, period),
        regime=job.regime,
        fees=fees,
    )


def _concatenated(contract: Contract, before: Sequence[RatedLine], parts: Sequence[Rated]) -> Rated:
    """Concatenate the parts: fees of earlier months first, then each stretch."""
    last = parts[-1] if parts else Rated(contract.currency, (), (), (), (), None, ())
    return replace(
        last,
        lines=(*before, *(line for part in parts for line in part.lines)),
        left_out=tuple(out for part in parts for out in part.left_out),
        movements=tuple(move for part in parts for move in part.movements),
        warnings=tuple({repr(each): each for part in parts for each in part.warnings}.values()),
    )


def _blocks(job: _Job, contract: Contract, days: list[date]) -> tuple[Block, ...]:
    """The blocks that a contract's work may draw from: its own, then the client's others as declared."""
    own = _blocks_of(job, contract, days)
    if KINDS[contract.kind].block_unit is None:
        return own
    others = [
        other
        for other, _ in job.books.contracts
        if other.id != contract.id and (other.kind, other.currency) == (contract.kind, contract.currency)
    ]
    lent = [
        replace(
            block,
            id=f"{other.id}/{block.id}",
            rank=rank,
            drain=drains_of(other),
            sold_on=None,
        )
        for rank, other in enumerate(others, start=1)
        for block in _blocks_of(job, other, days)
    ]
    return (*own, *lent)


def _blocks_of(job: _Job, contract: Contract, days: list[date]) -> tuple[Block, ...]:
    return blocks_of(
        contract,
        job.period,
        worked_on=days,
        moved=job.moved.get(contract.id, {}),
        sold=job.books.sold.get(contract.id, NOTHING_SOLD),
    )


def _drain(job: _Job, contract: Contract, movements: Sequence[Movement]) -> None:
    """Subtract what a section drew from the blocks, so that the next section sees the rest."""
    for move in movements:
        owner, name = owner_of(contract, move.block)
        blocks = job.moved.setdefault(owner, {})
        blocks[name] = blocks.get(name, 0) - move.drained


def _entry(entry: UnbilledEntry, contract: Contract, calendar_version: int) -> RatedEntry:
    calendar = working_calendar(contract.calendar_id, version=calendar_version)
    end = entry.started_at + timedelta(minutes=entry.minutes)
    last = next(iter(bands(calendar, end - _MINUTE, end)))
    return RatedEntry(
        id=str(entry.id),
        worked_on=entry.worked_on,
        bands=in_order(bands(calendar, entry.started_at, end), ends_in=last),
        work_type=entry.work_type,
        ticket=entry.ticket,
        started_at=entry.started_at,
        billable=entry.is_billable,
        approved=entry.is_approved,
        write_down=entry.write_down,
    )
