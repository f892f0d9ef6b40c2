"""Results of rating and tax in the terms of the golden file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from billing.rating import Rated, RatedLine, hours, labour_net
from billing.tax import Tax, Taxed, Totals
from msp.kernel.money import Money, plain

EUR = "EUR"
# Line names in the file, with the prefix of the code of the rule that made the line.
RULES: Mapping[str, str] = {
    "covered_by_block": "price.covered_block",
    "overage": "price.overage",
    "covered": "price.covered_fee",
    "non_billable": "price.non_billable",
    "discount": "price.discount",
    "km": "price.km",
    "fee": "fee.",
    "seats": "fee.",
    "added": "fee.prorated",
    "removed": "fee.prorated",
}


class Calculated(NamedTuple):
    """Result for a case's inputs: lines and, where they were rated, the rest of the rating result."""

    lines: list[dict[str, Any]]
    taxed: list[Taxed]
    ratings: list[Rated]


def fixed(price: str, tax: Tax) -> tuple[dict[str, Any], Taxed]:
    net = Money.half_up(Fraction(price), EUR)
    line = {"kind": "fixed", "minutes": None, "quantity": "1", "unit": "C62", "unit_price": price}
    return line | {"net": str(net), "prorate": None, "tax": tax_words(tax)}, Taxed(net, tax)


def labour(minutes: int, price: str, tax: Tax) -> tuple[dict[str, Any], Taxed]:
    net = labour_net(minutes, Decimal(price), currency=EUR)
    line = {"kind": "labour", "minutes": minutes, "quantity": plain(hours(minutes)), "unit": "HUR", "unit_price": price}
    return line | {"net": str(net), "prorate": None, "tax": tax_words(tax)}, Taxed(net, tax)


def of_lines(lines: Sequence[tuple[dict[str, Any], Taxed]]) -> Calculated:
    return Calculated([line for line, _ in lines], [taxed for _, taxed in lines], [])


def tax_words(tax: Tax) -> dict[str, str]:
    return {"category": tax.category, "rate": plain(tax.rate), "tax_name": tax.name}


def seen(line: RatedLine) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "minutes": line.minutes,
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "unit_price": plain(line.unit_price, least=2),
        "net": str(line.net),
        "prorate": "{}/{}".format(*line.prorate) if line.prorate else None,
        "tax": tax_words(line.tax),
    }


def wanted(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"minutes": None, "prorate": None, **{name: value for name, value in line.items() if name != "key"}}


def by_value(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compares the content of lines; their order is presentation."""
    return sorted(lines, key=lambda line: json.dumps(line, sort_keys=True))


def in_words(totals: Totals) -> dict[str, Any]:
    return {
        "taxes": [
            {
                "tax_name": row.tax.name,
                "category": row.tax.category,
                "rate": plain(row.tax.rate),
                "base": str(row.base),
                "amount": str(row.amount),
            }
            for row in totals.taxes
        ],
        **{name: str(getattr(totals, name)) for name in ("net", "tax", "total", "withholding", "payable")},
    }


def assert_rules(lines: Sequence[RatedLine], expected: Sequence[Mapping[str, Any]]) -> None:
    for want in expected:
        if want["key"] in RULES:
            same = [line for line in lines if seen(line) == wanted(want)]
            assert any(line.reason[0].code.startswith(RULES[want["key"]]) for line in same), want["key"]
