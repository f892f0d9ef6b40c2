"""Converts a contract's row to rating's input: terms, prepaid blocks, quantities.

The keys of `Contract.terms` are those of `msp.contracts.terms`; their effects are documented in `billing.rating`.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, cast

from billing.rating import Block, Period, RateRow, Rounding, Terms
from billing.rating.terms import Band, Milestone, PurchaseOrder
from billing.tax import BILLED_AS, Regime
from msp.contracts.kinds import KINDS
from msp.contracts.models import Contract
from msp.contracts.terms import check_terms
from msp.kernel.db import Json
from msp.kernel.money import Exact, Money, half_up

ONCE = "once"
NOTHING_SOLD: Mapping[str, Fraction] = MappingProxyType({})
_ONE_DAY = timedelta(days=1)


def regime_of(tax_regime: str) -> Regime:
    """The tax regime of a client's `tax_regime`; raises KeyError for an unknown one."""
    return {str(name): regime for name, regime in BILLED_AS.items()}[tax_regime]


def terms_of(contract: Contract, *, order_used: Money | None = None) -> Terms:
    """A contract as rating's input; `order_used` is the net already billed to its purchase order.

    Raises Invalid for stored terms that the current schema refuses (`msp.contracts.terms`).
    """
    says = contract.terms
    check_terms(contract.kind, says)
    return Terms(
        contract=str(contract.id),
        kind=contract.kind,
        currency=contract.currency,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        fee=_fee(contract),
        fee_timing=says.get("fee_timing", "advance"),
        proration=says.get("proration", "actual_days"),
        rates=tuple(
            RateRow(
                per_hour=Money(rate.amount, contract.currency).decimal,
                valid_from=rate.valid_from,
                work_type=rate.work_type,
            )
            for rate in contract.rates
        ),
        rounding={("*" if name == "default" else name): Rounding(**policy) for name, policy in _map(says, "rounding")},
        multipliers=_factors(says, "multipliers"),
        work_type_multipliers={name: Decimal(factor) for name, factor in _map(says, "work_type_multipliers")},
        labour_discount=Decimal(says.get("labour_discount", "0")),
        km_rate=_decimal(says, "km_rate"),
        excluded_work_types=frozenset(says.get("excluded_work_types", ())),
        excluded_bands=frozenset(says.get("excluded_bands", ())),
        drain_multipliers=_factors(says, "drain_multipliers"),
        overage_rate=_decimal(says, "overage_rate"),
        overage_multiplier=says.get("overage_multiplier", False),
        credit_removals=says.get("credit_removals", True),
        milestones=tuple(
            Milestone(part["name"], date.fromisoformat(part["due_on"]), Decimal(part["amount"]))
            for part in says.get("milestones", ())
        ),
        purchase_order=_order(contract, order_used),
        exempt_work_types=frozenset(says.get("exempt_work_types", ())),
        detail=says.get("detail", "summary"),
        clauses=says.get("clauses", {}),
    )


def minimum_of(contract: Contract) -> Money | None:
    """The contract's minimum net of an invoice; None for no minimum."""
    least = _decimal(contract.terms, "minimum_invoice")
    return None if least is None else Money.half_up(least, contract.currency)


def blocks_of(
    contract: Contract,
    period: Period,
    *,
    worked_on: Iterable[date] = (),
    moved: Mapping[str, int],
    sold: Mapping[str, Fraction] = NOTHING_SOLD,
) -> tuple[Block, ...]:
    """The prepaid blocks that work of these days, and of the period, may draw from.

    `moved` is the sum of movements of issued invoices by block id: whole minutes, or minor units of money, negative if
    drawn. A block is filled every month unless the terms say `once`; without a fee of its own a retainer is sold at its
    face value when it is filled. `sold` is the share of a block's price that was not credited: the same share of its
    hours stays, unless this period sells it again.
    """
    if KINDS[contract.kind].block_unit is None:
        return ()
    days = [day for day in worked_on if day < period.first]
    spans = _spans(contract, since=min(days, default=period.first), until=period.last)
    wanted = {_month(day) for day in (*days, *_days(period))} | {ONCE}
    return tuple(
        _block(contract, name, span, moved.get(name, 0), Fraction(1) if span.first in period else sold.get(name, 1))
        for name, span in spans
        if name in wanted
    )


def drains_of(contract: Contract) -> Mapping[Band, Decimal]:
    """Prepaid minutes of a contract's blocks per worked minute, by band."""
    return _factors(contract.terms, "drain_multipliers")


def _block(contract: Contract, name: str, span: Period, moved: int, part: Exact) -> Block:
    says, whole = contract.terms, _granted(contract)
    granted = int(half_up(Fraction(whole) * Fraction(part), 0))
    sale_price: Decimal | None = None
    sold_on: date | None = None
    if KINDS[contract.kind].block_unit == "money":
        sold_on = None if _fee(contract) is not None else span.first
    elif name == ONCE and "fee" in says and granted:
        sold_on, sale_price = span.first, Decimal(says["fee"]) * 60 / whole
    return Block(
        id=name,
        granted=granted,
        remaining=granted + moved,
        starts_on=span.first,
        ends_on=None if span.last == date.max else span.last,
        unit=KINDS[contract.kind].block_unit or "minutes",
        sold_on=sold_on,
        hour_price=sale_price,
    )


def _granted(contract: Contract) -> int:
    if KINDS[contract.kind].block_unit == "money":
        return Money.half_up(Decimal(contract.terms["block_amount"]), contract.currency).amount
    return int(contract.terms["block_minutes"])


def _fee(contract: Contract) -> Decimal | None:
    """The recurring fee; for a block filled once, the price of its sale."""
    is_sale = KINDS[contract.kind].block_unit is not None and contract.terms.get("block_renewal") == ONCE
    return None if is_sale else _decimal(contract.terms, "fee")


def _spans(contract: Contract, *, since: date, until: date) -> Iterator[tuple[str, Period]]:
    """Each block's name with the days on which it can be used, within the contract's own days."""
    says = contract.terms
    end = min(contract.ends_on or date.max, date.fromisoformat(says["valid_to"]) if "valid_to" in says else date.max)
    if says.get("block_renewal") == ONCE:
        if contract.starts_on <= end:
            yield ONCE, Period(contract.starts_on, end)
        return
    first = max(since, contract.starts_on).replace(day=1)
    while first <= min(until, end):
        last = first.replace(day=monthrange(first.year, first.month)[1])
        yield _month(first), Period(max(first, contract.starts_on), min(last, end))
        first = last + _ONE_DAY


def _days(period: Period) -> Iterator[date]:
    day = period.first
    while day <= period.last:
        yield day
        day += _ONE_DAY


def block_of_month(first: str) -> str:
    """The block filled in the month of a day (ISO 8601)."""
    return _month(date.fromisoformat(first))


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _order(contract: Contract, used: Money | None) -> PurchaseOrder | None:
    if not contract.po_number:
        return None
    limit = _decimal(contract.terms, "po_limit")
    left = None
    if limit is not None:
        left = Money.half_up(limit, contract.currency) - (used or Money.zero(contract.currency))
    return PurchaseOrder(contract.po_number, left, contract.terms.get("po_mode", "warn"))


def _decimal(says: Json, name: str) -> Decimal | None:
    return Decimal(says[name]) if name in says else None


def _map(says: Json, name: str) -> Iterable[tuple[str, Any]]:
    return cast(Json, says.get(name, {})).items()


def _factors(says: Json, name: str) -> dict[Band, Decimal]:
    return {cast(Band, band): Decimal(factor) for band, factor in _map(says, name)}
