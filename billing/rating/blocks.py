"""Prepaid work: which minutes a block covers, the overage, and when the block ran out.

Blocks are drawn oldest first; entries by worked day, then start. An entry that exceeds the balance is split into a
covered part and overage: hours to the whole worked minute, money to the minor unit. (Autotask consumes by worked date
and splits in this way; consuming by date of entry, as ConnectWise does, lets back-dated work miss a block that it
should have used.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from billing.rating.prices import drain_factor, price_of
from billing.rating.result import BlockState, Movement
from billing.rating.segments import Segment, split
from billing.rating.terms import Block, Period, RatedEntry, Terms
from msp.kernel.money import half_up, minor_digits


class RanOut(NamedTuple):
    """When a block ran out; all fields None if it had no balance at the start of the period."""

    block: Block
    on: date | None = None
    at: datetime | None = None
    entry: str | None = None
    inside: bool = False


@dataclass(slots=True)
class _BlockBalance:
    block: Block
    drained: Fraction = Fraction(0)
    booked: int = 0
    movements: list[Movement] = field(default_factory=list)
    ran_out: RanOut | None = None

    @property
    def left(self) -> Fraction:
        return self.block.remaining - self.drained


class BlockUsage(NamedTuple):
    """Pieces with their coverage, and the movements and states of the blocks."""

    pieces: list[Segment]
    movements: list[Movement]
    states: list[BlockState]
    ran_out: list[RanOut]


def draw(terms: Terms, pieces: Iterable[Segment], *, blocks: Sequence[Block], period: Period) -> BlockUsage:
    """Draw the prepaid pieces from the blocks in order; the rest becomes overage."""
    tanks = [
        _BlockBalance(block) for block in sorted(blocks, key=lambda block: (block.rank, block.starts_on, block.id))
    ]
    for tank in tanks:
        if tank.block.remaining <= 0:
            tank.ran_out = RanOut(tank.block)
    worked_before: dict[str, int] = {}
    result: list[Segment] = []
    for piece in pieces:
        if piece.standing == "prepaid":
            result += _covered(terms, piece, tanks, before=worked_before.get(piece.entry.id, 0))
        else:
            result.append(piece)
        worked_before[piece.entry.id] = worked_before.get(piece.entry.id, 0) + piece.worked
    return BlockUsage(
        result,
        [movement for tank in tanks for movement in tank.movements],
        [_state(tank, period) for tank in tanks],
        [tank.ran_out for tank in tanks if tank.ran_out],
    )


def _covered(terms: Terms, piece: Segment, tanks: list[_BlockBalance], *, before: int) -> list[Segment]:
    result: list[Segment] = []
    rest: Segment | None = piece
    for tank in tanks:
        if rest is None or not tank.block.holds_on(piece.entry.worked_on):
            continue
        done, rest = _take(terms, rest, tank, before=before)
        if done:
            result.append(done)
            before += done.worked
    if rest is not None:
        result.append(replace(rest, standing="overage"))
    return result


def _take(terms: Terms, piece: Segment, tank: _BlockBalance, *, before: int) -> tuple[Segment | None, Segment | None]:
    """Split a piece into what one block covers and the rest."""
    each = _per_minute(terms, piece, tank.block)
    if each is None:
        return None, piece
    priced = _covered_part(piece, tank, each)
    if priced == 0 and piece.priced:
        tank.ran_out = tank.ran_out or _moment(tank.block, piece.entry, minutes=before, inside=False)
        return None, piece
    done, rest = (piece, None) if priced == piece.priced else split(piece, priced)
    done = replace(done, standing="covered_block", block=tank.block.id)
    _book(tank, done, priced * each)
    if tank.ran_out is None and priced and (rest is not None or tank.left == 0):
        tank.ran_out = _moment(tank.block, piece.entry, minutes=before + done.worked, inside=rest is not None)
    return (done if done.billed or rest is None else None), rest


def _covered_part(piece: Segment, tank: _BlockBalance, each: Fraction) -> Fraction:
    """The minutes that a block's balance covers: whole ones of hours, to the minor unit of money."""
    if not each:
        return piece.priced
    most = max(tank.left / each, Fraction(0))
    return min(piece.priced, most if tank.block.unit == "money" else Fraction(int(most)))


def _per_minute(terms: Terms, piece: Segment, block: Block) -> Fraction | None:
    """Units per worked minute: minutes by the drain factor, or minor units of money by the rate card."""
    if block.unit == "minutes":
        return Fraction(drain_factor(terms, piece.entry, piece.band, of=block.drain))
    price = price_of(terms, piece.entry, piece.band, "prepaid")
    return Fraction(price.unit_price) * 10 ** minor_digits(terms.currency) / 60 if price else None


def _book(tank: _BlockBalance, piece: Segment, amount: Fraction) -> None:
    """Movements are whole units rounded on the running sum, so that rounding errors do not accumulate."""
    tank.drained += amount
    booked = int(half_up(tank.drained, 0))
    if piece.priced:
        entry = piece.entry
        tank.movements.append(Movement(tank.block.id, entry.id, entry.worked_on, piece.billed, booked - tank.booked))
    tank.booked = booked


def _moment(block: Block, entry: RatedEntry, *, minutes: int, inside: bool) -> RanOut:
    at = entry.started_at and entry.started_at + timedelta(minutes=minutes)
    return RanOut(block, entry.worked_on, at, entry.id, inside)


def _state(tank: _BlockBalance, period: Period) -> BlockState:
    block = tank.block
    left = max(block.remaining, 0) - tank.booked
    ends = block.ends_on is not None and block.ends_on <= period.last
    return BlockState(
        block.id,
        block.unit,
        opening=block.remaining,
        drained=tank.booked,
        remaining=0 if ends else left,
        expired=left if ends else 0,
        exhausted_on=tank.ran_out.on if tank.ran_out else None,
        exhausted_at=tank.ran_out.at if tank.ran_out else None,
    )
