"""Prices one contract's period (`rate_period`)."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing.rating.blocks import BlockUsage, draw
from billing.rating.fees import fee_lines
from billing.rating.labour import Blocks, Taxes, discount_lines, km_lines, labour_lines, unpriced
from billing.rating.messages import RatingMessage, message
from billing.rating.notices import WarningInput, notices
from billing.rating.result import LeftOut, PurchaseOrderState, Rated, RatedLine
from billing.rating.segments import split_by_band
from billing.rating.terms import NO_USAGE, Block, Period, RatedEntry, Terms, Usage, by_age
from billing.tax import Regime, tax_for
from msp.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class _Job:
    terms: Terms
    period: Period
    blocks: Sequence[Block]
    fees: Sequence[RatedLine]
    taxes: Taxes


@dataclass(frozen=True, slots=True)
class _Priced:
    entries: Sequence[RatedEntry]
    drawn: BlockUsage
    lines: tuple[RatedLine, ...]
    net: Money


def rate_period(
    terms: Terms,
    entries: Iterable[RatedEntry],
    period: Period,
    *,
    blocks: Sequence[Block] = (),
    usage: Usage = NO_USAGE,
    regime: Regime = "national",
    taxed_on: date | None = None,
    fees: Sequence[RatedLine] | None = None,
) -> Rated:
    """Price a contract's work and fees in a period (both days included) as invoice lines with their reasons.

    `entries` are all its unbilled entries in any order; earlier ones are billed too, later ones are left out. `blocks`
    and the purchase order have their state before the period, so that rating is repeatable. `taxed_on` is the day that
    decides the tax rate, by default the last of the period. `fees` replaces the fixed lines, for terms that apply to a
    part of the period only. Pure: nothing is stored. Raises ValueError for duplicate ids of entries or blocks.
    """
    ordered = by_age(entries)
    _refuse_duplicates([entry.id for entry in ordered], [block.id for block in blocks])
    day = taxed_on or period.last
    taxes = Taxes(tax_for(regime, on=day), tax_for(regime, on=day, exempt=True))
    if fees is None:
        fees = fee_lines(terms, period, usage=usage, blocks=blocks, tax=taxes.usual)
    job = _Job(terms, period, blocks, fees, taxes)
    admitted, left_out = _admit(job, ordered)
    full, gaps = _without_gaps(job, admitted)
    kept = _within_order(job, full)
    order = _order_state(terms, full, kept)
    left_out += _gap_reasons(gaps) + _held(order)
    case = WarningInput(terms, period, kept.entries, kept.drawn, blocks, usage, order, gaps)
    return Rated(
        terms.currency,
        kept.lines,
        tuple(left_out),
        tuple(kept.drawn.movements),
        tuple(kept.drawn.states),
        order,
        tuple(notices(case)),
    )


def _refuse_duplicates(*names: Sequence[str]) -> None:
    if any(len(set(ids)) != len(ids) for ids in names):
        raise ValueError("every entry and every block has an id of its own")


def _admit(job: _Job, entries: Iterable[RatedEntry]) -> tuple[list[RatedEntry], list[LeftOut]]:
    admitted, left_out = [], []
    for entry in entries:
        if reason := _refusal(job, entry):
            left_out.append(LeftOut(entry.id, reason))
        else:
            admitted.append(entry)
    return admitted, left_out


def _refusal(job: _Job, entry: RatedEntry) -> RatingMessage | None:
    terms = job.terms
    if not entry.approved:
        return message("left_out.unapproved")
    if entry.worked_on > job.period.last:
        return message("left_out.after_period", last=job.period.last)
    if entry.worked_on < terms.starts_on or (terms.ends_on and entry.worked_on > terms.ends_on):
        return message("left_out.outside_contract", first=terms.starts_on, last=terms.ends_on)
    if not entry.billable and not terms.print_non_billable:
        return message("left_out.non_billable", minutes=entry.minutes)
    return None


def _without_gaps(job: _Job, entries: Sequence[RatedEntry]) -> tuple[_Priced, list[RatedEntry]]:
    """Priced entries without those that have no price, so that none is billed at zero by mistake."""
    gaps: list[RatedEntry] = []
    while True:
        drawn = _draw(job, entries)
        missing = unpriced(job.terms, drawn.pieces)
        if not missing:
            return _price(job, entries, drawn), gaps
        gaps += missing.values()
        entries = [entry for entry in entries if entry.id not in missing]


def _draw(job: _Job, entries: Sequence[RatedEntry]) -> BlockUsage:
    pieces = split_by_band(job.terms, (entry for entry in entries if not _only_km(job.terms, entry)))
    return draw(job.terms, pieces, blocks=job.blocks, period=job.period)


def _only_km(terms: Terms, entry: RatedEntry) -> bool:
    """A journey without minutes is on the line of kilometres only."""
    return bool(entry.billable and entry.km and not entry.minutes and terms.km_rate is not None)


def _price(job: _Job, entries: Sequence[RatedEntry], drawn: BlockUsage) -> _Priced:
    terms, taxes = job.terms, job.taxes
    blocks = Blocks(job.blocks, drawn.states, drawn.ran_out)
    labour = labour_lines(terms, drawn.pieces, blocks=blocks, taxes=taxes)
    km = km_lines(terms, entries, taxes=taxes)
    lines = (*job.fees, *labour, *km, *discount_lines(terms, labour))
    return _Priced(entries, drawn, lines, total((line.net for line in lines), terms.currency))


def _within_order(job: _Job, full: _Priced) -> _Priced:
    """The entries within the purchase order's cap: oldest first and whole; none after the first that does not fit.

    Each candidate is rated as a whole, because rounding and blocks depend on all entries. Nets only grow with more
    entries, so a binary search finds the largest set that fits.
    """
    order = job.terms.purchase_order
    if order is None or order.remaining is None or order.mode != "hold" or full.net <= order.remaining:
        return full
    charged = [entry for entry in full.entries if entry.billable]
    free = [entry for entry in full.entries if not entry.billable]

    def first(count: int) -> _Priced:
        entries = by_age([*charged[:count], *free])
        return _price(job, entries, _draw(job, entries))

    count = bisect_right(range(1, len(charged) + 1), order.remaining, key=lambda count: first(count).net)
    return first(count)


def _order_state(terms: Terms, full: _Priced, kept: _Priced) -> PurchaseOrderState | None:
    order = terms.purchase_order
    if order is None:
        return None
    ids = {entry.id for entry in kept.entries}
    held = tuple(entry.id for entry in full.entries if entry.id not in ids)
    left = None if order.remaining is None else order.remaining - kept.net
    return PurchaseOrderState(order.number, left, held, full.net - kept.net)


def _gap_reasons(gaps: Iterable[RatedEntry]) -> list[LeftOut]:
    return [
        LeftOut(entry.id, message("left_out.no_rate", work_type=entry.work_type, on=entry.worked_on)) for entry in gaps
    ]


def _held(order: PurchaseOrderState | None) -> list[LeftOut]:
    return [LeftOut(entry, message("left_out.held_by_po", po=order.number)) for entry in order.held] if order else []
