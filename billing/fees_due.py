"""Fixed lines due for a contract: those of the period, and what earlier months still need to charge or credit.

A month that was never run, tickets completed after its invoice, seats recorded late, a contract that ended after its
fee was issued: what is due for each month is compared with what was billed for it. Months before the contract's first
invoice (another system may have billed them) and months with a credit note are not adjusted; the draft has a warning.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing.billed_before import BilledFee
from billing.contract_fees import fee_changes, fixed_lines
from billing.inputs import BillingInputs
from billing.phrases import remark
from billing.rating import Period, RatedLine
from billing.rating.messages import message
from billing.tax import Regime, tax_for
from billing.terms_in_force import days_recorded_at, terms_on
from msp.contracts.kinds import KINDS
from msp.contracts.models import Contract
from msp.kernel.db import Json
from msp.kernel.money import Money

MOST_MONTHS = 24
_FEES = ("line.fee", "line.seats", "line.seats_added", "line.seats_removed")
_ADJUSTED = "line.fee_adjusted"


@dataclass(frozen=True, slots=True)
class FeesDue:
    """Fixed lines and their warnings."""

    lines: tuple[RatedLine, ...] = ()
    warnings: tuple[Json, ...] = ()


def fees_of_period(books: BillingInputs, contract: Contract, period: Period, regime: Regime) -> FeesDue:
    """The fixed lines of a period that are on no other invoice or draft."""
    lines: list[RatedLine] = []
    warnings = list(fee_changes(books, contract, period))
    for line in fixed_lines(books, contract, period, regime):
        if not is_billed(books, contract, line):
            lines.append(line)
        elif moved := _billed_differently(books, contract, line):
            warnings.append(moved)
    return FeesDue(tuple(lines), tuple(warnings))


def fees_due(books: BillingInputs, contract: Contract, period: Period, regime: Regime) -> FeesDue:
    """What earlier months of a contract still need to charge or credit."""
    if not _has_fixed_lines(books, contract):
        return FeesDue()
    billed = books.fees.get(contract.id, [])
    first = min((fee.first for fee in billed), default=None)
    if first is None:
        return FeesDue(warnings=tuple(_never_billed(books, contract, period, regime)))
    lines: list[RatedLine] = []
    warnings: list[Json] = []
    missed: list[Period] = []
    for month in _months(first, period):
        fees = [fee for fee in billed if fee.first in month]
        if any(fee.is_credited for fee in fees) or (not fees and _is_taken_back(books, contract, month)):
            continue
        due = fixed_lines(books, contract, month, regime, at_prices_of=fees)
        if found := _missing(books, contract, due, fees):
            lines += found
            missed.append(month)
        for line in _difference(books, contract, month, due, fees, regime):
            lines.append(line)
            warnings.append(_warning(contract, month, line))
    if missed:
        span = {"first": missed[0].first, "last": missed[-1].last}
        warnings.append(remark("draft.fees_caught_up", contract=contract.name, **span))
    return FeesDue(tuple(lines), tuple(warnings))


def is_billed(books: BillingInputs, contract: Contract, line: RatedLine) -> bool:
    """Whether an invoice, or another period's draft, contains this fixed line."""
    params, code = line.description.params, line.description.code
    fees = [fee for fee in books.fees.get(contract.id, []) if fee.code == code]
    if code == "line.milestone":
        return any(fee.milestone == _key(line) for fee in fees) or _moved_from(books, contract, line) is not None
    if code == "line.block_sale":
        return any(fee.block == params["block"] for fee in fees)
    if code not in ("line.fee", "line.seats"):
        return False
    first, last = date.fromisoformat(params["first"]), date.fromisoformat(params["last"])
    return any(fee.first <= last and first <= fee.last for fee in fees)


def _key(line: RatedLine) -> tuple[str | None, str]:
    return line.description.params["name"], line.description.params["due_on"]


def _moved_from(books: BillingInputs, contract: Contract, line: RatedLine) -> BilledFee | None:
    """The billed milestone that has been renamed or moved to this one, if the contract has no other match for it."""
    name, due_on = _key(line)
    agreed = terms_on(books.terms.get(contract.id, ()), contract, date.fromisoformat(due_on)).terms
    current = {(row["name"], row["due_on"]) for row in agreed.get("milestones", ())}
    for fee in books.fees.get(contract.id, []):
        if fee.milestone is not None and fee.milestone not in current and (
            fee.milestone[0] == name or fee.milestone[1] == due_on
        ):  # fmt: skip
            return fee
    return None


def _billed_differently(books: BillingInputs, contract: Contract, line: RatedLine) -> Json | None:
    """Warning for a milestone that was billed under another name or day."""
    fee = _moved_from(books, contract, line) if line.description.code == "line.milestone" else None
    if fee is None or fee.milestone == _key(line):
        return None
    name, due_on = _key(line)
    return remark("draft.milestone_billed", contract=contract.name, name=name, due_on=due_on, billed_on=fee.first)


def _months(first: date, period: Period) -> Iterator[Period]:
    """The months from that of `first` to the one before the period, at most the last two years."""
    month = max(first.replace(day=1), (period.first - timedelta(days=31 * MOST_MONTHS)).replace(day=1))
    while (last := month.replace(day=monthrange(month.year, month.month)[1])) < period.first:
        yield Period(month, last)
        month = last + timedelta(days=1)


def _never_billed(books: BillingInputs, contract: Contract, period: Period, regime: Regime) -> Iterator[Json]:
    """Warning for months with fees before a contract's first invoice: to be run, or billed elsewhere."""
    due = [
        month
        for month in _months(contract.starts_on, period)
        if not _is_taken_back(books, contract, month) and fixed_lines(books, contract, month, regime)
    ]
    if due:
        first, last = max(due[0].first, contract.starts_on), min(due[-1].last, contract.ends_on or date.max)
        yield remark("draft.fees_before", contract=contract.name, first=first, last=last)


def _is_taken_back(books: BillingInputs, contract: Contract, month: Period) -> bool:
    """Whether a credit note reversed all that was billed for a month."""
    return any(first in month for first in books.credited.get(contract.id, ()))


def _has_fixed_lines(books: BillingInputs, contract: Contract) -> bool:
    """Whether a contract ever had a kind that bills more than work."""
    kinds = {contract.kind, *(dated.kind for dated in books.terms.get(contract.id, ()))}
    return any(KINDS[kind].fee_unit for kind in kinds)


def _missing(
    books: BillingInputs, contract: Contract, lines: Sequence[RatedLine], fees: Sequence[BilledFee]
) -> list[RatedLine]:
    """The fixed lines of a month that are not billed; a fee whose amount changed is not missing."""
    has_fee = any(fee.code in _FEES for fee in fees)
    return [
        line
        for line in lines
        if not is_billed(books, contract, line) and not (has_fee and line.description.code in _FEES)
    ]


def _difference(
    books: BillingInputs,
    contract: Contract,
    month: Period,
    lines: Sequence[RatedLine],
    fees: Sequence[BilledFee],
    regime: Regime,
) -> Iterator[RatedLine]:
    """One line for the difference between what is due for a month (`lines`, at its prices) and what was billed."""
    of_fees = [fee for fee in fees if fee.code in _FEES]
    due: list[RatedLine] = []
    billed = list(of_fees)
    if any(fee.code in ("line.fee", "line.seats") for fee in of_fees):
        due += [line for line in lines if line.description.code in _FEES]
    for fee in fees:
        if fee.code == "line.milestone" and (agreed := _agreed_since(books, contract, fee, lines)):
            due.append(agreed)
            billed.append(fee)
    if not due and not any(fee.code in ("line.fee", "line.seats") for fee in of_fees):
        return
    before = sum(fee.net for fee in billed) + sum(fee.net for fee in fees if fee.code == _ADJUSTED)
    now = sum(line.net.amount for line in due)
    if now != before:
        yield _adjusting(contract, month, due=now, billed=before, regime=regime)


def _agreed_since(
    books: BillingInputs, contract: Contract, fee: BilledFee, lines: Sequence[RatedLine]
) -> RatedLine | None:
    """The line of a billed milestone as agreed now, if that was recorded after its invoice."""
    recorded = days_recorded_at(books.terms.get(contract.id, ()), fee.first)
    if fee.issued_at is None or recorded is None or recorded < fee.issued_at:
        return None
    milestones = (line for line in lines if line.description.code == "line.milestone")
    return next((line for line in milestones if _key(line) == fee.milestone), None)


def _adjusting(contract: Contract, month: Period, *, due: int, billed: int, regime: Regime) -> RatedLine:
    currency = contract.currency
    net = Money(due - billed, currency)
    why = message(
        "fee.adjusted",
        due=Money(due, currency),
        billed=Money(billed, currency),
        currency=currency,
        clause=contract.terms.get("clauses", {}).get("fee"),
    )
    return RatedLine(
        key=f"fee_adjusted:{month.first}",
        kind="fixed",
        description=message(_ADJUSTED, first=month.first, last=month.last),
        minutes=None,
        quantity=Decimal(1),
        unit="C62",
        unit_price=net.decimal,
        net=net,
        tax=tax_for(regime, on=month.last),
        prorate=None,
        entries=(),
        reason=(why,),
    )


def _warning(contract: Contract, month: Period, line: RatedLine) -> Json:
    span = {"first": month.first, "last": month.last}
    return remark("draft.fees_adjusted", contract=contract.name, net=line.net, currency=line.net.currency, **span)
