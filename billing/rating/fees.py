"""Fixed lines: fees, seats, counted pieces such as tickets, milestones and block sales.

A fee is billed in the run that contains the first day of its period (advance) or the last (arrears). Partial periods
are prorated by actual days, both ends included, by months of thirty days, or not at all.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from billing.rating.messages import RatingMessage, message
from billing.rating.result import LineUnit, RatedLine
from billing.rating.terms import Block, Milestone, Period, SeatChange, Terms, Usage
from billing.tax import Tax
from msp.contracts.kinds import COUNTED_UNITS
from msp.kernel.money import Money, half_up, plain

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_ONE_DAY = timedelta(days=1)


def fee_lines(
    terms: Terms, period: Period, *, usage: Usage, blocks: Sequence[Block], tax: Tax, held: Period | None = None
) -> list[RatedLine]:
    """The fixed lines of a contract in a period, in the order of the invoice.

    `held` are the days on which these terms apply, by default the whole contract; fees are for these days.
    """
    lines = [*_sales(terms, period, blocks, tax)]
    if terms.pricing.fee_unit in COUNTED_UNITS:
        lines += _pieces(terms, period, usage, tax)
    elif terms.pricing.fee_unit == "milestone":
        lines += _milestones(terms, period, tax)
    elif terms.fee:
        for service in _services(terms, until=period.last):
            if valid := _validity(terms, service, held):
                lines += _fee(terms, service, valid, period, usage, tax)
    return lines


def share(part: Period, whole: Period, *, rule: str) -> tuple[int, int] | None:
    """The billed part of a period as (days, of); None for all of it, and always None with the rule "none"."""
    if part == whole or rule == "none":
        return None
    if rule == "30":
        return max(_days_360(part), 1), _days_360(whole)
    return _days(part), _days(whole)


def _services(terms: Terms, *, until: date) -> Iterator[Period]:
    """The contract's fee periods so far: calendar periods, or counted from the contract's first day."""
    months = _MONTHS[terms.fee_period]
    start = terms.starts_on
    if terms.fee_cadence == "calendar":
        start = date(start.year, (start.month - 1) // months * months + 1, 1)
    count = 0
    first = start
    while first <= until:
        count += months
        following = _months_after(start, count)
        yield Period(first, following - _ONE_DAY)
        first = following


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _days(period: Period) -> int:
    return (period.last - period.first).days + 1


def _days_360(period: Period) -> int:
    first, last = period
    month_end = last.day == monthrange(last.year, last.month)[1]
    months = (last.year - first.year) * 12 + last.month - first.month
    return months * 30 + (30 if month_end else min(last.day, 30)) - min(first.day, 30) + 1


def _validity(terms: Terms, service: Period, held: Period | None) -> Period | None:
    """The days of a fee period on which contract and terms apply; None for no day."""
    valid = terms.validity(service)
    if valid is None or held is None:
        return valid
    first, last = max(valid.first, held.first), min(valid.last, held.last)
    return Period(first, last) if first <= last else None


def _fee(terms: Terms, service: Period, valid: Period, period: Period, usage: Usage, tax: Tax) -> Iterator[RatedLine]:
    """What this run bills of a fee period: its fee if it is due, and the seat changes."""
    advance = terms.fee_timing == "advance"
    if (valid.first if advance else valid.last) in period:
        yield _due(terms, valid, service, usage, tax)
    if terms.pricing.fee_unit == "seat":
        # Billed in advance: changes are billed in their own run. In arrears: with the fee.
        changes = [change for change in usage.seat_changes if (change.on if advance else valid.last) in period]
        yield from _seat_changes(terms, valid, service, changes, tax)


def _due(terms: Terms, valid: Period, service: Period, usage: Usage, tax: Tax) -> RatedLine:
    first, last = valid
    price = terms.fee or Decimal(0)
    part = share(valid, service, rule=terms.proration)
    reason = _fee_reason(terms, valid, part)
    key = f"fee:{service.first}"
    if terms.pricing.fee_unit == "seat":
        what = message("line.seats", seats=usage.seats, first=first, last=last)
        return _line(terms, key, what, tax, Decimal(usage.seats), price=price, prorate=part, reason=reason)
    what = message("line.fee", kind=terms.kind, period=terms.fee_period, first=first, last=last)
    return _line(terms, key, what, tax, price=price, prorate=part, reason=reason)


def _seat_changes(
    terms: Terms, valid: Period, service: Period, changes: Iterable[SeatChange], tax: Tax
) -> Iterator[RatedLine]:
    """Seats from their day to the end of the period; removed seats are credited if the contract says so."""
    for at, change in enumerate(sorted(changes)):
        removed = change.delta < 0
        credited = terms.credit_removals and terms.proration != "none"
        if not valid.first < change.on <= valid.last or change.delta == 0 or (removed and not credited):
            continue
        kind = "removed" if removed else "added"
        rest = Period(change.on, valid.last)
        part = share(rest, service, rule=terms.proration)
        yield _line(
            terms,
            f"seats_{kind}:{change.on}:{at}",
            message(f"line.seats_{kind}", seats=abs(change.delta), on=change.on, last=valid.last),
            tax,
            Decimal(change.delta),
            price=terms.fee or Decimal(0),
            prorate=part,
            reason=_fee_reason(terms, rest, part),
        )


def _fee_reason(terms: Terms, part: Period, prorate: tuple[int, int] | None) -> RatingMessage:
    first, last = part
    clause = terms.clauses.get("fee")
    days = _days(part)
    if prorate is None:
        return message("fee.full", first=first, last=last, days=days, of=days, clause=clause)
    return message(
        "fee.prorated", first=first, last=last, days=prorate[0], of=prorate[1], rule=terms.proration, clause=clause
    )


def _pieces(terms: Terms, period: Period, usage: Usage, tax: Tax) -> Iterator[RatedLine]:
    """One unit for each piece of the period, such as a completed ticket."""
    count, units = len(usage.counted), f"{terms.pricing.fee_unit}s"
    if not count or terms.fee is None:
        return
    what = message(f"line.{units}", **{units: list(usage.counted)}, first=period.first, last=period.last)
    why = message(f"fee.{units}", price=terms.fee, currency=terms.currency, clause=terms.clauses.get("fee"))
    yield _line(terms, f"{units}:{period.first}", what, tax, Decimal(count), price=terms.fee, reason=why)


def _milestones(terms: Terms, period: Period, tax: Tax) -> Iterator[RatedLine]:
    """The due parts of a fixed price; a price without parts is due at the start or, in arrears, at the end."""
    parts = terms.milestones
    if not parts and terms.fee:
        advance = terms.fee_timing == "advance" or terms.ends_on is None
        parts = (Milestone(None, terms.starts_on if advance else terms.ends_on or terms.starts_on, terms.fee),)
    for at, milestone in enumerate(parts):
        if milestone.due_on in period:
            yield _line(
                terms,
                f"milestone:{at}",
                message("line.milestone", name=milestone.name, due_on=milestone.due_on),
                tax,
                price=milestone.amount,
                reason=message("fee.milestone", due_on=milestone.due_on, clause=terms.clauses.get("fee")),
            )


def _sales(terms: Terms, period: Period, blocks: Iterable[Block], tax: Tax) -> Iterator[RatedLine]:
    """Blocks sold in the period, taxed when sold; a money block is sold at its face value."""
    for block in blocks:
        if block.sold_on is None or block.sold_on not in period:
            continue
        why = message("fee.block_sale", sold_on=block.sold_on, clause=terms.clauses.get("block"))
        what = message(
            "line.block_sale",
            block=block.id,
            unit=block.unit,
            granted=granted(terms, block),
            first=block.starts_on,
            last=block.ends_on,
        )
        key = f"block:{block.id}"
        if block.unit == "money":
            yield _line(terms, key, what, tax, price=Money(block.granted, terms.currency).decimal, reason=why)
        elif block.hour_price is not None:
            hours = Fraction(block.granted, 60)
            yield _line(terms, key, what, tax, hours, price=block.hour_price, unit="HUR", reason=why)


def granted(terms: Terms, block: Block) -> int | str:
    """A block's size as a message parameter: whole minutes, or an amount as text."""
    return block.granted if block.unit == "minutes" else str(Money(block.granted, terms.currency))


def _line(
    terms: Terms,
    key: str,
    description: RatingMessage,
    tax: Tax,
    quantity: Decimal | Fraction = Decimal(1),
    *,
    price: Decimal,
    reason: RatingMessage,
    unit: LineUnit = "C62",
    prorate: tuple[int, int] | None = None,
) -> RatedLine:
    exact = Fraction(quantity) * Fraction(price) * (Fraction(*prorate) if prorate else 1)
    return RatedLine(
        key=key,
        kind="fixed",
        description=description,
        minutes=None,
        quantity=Decimal(plain(half_up(quantity, 4))),
        unit=unit,
        unit_price=price,
        net=Money.half_up(exact, terms.currency),
        tax=tax,
        prorate=prorate,
        entries=(),
        reason=(reason,),
    )
