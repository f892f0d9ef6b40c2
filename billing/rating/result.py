"""Output of rating: invoice lines with reasons, left-out entries, and block movements."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from billing.rating.messages import RatingMessage
from billing.rating.terms import Unit
from billing.tax import Tax, Taxed
from msp.kernel.money import Money, total

LineKind: TypeAlias = Literal["labour", "fixed"]
LineUnit: TypeAlias = Literal["HUR", "C62", "KMT"]


@dataclass(frozen=True, slots=True)
class EntryShare:
    """The part of a time entry that a line bills: minutes worked, billable by the rules, billed after write-downs.

    The shares of an entry over a contract's lines add up to the entry, because a block may run out inside one.
    """

    entry: str
    worked: int
    billable: int
    billed: int
    km: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class RatedLine:
    """One invoice line: `net` is exact minutes or quantity x price x prorate, rounded half up once.

    `unit` is a UN/ECE Rec 20 code (HUR hours, C62 pieces, KMT kilometres); the quantity of a labour line is its minutes
    in hours with four decimals, for display and UBL. `prorate` is (days billed, days of the period). `key` identifies
    the line within its contract. A discount has a negative price: EN 16931 wants it as an allowance.
    """

    key: str
    kind: LineKind
    description: RatingMessage
    minutes: int | None
    quantity: Decimal
    unit: LineUnit
    unit_price: Decimal
    net: Money
    tax: Tax
    prorate: tuple[int, int] | None
    entries: tuple[EntryShare, ...]
    reason: tuple[RatingMessage, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A time entry that is not billed, with the reason (codes `left_out.…`)."""

    entry: str
    reason: RatingMessage


@dataclass(frozen=True, slots=True)
class Movement:
    """What an entry drew from a block: worked minutes covered, and whole units drained (minutes or minor units)."""

    block: str
    entry: str
    on: date
    minutes: int
    drained: int


@dataclass(frozen=True, slots=True)
class BlockState:
    """A block after the period. `expired` is what expired at its end; `exhausted_at` needs the entry's start."""

    block: str
    unit: Unit
    opening: int
    drained: int
    remaining: int
    expired: int
    exhausted_on: date | None = None
    exhausted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOrderState:
    """The rest of a purchase order after these lines, and what was held back for it."""

    number: str
    remaining: Money | None
    held: tuple[str, ...]
    held_net: Money


@dataclass(frozen=True, slots=True)
class Rated:
    """One contract's period, priced. Every entry is on a line or in `left_out`."""

    currency: str
    lines: tuple[RatedLine, ...]
    left_out: tuple[LeftOut, ...]
    movements: tuple[Movement, ...]
    blocks: tuple[BlockState, ...]
    purchase_order: PurchaseOrderState | None
    warnings: tuple[RatingMessage, ...]

    @property
    def net(self) -> Money:
        """The sum of the rounded lines."""
        return total((line.net for line in self.lines), self.currency)

    @property
    def taxed(self) -> tuple[Taxed, ...]:
        """The lines as input of `billing.tax.settle`."""
        return tuple(Taxed(line.net, line.tax) for line in self.lines)
