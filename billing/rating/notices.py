"""Warnings of one rating, as codes, to check before issuing."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from billing.rating.blocks import BlockUsage, RanOut
from billing.rating.fees import granted
from billing.rating.messages import RatingMessage, message
from billing.rating.result import BlockState, PurchaseOrderState
from billing.rating.terms import Block, Period, RatedEntry, Terms, Usage
from msp.kernel.money import Money

# The share at which Atera gives its first alert; an exhausted block has its own warning.
BLOCK_USED_PERCENT = 80


class WarningInput(NamedTuple):
    """The input of the warnings."""

    terms: Terms
    period: Period
    entries: Sequence[RatedEntry]
    drawn: BlockUsage
    blocks: Sequence[Block]
    usage: Usage
    order: PurchaseOrderState | None
    gaps: Sequence[RatedEntry]


def notices(case: WarningInput) -> Iterator[RatingMessage]:
    """The warnings of one contract's period, those that change amounts first."""
    yield from _no_rate(case)
    yield from _blocks(case)
    yield from _order(case)
    yield from _seats(case)
    yield from _entries(case)
    yield from _write_downs(case)


def _no_rate(case: WarningInput) -> Iterator[RatingMessage]:
    if case.gaps:
        work_types = sorted({entry.work_type for entry in case.gaps})
        yield message("warning.no_rate", work_types=work_types, entries=[entry.id for entry in case.gaps])


def _blocks(case: WarningInput) -> Iterator[RatingMessage]:
    ran_out = {moment.block.id: moment for moment in case.drawn.ran_out}
    states = {state.block: state for state in case.drawn.states}
    for block in case.blocks:
        if block.rank:
            continue  # reported by its own contract
        if block.id in ran_out:
            yield from _ran_out(case, ran_out[block.id])
        else:
            yield from _used(case, block, states[block.id])


def _ran_out(case: WarningInput, moment: RanOut) -> Iterator[RatingMessage]:
    block = moment.block
    overage = sum(
        piece.billed
        for piece in case.drawn.pieces
        if piece.standing == "overage" and block.holds_on(piece.entry.worked_on)
    )
    if overage or moment.on:
        size = granted(case.terms, block)
        yield message(
            "warning.block_exhausted",
            block=block.id, unit=block.unit, granted=size, on=moment.on, at=moment.at, overage_minutes=overage,
        )  # fmt: skip


def _used(case: WarningInput, block: Block, state: BlockState) -> Iterator[RatingMessage]:
    left = state.opening - state.drained
    percent = 100 * (block.granted - left) // block.granted if block.granted else 0
    shown = left if block.unit == "minutes" else Money(left, case.terms.currency)
    if state.expired:
        yield message("warning.block_expired", block=block.id, unit=block.unit, left=shown, on=block.ends_on)
    elif state.drained and percent >= BLOCK_USED_PERCENT:
        yield message(
            "warning.block_used",
            block=block.id, unit=block.unit, granted=granted(case.terms, block), left=shown, percent=percent,
        )  # fmt: skip


def _order(case: WarningInput) -> Iterator[RatingMessage]:
    state, order = case.order, case.terms.purchase_order
    if state is None or order is None or order.remaining is None or state.remaining is None:
        return
    number, currency = state.number, case.terms.currency
    if state.held:
        yield message("warning.po_held", po=number, entries=list(state.held), net=state.held_net, currency=currency)
    if state.remaining.amount < 0:
        yield message("warning.po_exceeded", po=number, over=-state.remaining, currency=currency)
    elif not state.held and order.remaining:
        percent = 100 * (order.remaining.amount - state.remaining.amount) // order.remaining.amount
        if percent >= order.warn_percent:
            yield message("warning.po_near", po=number, percent=percent, left=state.remaining, currency=currency)


def _seats(case: WarningInput) -> Iterator[RatingMessage]:
    deltas = [change.delta for change in case.usage.seat_changes if change.on in case.period]
    if case.terms.pricing.fee_unit == "seat" and any(deltas):
        before = case.usage.seats
        yield message("warning.seats_changed", before=before, after=before + sum(deltas))


def _entries(case: WarningInput) -> Iterator[RatingMessage]:
    loose = [entry for entry in case.entries if entry.billable and entry.ticket is None]
    if loose:
        yield message("warning.without_ticket", minutes=_minutes(loose), entries=[entry.id for entry in loose])
    late = [entry for entry in case.entries if entry.worked_on < case.period.first]
    if late:
        yield message(
            "warning.late_entries",
            minutes=_minutes(late), entries=[entry.id for entry in late], oldest=late[0].worked_on,
        )  # fmt: skip


def _minutes(entries: Sequence[RatedEntry]) -> int:
    return sum(entry.minutes for entry in entries)


def _write_downs(case: WarningInput) -> Iterator[RatingMessage]:
    taken: dict[str, int] = {}
    for piece in case.drawn.pieces:
        taken[piece.entry.id] = taken.get(piece.entry.id, 0) + piece.billable - piece.billed
    for entry in case.entries:
        if entry.billable and entry.write_down > taken.get(entry.id, 0):
            minutes = entry.write_down - taken.get(entry.id, 0)
            yield message("warning.write_down_clipped", entry=entry.id, minutes=minutes)
