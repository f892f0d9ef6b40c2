"""Fees of earlier months: those that no invoice holds are caught up, those that changed since are put right.

A month that was never run, seats noted after the invoice, a contract that ended after its fee was issued: what is due
for each month is compared with what was billed for it. Nothing is done by itself for months before the contract's first
invoice (another system may have billed them) nor for months that a credit note touched; the draft says so.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from billing.books import BilledFee, Books
from billing.phrases import remark
from billing.rating import Line, Period, Terms
from billing.rating.fees import fee_lines
from billing.rating.phrases import say
from billing.rating.terms import Usage
from billing.tax import Regime, Tax, tax_for
from billing.terms import terms_of, usage_of
from billing.terms_in_force import terms_on
from msp.contracts.models import Contract
from msp.kernel.db import Json
from msp.kernel.money import Money

MOST_MONTHS = 24
_FEES = ("line.fee", "line.seats", "line.seats_added", "line.seats_removed", "line.fee_adjusted")


@dataclass(frozen=True, slots=True)
class FeesDue:
    """Lines for earlier months, and what to say of them."""

    lines: tuple[Line, ...] = ()
    warnings: tuple[Json, ...] = ()


def fees_due(books: Books, contract: Contract, period: Period, regime: Regime) -> FeesDue:
    """What a contract's fees of the months before a period still ask for, or give back."""
    if "fee" not in contract.terms and not contract.terms.get("milestones"):
        return FeesDue()
    billed = books.fees.get(contract.id, [])
    first = min((fee.first for fee in billed), default=None)
    if first is None:
        return FeesDue(warnings=tuple(_never_billed(books, contract, period)))
    lines: list[Line] = []
    warnings: list[Json] = []
    missed: list[Period] = []
    for month in _months(first, period):
        fees = [fee for fee in billed if fee.first in month]
        if not fees and (found := _expected(books, contract, month, regime)):
            lines += found
            missed.append(month)
        elif fees and not any(fee.is_credited for fee in fees):
            for line in _difference(books, contract, month, fees, regime):
                lines.append(line)
                span = {"first": month.first, "last": month.last}
                warnings.append(
                    remark(
                        "draft.fees_adjusted", contract=contract.name, net=line.net, currency=line.net.currency, **span
                    )
                )
    if missed:
        span = {"first": missed[0].first, "last": missed[-1].last}
        warnings.append(remark("draft.fees_caught_up", contract=contract.name, **span))
    return FeesDue(tuple(lines), tuple(warnings))


def is_billed(books: Books, contract: Contract, line: Line) -> bool:
    """Whether an invoice, or the draft of another period, holds what a fixed line bills."""
    params, code = line.description.params, line.description.code
    fees = books.fees.get(contract.id, [])
    if code == "line.milestone":
        return any(fee.code == code and fee.milestone == (params["name"], params["due_on"]) for fee in fees)
    if code not in ("line.fee", "line.seats"):
        return False
    first, last = date.fromisoformat(params["first"]), date.fromisoformat(params["last"])
    return any(fee.code == code and fee.first <= last and first <= fee.last for fee in fees)


def _months(first: date, period: Period) -> Iterator[Period]:
    """The months from that of a day to the one before a period, the last two years at most."""
    month = max(first.replace(day=1), (period.first - timedelta(days=31 * MOST_MONTHS)).replace(day=1))
    while (last := month.replace(day=monthrange(month.year, month.month)[1])) < period.first:
        yield Period(month, last)
        month = last + timedelta(days=1)


def _never_billed(books: Books, contract: Contract, period: Period) -> Iterator[Json]:
    """Months of fees before the first invoice of a contract, which somebody must close or knows to be billed."""
    last = min(period.first - timedelta(days=1), contract.ends_on or date.max)
    if contract.starts_on <= last and not books.credited.get(contract.id):
        yield remark("draft.fees_before", contract=contract.name, first=contract.starts_on, last=last)


def _expected(books: Books, contract: Contract, month: Period, regime: Regime) -> list[Line]:
    """The fee lines of a month as they would be billed now, none where a credit note took them back."""
    if any(first in month for first in books.credited.get(contract.id, ())):
        return []
    terms, usage = _of_month(books, contract, month)
    if terms.kind == "per_ticket":
        return []
    lines = fee_lines(terms, month, usage=usage, blocks=(), tax=_tax(regime, month))
    return [line for line in lines if not is_billed(books, contract, line)]


def _difference(
    books: Books, contract: Contract, month: Period, fees: Sequence[BilledFee], regime: Regime
) -> Iterator[Line]:
    """One line with what is due for a month beyond what was billed for it, at the price of then."""
    mine = [fee for fee in fees if fee.code in _FEES]
    price = next((fee.unit_price for fee in mine if fee.code in ("line.fee", "line.seats")), None)
    if price is None:
        return
    terms, usage = _of_month(books, contract, month)
    tax = _tax(regime, month)
    lines = fee_lines(replace(terms, fee=price, milestones=()), month, usage=usage, blocks=(), tax=tax)
    due = sum(line.net.amount for line in lines if line.description.code in _FEES)
    billed = sum(fee.net for fee in mine)
    if due != billed:
        yield _adjusting(terms, month, due=due, billed=billed, tax=tax)


def _adjusting(terms: Terms, month: Period, *, due: int, billed: int, tax: Tax) -> Line:
    net = Money(due - billed, terms.currency)
    why = say(
        "fee.adjusted",
        due=Money(due, terms.currency),
        billed=Money(billed, terms.currency),
        currency=terms.currency,
        clause=terms.clauses.get("fee"),
    )
    return Line(
        key=f"fee_adjusted:{month.first}",
        kind="fixed",
        description=say("line.fee_adjusted", first=month.first, last=month.last),
        minutes=None,
        quantity=Decimal(1),
        unit="C62",
        unit_price=net.decimal,
        net=net,
        tax=tax,
        prorate=None,
        entries=(),
        reason=(why,),
    )


def _of_month(books: Books, contract: Contract, month: Period) -> tuple[Terms, Usage]:
    """The terms that held on a month's first day, and its seats."""
    held = terms_on(books.terms.get(contract.id, ()), contract, max(month.first, contract.starts_on))
    return terms_of(held), usage_of(held, month)


def _tax(regime: Regime, month: Period) -> Tax:
    return tax_for(regime, on=month.last)
