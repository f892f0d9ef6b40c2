"""A contract's fixed lines in a range of days, by the terms that apply on each day.

The fee of a month is the one that applies on its first day; a fee that changes inside a month applies from the next
month, with a warning on the draft. Seats count by day. A change of the contract's kind splits the month.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from billing.billed_before import BilledFee
from billing.inputs import BillingInputs, in_force
from billing.phrases import remark
from billing.rating import Period, RatedLine, Terms
from billing.rating.fees import fee_lines
from billing.rating.terms import Usage
from billing.tax import Regime, tax_for
from billing.terms import blocks_of, terms_of
from billing.terms_in_force import recorded_at, seats_in, stretches, terms_on
from msp.contracts.kinds import COUNTED_UNITS, KINDS, FeeUnit
from msp.contracts.models import Contract
from msp.kernel.db import Json

_ONE_DAY = timedelta(days=1)
_OF_A_FEE = ("fee", "fee_timing", "proration")


class _Since:
    """A contract that starts on a later day: the day on which its kind changed."""

    def __init__(self, contract: Contract, starts_on: date) -> None:
        self.starts_on = max(contract.starts_on, starts_on)
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contract, name)


def fixed_lines(
    books: BillingInputs, contract: Contract, days: Period, regime: Regime, *, at_prices_of: Sequence[BilledFee] = ()
) -> list[RatedLine]:
    """Fixed lines due in a range of days: fees, seats, tickets, milestones and block sales.

    `at_prices_of` are lines that billed these days already: their prices apply unless the terms were recorded later.
    """
    lines: list[RatedLine] = []
    for held in months_of_kinds(books, contract, days):
        for part in _parts(books, contract, held, days):
            agreed = terms_on(_history(books, contract), contract, max(part.first, contract.starts_on))
            terms = _priced(books, contract, held, terms_of(agreed), at_prices_of)
            since = _kind_since(_history(books, contract), contract, part.first)
            blocks = blocks_of(cast(Contract, _Since(agreed, since)), part, moved={})
            usage = _usage(books, contract, held, part, kind=agreed.kind)
            tax = tax_for(regime, on=days.last)
            lines += fee_lines(terms, part, usage=usage, blocks=blocks, tax=tax, held=held)
    return lines


def fee_changes(books: BillingInputs, contract: Contract, days: Period) -> Iterator[Json]:
    """Warnings for fees that change inside a month and so apply from the next month."""
    history = _history(books, contract)
    for held in months_of_kinds(books, contract, days):
        first = max(held.first, contract.starts_on)
        agreed = terms_on(history, contract, first)
        for stretch in stretches(history, contract, until=held.last):
            on, later = stretch.days.first, stretch.contract
            if on > first and "fee" in agreed.terms and not _is_counted(agreed) and _fee(later) != _fee(agreed):
                yield remark("draft.fee_changes", contract=contract.name, on=on)


def months_of_kinds(books: BillingInputs, contract: Contract, days: Period) -> Iterator[Period]:
    """The whole calendar months touched by these days, split where the contract's kind changes."""
    month = days.first.replace(day=1)
    while month <= days.last:
        last = month.replace(day=monthrange(month.year, month.month)[1])
        first, kind = month, None
        for stretch in stretches(_history(books, contract), contract, until=last):
            if stretch.days.last < month:
                continue
            begins = max(stretch.days.first, month)
            if kind is not None and stretch.contract.kind != kind:
                yield Period(first, begins - _ONE_DAY)
                first = begins
            kind = stretch.contract.kind
        yield Period(first, last)
        month = last + _ONE_DAY


def _kind_since(history: Sequence[Any], contract: Contract, day: date) -> date:
    """The day since which the contract has the kind that it has on a day."""
    since, kind = date.min, None
    for stretch in stretches(history, contract, until=day):
        if stretch.contract.kind != kind:
            since, kind = stretch.days.first, stretch.contract.kind
    return since


def _parts(books: BillingInputs, contract: Contract, held: Period, days: Period) -> Iterator[Period]:
    """The requested days of a month; for contracts by the piece split where the price changes."""
    inside = _common(held, days)
    if inside is None:
        return
    history = _history(books, contract)
    if not _is_counted(terms_on(history, contract, inside.first)):
        yield inside
        return
    for stretch in stretches(history, contract, until=inside.last):
        if part := _common(stretch.days, inside):
            yield part


def _is_counted(contract: Contract) -> bool:
    return KINDS[contract.kind].fee_unit in COUNTED_UNITS


def _usage(books: BillingInputs, contract: Contract, held: Period, part: Period, *, kind: str) -> Usage:
    unit = KINDS[kind].fee_unit
    if unit == "seat":
        return seats_in(_history(books, contract), contract, held)
    if unit in COUNTED_UNITS:
        return Usage(counted=tuple(_pieces(books, contract, part, unit=unit)))
    return Usage()


def _pieces(books: BillingInputs, contract: Contract, days: Period, *, unit: FeeUnit) -> Iterator[str]:
    """Pieces of these days that the contract pays for and that no invoice counts."""
    before = books.counted_before.get((unit, contract.id), set())
    for label, contract_id, day in books.counted.get(unit, ()):
        if label not in before and day in days and _pays(books, contract, contract_id, day):
            yield label


def _pays(books: BillingInputs, contract: Contract, contract_id: object, day: date) -> bool:
    if contract_id is not None:
        return contract_id == contract.id
    found = in_force(books.contracts, day)
    return found is not None and found.id == contract.id


def _priced(books: BillingInputs, contract: Contract, held: Period, terms: Terms, billed: Sequence[BilledFee]) -> Terms:
    """Terms at the price at which a month was billed, unless its terms were recorded after that invoice."""
    fees = [fee for fee in billed if fee.code in ("line.fee", "line.seats")]
    mine = next((fee for fee in fees if fee.first <= held.last and held.first <= fee.last), None)
    recorded = recorded_at(_history(books, contract), max(held.first, contract.starts_on))
    if mine is None or mine.issued_at is None or (recorded is not None and recorded >= mine.issued_at):
        return terms
    return terms if terms.fee == mine.unit_price else replace(terms, fee=mine.unit_price)


def _fee(contract: Contract) -> tuple[Decimal | None, ...]:
    return tuple(contract.terms.get(name) for name in _OF_A_FEE)


def _history(books: BillingInputs, contract: Contract) -> Sequence[Any]:
    return books.terms.get(contract.id, ())


def _common(one: Period, other: Period) -> Period | None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Period(first, last) if first <= last else None
