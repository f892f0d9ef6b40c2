"""The schema of contract terms: the keys of each kind and their values.

Money and factors are decimal strings ("85.00") in the contract's currency; times are whole minutes. Pages, API and CLI
validate with it before terms are stored, and billing before it calculates with them (billing/terms.py). The effects of
terms are documented in `billing.rating`.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from msp.contracts.kinds import KINDS
from msp.contracts.models import WORK_TYPES
from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.kernel.storable import is_storable

BANDS = ("business", "after_hours", "weekend", "holiday")
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)  # range of dates
MOST_MONEY = Decimal(10_000_000)  # of one price, in major units, so that sums stay within an invoice record's limit
MOST_RATE = 100_000_000  # minor units per hour
MOST_FACTOR = Decimal(100)
MOST_SEATS = 100_000
MOST_BLOCK_MINUTES = 60 * 100_000
MOST_ROWS = 500
LONGEST_TEXT = 10_000
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_MINUTES = 1440
_SCOPES = ("entry", "ticket", "ticket_day", "invoice_line")
_MODES = ("up", "nearest", "down")

Check: TypeAlias = Callable[[Any], bool]


def is_day(day: date) -> bool:
    """Whether a day is in the supported range."""
    return FIRST_DAY <= day <= LAST_DAY


def is_text(value: object, *, blank: bool = False) -> bool:
    """Whether a value is storable text; characters without a glyph are printed as a replacement."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not is_storable(value):
        return False
    return blank or bool(value.strip())


def _decimal(*, most: Decimal, least: Decimal = Decimal(0), above: Decimal | None = None) -> Check:
    def check(value: Any) -> bool:
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            return False
        return least <= Decimal(value) <= most and (above is None or Decimal(value) > above)

    return check


def _count(*, least: int = 0, most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _one_of(*allowed: str) -> Check:
    return lambda value: isinstance(value, str) and value in allowed


def _list_of(*allowed: str) -> Check:
    return lambda value: isinstance(value, list) and all(isinstance(each, str) and each in allowed for each in value)


def _map_of(keys: Collection[str], check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(key in keys and check(each) for key, each in value.items())


def _fields(**checks: Check) -> Check:
    """A map with some of these keys."""
    return lambda value: (
        isinstance(value, dict) and value.keys() <= checks.keys() and all(checks[k](v) for k, v in value.items())
    )


def _rows(**checks: Check) -> Check:
    """A list of maps with all of these keys."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) <= MOST_ROWS
            and all(
                isinstance(row, dict) and row.keys() == checks.keys() and all(checks[k](v) for k, v in row.items())
                for row in value
            )
        )

    return check


def _day(value: Any) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        return is_day(date.fromisoformat(value))
    except ValueError:
        return False


def _text(value: Any) -> bool:
    return is_text(value, blank=True)


_PRICE = _decimal(most=MOST_MONEY)
_FACTOR = _decimal(most=MOST_FACTOR)
_ROUNDING = _fields(
    scope=_one_of(*_SCOPES),
    mode=_one_of(*_MODES),
    increment=_count(least=1, most=_DAY_MINUTES),
    minimum=_count(most=_DAY_MINUTES),
)
_COMMON: dict[str, Check] = {
    "rounding": _map_of(("default", *WORK_TYPES), _ROUNDING),
    "multipliers": _map_of(BANDS, _FACTOR),
    "work_type_multipliers": _map_of(WORK_TYPES, _FACTOR),
    "labour_discount": _decimal(most=Decimal(100)),
    "km_rate": _PRICE,
    "minimum_invoice": _PRICE,
    "detail": _one_of("summary", "ticket", "entry"),
    "po_limit": _PRICE,
    "po_mode": _one_of("warn", "hold"),
    "exempt_work_types": _list_of(*WORK_TYPES),
    "clauses": _map_of(("overage", "rounding", "multipliers", "fee", "excluded"), _text),
}
_OF_KINDS: dict[str, Check] = {
    "fee": _PRICE,
    "fee_timing": _one_of("advance", "arrears"),
    "proration": _one_of("actual_days", "30", "none"),
    "block_minutes": _count(least=1, most=MOST_BLOCK_MINUTES),
    "block_amount": _decimal(most=MOST_MONEY, least=Decimal("0.01")),
    "block_renewal": _one_of("month", "once"),
    "valid_to": _day,
    # A factor of zero would never exhaust a block.
    "drain_multipliers": _map_of(BANDS, _decimal(most=MOST_FACTOR, above=Decimal(0))),
    "overage_rate": _PRICE,
    "overage_multiplier": _flag,
    "excluded_work_types": _list_of(*WORK_TYPES),
    "excluded_bands": _list_of(*BANDS),
    "seats": _count(most=MOST_SEATS),
    "seat_changes": _rows(on=_day, delta=_count(least=-MOST_SEATS, most=MOST_SEATS)),
    "credit_removals": _flag,
    "milestones": _rows(name=is_text, due_on=_day, amount=_PRICE),
}
ALLOWED: dict[str, dict[str, Check]] = {
    code: _COMMON | {name: _OF_KINDS[name] for name in kind.terms} for code, kind in KINDS.items()
}


def check_terms(kind: str, terms: Json) -> None:
    """Raise Invalid with each key that is unknown for the kind, missing, or has an invalid value."""
    if kind not in KINDS:
        raise Invalid(fields={"kind": ["unknown"]})
    allowed = ALLOWED[kind]
    fields = {f"terms.{key}": ["unknown_field"] for key in terms if key not in allowed}
    fields |= {f"terms.{key}": ["required"] for key in KINDS[kind].required if key not in terms}
    fields |= {
        f"terms.{key}": ["invalid"] for key, value in terms.items() if key in allowed and not allowed[key](value)
    }
    if not fields:
        fields = {f"terms.{key}": [code] for key, code in _contradictions(terms)}
    if fields:
        raise Invalid(fields=fields)


def _contradictions(terms: Json) -> Iterator[tuple[str, str]]:
    """Contradictions between valid values."""
    seats = terms.get("seats", 0)
    for change in sorted(terms.get("seat_changes", ()), key=lambda change: (change["on"], -change["delta"])):
        seats += change["delta"]
        if not 0 <= seats <= MOST_SEATS:
            yield "seat_changes", "out_of_range"
            return
