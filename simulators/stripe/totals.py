"""The sums of an invoice, in minor units: exclusive and inclusive tax rates, half up, negative lines too.

Stripe accounts differ in where tax is rounded, so both ways are supported: on each line, or once per rate on the whole
invoice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


@dataclass(frozen=True)
class Rate:
    """A tax rate: its id, percentage and whether amounts include the tax."""

    id: str
    percentage: Decimal
    inclusive: bool


def minor(amount: Decimal) -> int:
    """Whole minor units, half away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def exact_taxes(amount: int, rates: Sequence[Rate]) -> dict[str, Decimal]:
    """The unrounded tax of an amount by rate id."""
    held = sum((rate.percentage for rate in rates if rate.inclusive), Decimal(0))
    net = Decimal(amount) * 100 / (100 + held)
    return {rate.id: net * rate.percentage / 100 for rate in rates}


def line_taxes(amount: int, rates: Sequence[Rate]) -> list[dict[str, Any]]:
    """The taxes of one line in Stripe's shape, each rounded."""
    exact = exact_taxes(amount, rates)
    held = sum((minor(exact[rate.id]) for rate in rates if rate.inclusive), 0)
    return [tax_object(rate, minor(exact[rate.id]), taxable=amount - held) for rate in rates]


def tax_object(rate: Rate, amount: int, *, taxable: int) -> dict[str, Any]:
    """A tax in Stripe's shape."""
    return {
        "amount": amount, "tax_behavior": "inclusive" if rate.inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate.id}, "taxability_reason": "not_available",
        "taxable_amount": taxable, "type": "tax_rate_details",
    }  # fmt: skip


def total_taxes(lines: Iterable[tuple[int, Sequence[Rate]]], *, rounding: str) -> list[dict[str, Any]]:
    """The taxes of a whole invoice, one for each rate; `rounding` is "line" or "invoice"."""
    rates: dict[str, Rate] = {}
    sums: dict[str, Decimal] = {}
    taxable: dict[str, int] = {}
    for amount, of_line in lines:
        for tax, rate in zip(line_taxes(amount, of_line), of_line, strict=True):
            exact = Decimal(tax["amount"]) if rounding == "line" else exact_taxes(amount, of_line)[rate.id]
            rates[rate.id] = rate
            sums[rate.id] = sums.get(rate.id, Decimal(0)) + exact
            taxable[rate.id] = taxable.get(rate.id, 0) + int(tax["taxable_amount"])
    return [tax_object(rates[id], minor(sums[id]), taxable=taxable[id]) for id in rates]


def sums(amounts: Iterable[int], taxes: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Subtotal and total of an invoice or credit note, with and without tax."""
    subtotal, taxes = sum(amounts), list(taxes)
    held = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    added = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    return {
        "subtotal": subtotal, "subtotal_excluding_tax": subtotal - held, "total": subtotal + added,
        "total_excluding_tax": subtotal - held,
    }  # fmt: skip
