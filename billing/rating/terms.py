"""Input of rating: a contract's terms, its work, prepaid blocks and other quantities of a period.

Days are local dates of the client's zone and periods include both ends; time is whole minutes; prices are Decimal in
major units of the contract's currency; percentages are 10 for 10 %.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from msp.contracts.kinds import KINDS, ContractKind
from msp.kernel.money import Money, minor_digits

Band: TypeAlias = Literal["business", "after_hours", "weekend", "holiday"]
Scope: TypeAlias = Literal["entry", "ticket", "ticket_day", "invoice_line"]
Mode: TypeAlias = Literal["up", "nearest", "down"]
Proration: TypeAlias = Literal["actual_days", "30", "none"]
FeePeriod: TypeAlias = Literal["month", "quarter", "year"]
Detail: TypeAlias = Literal["summary", "ticket", "entry"]
Unit: TypeAlias = Literal["minutes", "money"]

ANY = "*"
NORMAL = Decimal(1)


class Period(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Rounding:
    """How worked minutes become billable: up, nearest (ties up) or down to the increment, then the minimum.

    Within a `scope`: each entry, each ticket, each ticket and day, or each invoice line.
    """

    scope: Scope = "entry"
    increment: int = 1
    mode: Mode = "up"
    minimum: int = 0

    def __post_init__(self) -> None:
        if self.increment < 1 or self.minimum < 0:
            raise ValueError("an increment is at least one minute, a minimum is not negative")


EXACT = Rounding()


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A row of the rate card: the hourly price from `valid_from` to `valid_to`, both included.

    Without a work type, role or tier it applies to all of them; the most specific row wins, then the latest.
    """

    per_hour: Decimal
    valid_from: date = date.min
    valid_to: date | None = None
    work_type: str | None = None
    role: str | None = None
    tier: int | None = None

    def __post_init__(self) -> None:
        _not_negative(self.per_hour)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A part of a fixed price, billed in the run that contains its day; without a name it is the whole price."""

    name: str | None
    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A client's purchase order number and the rest of its net amount; a cap of None is no cap.

    `hold` leaves out the entries that do not fit, oldest first and never split; `warn` bills them with a warning.
    """

    number: str
    remaining: Money | None = None
    mode: Literal["hold", "warn"] = "warn"
    warn_percent: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The billing terms of one version of a contract.

    `fee` is the price of the kind's unit: a period's fee, a seat or a ticket. `multipliers` price bands and do not
    stack, because a minute has one band; `drain_multipliers` are prepaid minutes per worked minute. `excluded_*` is
    work that a fee or a block does not cover and that is charged at the rate card. Overage costs `overage_rate` (else
    the rate card), times the band's factor only with `overage_multiplier`. `clauses` gives the contract's number for a
    rule: fee, rates, overage, excluded, multipliers, rounding, coverage, block, discount, km.
    """

    contract: str
    kind: str
    currency: str
    starts_on: date
    ends_on: date | None = None
    fee: Decimal | None = None
    fee_period: FeePeriod = "month"
    fee_timing: Literal["advance", "arrears"] = "advance"
    fee_cadence: Literal["calendar", "anniversary"] = "calendar"
    proration: Proration = "actual_days"
    rates: tuple[RateRow, ...] = ()
    rounding: Mapping[str, Rounding] = field(default_factory=dict)
    multipliers: Mapping[Band, Decimal] = field(default_factory=dict)
    work_type_multipliers: Mapping[str, Decimal] = field(default_factory=dict)
    labour_discount: Decimal = Decimal(0)
    km_rate: Decimal | None = None
    excluded_work_types: frozenset[str] = frozenset()
    excluded_bands: frozenset[Band] = frozenset()
    drain_multipliers: Mapping[Band, Decimal] = field(default_factory=dict)
    overage_rate: Decimal | None = None
    overage_multiplier: bool = False
    credit_removals: bool = True
    milestones: tuple[Milestone, ...] = ()
    purchase_order: PurchaseOrder | None = None
    exempt_work_types: frozenset[str] = frozenset()
    detail: Detail = "summary"
    print_non_billable: bool = True
    clauses: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        minor_digits(self.currency)
        if self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("a contract ends after it starts")
        if not 0 <= self.labour_discount <= 100:
            raise ValueError("a discount is between 0 and 100 %")
        if any(factor <= 0 for factor in self.drain_multipliers.values()):
            raise ValueError("a drain multiplier is more than nothing")
        for amount in (self.fee, self.km_rate, self.overage_rate):
            _not_negative(amount)
        for factor in (*self.multipliers.values(), *self.work_type_multipliers.values()):
            _not_negative(factor)

    @property
    def pricing(self) -> ContractKind:
        """How contracts of this kind are priced."""
        return KINDS[self.kind]

    def rounding_of(self, work_type: str) -> Rounding:
        """The rounding policy of a work type: its own, else that of "*", else whole minutes."""
        return self.rounding.get(work_type) or self.rounding.get(ANY) or EXACT

    def validity(self, period: Period) -> Period | None:
        """The part of a period in which the contract is active; None for no day."""
        last = min(period.last, self.ends_on or period.last)
        first = max(period.first, self.starts_on)
        return Period(first, last) if first <= last else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedEntry:
    """A time entry: minutes by band in the order of the work, the last band being where it ended.

    `worked_on` is the local day that decides rates and blocks; `started_at` (aware) orders the day and dates the end of
    a block; `rate` overrides the rate card; `write_down` minutes are not billed; `km` travelled.
    """

    id: str
    worked_on: date
    bands: tuple[tuple[Band, int], ...]
    work_type: str = "remote"
    ticket: str | None = None
    started_at: datetime | None = None
    billable: bool = True
    approved: bool = True
    write_down: int = 0
    role: str | None = None
    tier: int | None = None
    km: Decimal = Decimal(0)
    rate: Decimal | None = None

    def __post_init__(self) -> None:
        if any(minutes < 0 for _, minutes in self.bands) or self.write_down < 0 or self.km < 0:
            raise ValueError("time, write-downs and distance are not negative")
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise ValueError("started_at is an aware datetime")
        _not_negative(self.rate)

    @property
    def minutes(self) -> int:
        """Whole minutes worked."""
        return sum(minutes for _, minutes in self.bands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Prepaid work for entries worked from `starts_on` to `ends_on` (both included); the oldest block is drawn first.

    `granted` and `remaining` are whole minutes, or minor units of the currency for a retainer; `remaining` is the
    balance before this period. A block sold inside the period at `hour_price` is a line of its own, with its tax: an
    advance payment for an identified service accrues IVA when paid (LIVA art. 75.Dos), its use is not taxed again.
    Blocks of a lower `rank` go first: a contract's own, then those of the client's other contracts as declared, which
    are drained by their own multipliers (`drain`).
    """

    id: str
    granted: int
    remaining: int
    starts_on: date
    ends_on: date | None = None
    unit: Unit = "minutes"
    sold_on: date | None = None
    hour_price: Decimal | None = None
    rank: int = 0
    drain: Mapping[Band, Decimal] | None = None

    def holds_on(self, day: date) -> bool:
        """Whether work of that day may draw from it: the worked day decides, not the day of entry."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class SeatChange(NamedTuple):
    """Seats added (or, if negative, removed) from a day on, that day included; on a first day they count from it."""

    on: date
    delta: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Quantities besides time: seats on the period's first day with their changes, and labels of counted pieces."""

    seats: int = 0
    seat_changes: tuple[SeatChange, ...] = ()
    counted: tuple[str, ...] = ()


NO_USAGE = Usage()


def in_order(bands: Mapping[Band, int], *, ends_in: Band) -> tuple[tuple[Band, int], ...]:
    """Minutes by band in order, the band in which the work ended last."""
    return tuple(sorted(bands.items(), key=lambda item: item[0] == ends_in))


def by_age(entries: Iterable[RatedEntry]) -> list[RatedEntry]:
    """Entries by worked day, then start (entries without one last), then as given."""
    return sorted(entries, key=_age)


def _age(entry: RatedEntry) -> tuple[date, bool, float]:
    return entry.worked_on, entry.started_at is None, entry.started_at.timestamp() if entry.started_at else 0


def _not_negative(amount: Decimal | None) -> None:
    if amount is not None and not amount >= 0:
        raise ValueError("a price or factor is not negative")
