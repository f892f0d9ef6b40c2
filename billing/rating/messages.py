"""Codes and parameters of rating's messages about lines, warnings and left-out entries; no prose.

Pages, PDF and mail turn them into sentences in the reader's language. `CODES` lists all codes with their parameter
names, so that a test can check that each has a sentence. Parameters are JSON values: money and factors as text
("85.00", "1.5"), days as ISO 8601, instants as RFC 3339 UTC, minutes as whole numbers. `clause` is the contract's own
number for the rule ("4.2"), or None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msp.contracts.kinds import COUNTED_UNITS
from msp.kernel.money import Money, plain

_LABOUR = "work_type bands role tier"
_FEE = "first last days of clause"

CODES: Mapping[str, frozenset[str]] = {
    code: frozenset(names.split())
    for code, names in {
        # descriptions of lines
        "line.labour": _LABOUR,
        "line.covered_block": f"{_LABOUR} block",
        "line.covered_fee": _LABOUR,
        "line.overage": _LABOUR,
        "line.excluded": _LABOUR,
        "line.non_billable": _LABOUR,
        "line.km": "",
        "line.discount": "percent",
        "line.fee": "kind period first last",
        "line.fee_adjusted": "first last",
        "line.seats": "seats first last",
        "line.seats_added": "seats on last",
        "line.seats_removed": "seats on last",
        **{f"line.{unit}s": f"{unit}s first last" for unit in COUNTED_UNITS},
        "line.milestone": "name due_on",
        "line.block_sale": "block unit granted first last",
        # why a labour line costs what it costs
        "price.rate": "rate currency since clause",
        "price.override": "rate currency",
        "price.overage": "rate currency clause",
        "price.excluded": "rate currency work_types bands clause",
        "price.covered_fee": "kind clause",
        "price.covered_block": "block unit granted left clause",
        "price.non_billable": "",
        "price.km": "rate currency clause",
        "price.discount": "percent base currency clause",
        "multiplier": "bands factor clause",
        "multiplier.none": "bands clause",
        "multiplier.work_type": "work_type factor clause",
        "drain": "bands factor clause",
        "rounding": "scope mode increment minimum clause",
        "rounding.none": "clause",
        "write_down": "minutes entries",
        "block.exhausted": "block unit granted on at entry position inside",
        "block.none": "on",
        # why a fixed line costs what it costs
        "fee.full": f"{_FEE}",
        "fee.prorated": f"{_FEE} rule",
        "fee.adjusted": "due billed currency clause",
        "fee.milestone": "due_on clause",
        "fee.block_sale": "sold_on clause",
        **{f"fee.{unit}s": "price currency clause" for unit in COUNTED_UNITS},
        # warnings
        "warning.block_used": "block unit granted left percent",
        "warning.block_exhausted": "block unit granted on at overage_minutes",
        "warning.block_expired": "block unit left on",
        "warning.po_near": "po percent left currency",
        "warning.po_exceeded": "po over currency",
        "warning.po_held": "po entries net currency",
        "warning.seats_changed": "before after",
        "warning.without_ticket": "minutes entries",
        "warning.late_entries": "minutes entries oldest",
        "warning.write_down_clipped": "entry minutes",
        "warning.no_rate": "work_types entries",
        # why an entry is not on the invoice
        "left_out.unapproved": "",
        "left_out.non_billable": "minutes",
        "left_out.held_by_po": "po",
        "left_out.after_period": "last",
        "left_out.outside_contract": "first last",
        "left_out.no_rate": "work_type on",
    }.items()
}


@dataclass(frozen=True, slots=True)
class RatingMessage:
    """A code of `CODES` and its parameters."""

    code: str
    params: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As stored with a line: {"code": …, "params": {…}}."""
        return {"code": self.code, "params": dict(self.params)}


def message(code: str, **params: object) -> RatingMessage:
    """A message with its parameters as JSON; raises ValueError if code and parameters do not match `CODES`."""
    if CODES.get(code) != params.keys():
        raise ValueError(f"{code} takes {sorted(CODES.get(code, ()))}, not {sorted(params)}")
    return RatingMessage(code, {name: _json(value) for name, value in params.items()})


def _json(value: object) -> object:
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list | set | frozenset):
        return [_json(one) for one in value]
    return value
