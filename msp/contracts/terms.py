"""The terms of a contract as they are stored: which keys each kind has, and that their values make sense.

Money and factors are decimal strings ("85.00") in the contract's currency; times are whole minutes. Billing reads the
same keys into its own value (billing/runs.py); what they do is written at `billing.rating`.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from msp.contracts.models import KINDS, WORK_TYPES
from msp.kernel.db import Json
from msp.kernel.errors import Invalid

BANDS = ("business", "after_hours", "weekend", "holiday")
_SCOPES = ("entry", "ticket", "ticket_day", "invoice_line")
_MODES = ("up", "nearest", "down")


def _decimal(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite() and Decimal(value) >= 0
    except InvalidOperation:
        return False


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _one_of(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: value in allowed


def _list_of(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(each in allowed for each in value)


def _map_of(keys: tuple[str, ...], check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(key in keys and check(each) for key, each in value.items())


def _rounding(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("scope", "entry") in _SCOPES
        and value.get("mode", "up") in _MODES
        and _count(value.get("increment", 1))
        and value.get("increment", 1) >= 1
        and _count(value.get("minimum", 0))
        and value.keys() <= {"scope", "mode", "increment", "minimum"}
    )


def _day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _rows(**fields: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return isinstance(value, list) and all(
            isinstance(row, dict) and row.keys() == fields.keys() and all(fields[k](v) for k, v in row.items())
            for row in value
        )

    return check


_COMMON: dict[str, Callable[[Any], bool]] = {
    "rounding": _map_of(("default", *WORK_TYPES), _rounding),
    "multipliers": _map_of(BANDS, _decimal),
    "work_type_multipliers": _map_of(WORK_TYPES, _decimal),
    "labour_discount": _decimal,
    "km_rate": _decimal,
    "minimum_invoice": _decimal,
    "detail": _one_of("summary", "ticket", "entry"),
    "po_limit": _decimal,
    "po_mode": _one_of("warn", "hold"),
    "exempt_work_types": _list_of(*WORK_TYPES),
    "clauses": _map_of(("overage", "rounding", "multipliers", "fee", "excluded"), lambda value: isinstance(value, str)),
}
_FEE: dict[str, Callable[[Any], bool]] = {
    "fee": _decimal,
    "fee_timing": _one_of("advance", "arrears"),
    "proration": _one_of("actual_days", "30", "none"),
}
_BLOCK: dict[str, Callable[[Any], bool]] = {
    "block_renewal": _one_of("month", "once"),
    "valid_to": _day,
    "drain_multipliers": _map_of(BANDS, _decimal),
    "overage_rate": _decimal,
    "overage_multiplier": lambda value: isinstance(value, bool),
}
_EXCLUDED: dict[str, Callable[[Any], bool]] = {
    "excluded_work_types": _list_of(*WORK_TYPES),
    "excluded_bands": _list_of(*BANDS),
}
ALLOWED: dict[str, dict[str, Callable[[Any], bool]]] = {
    "time_and_materials": _COMMON,
    "block_hours": _COMMON | _FEE | _BLOCK | {"block_minutes": _count},
    "retainer": _COMMON | _FEE | _BLOCK | {"block_amount": _decimal},
    "flat_fee": _COMMON | _FEE | _EXCLUDED,
    "per_seat": _COMMON
    | _FEE
    | _EXCLUDED
    | {
        "seats": _count,
        "seat_changes": _rows(on=_day, delta=lambda value: isinstance(value, int)),
        "credit_removals": lambda value: isinstance(value, bool),
    },
    "per_ticket": _COMMON | {"fee": _decimal},
    "fixed_price": _COMMON
    | {"milestones": _rows(name=lambda value: isinstance(value, str) and bool(value), due_on=_day, amount=_decimal)},
}
REQUIRED = {
    "time_and_materials": (),
    "block_hours": ("block_minutes",),
    "retainer": ("block_amount",),
    "flat_fee": ("fee",),
    "per_seat": ("fee", "seats"),
    "per_ticket": ("fee",),
    "fixed_price": ("milestones",),
}


def check_terms(kind: str, terms: Json) -> None:
    """Raise Invalid naming each key that is unknown for the kind, missing, or has a value that makes no sense."""
    if kind not in KINDS:
        raise Invalid(fields={"kind": ["unknown"]})
    allowed = ALLOWED[kind]
    fields = {f"terms.{key}": ["unknown_field"] for key in terms if key not in allowed}
    fields |= {f"terms.{key}": ["required"] for key in REQUIRED[kind] if key not in terms}
    fields |= {
        f"terms.{key}": ["invalid"] for key, value in terms.items() if key in allowed and not allowed[key](value)
    }
    if fields:
        raise Invalid(fields=fields)
