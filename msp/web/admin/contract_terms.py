"""Conversion of a contract's terms to and from form fields. Pure except for the reader's decimal separator.

The page shows the common terms; terms that it does not show are kept unchanged.
"""

from decimal import Decimal
from typing import Any

from msp.contracts.terms import ALLOWED
from msp.kernel.db import Json
from msp.kernel.money import plain
from msp.web.admin.forms import Form, day, decimal, whole, written

MULTIPLIED = ("after_hours", "weekend", "holiday")
MINIMA = ("remote", "onsite")
AMOUNTS = ("fee", "block_amount", "overage_rate", "km_rate", "minimum_invoice", "po_limit")
CHOICES = {"fee_timing": "advance", "proration": "actual_days", "block_renewal": "month", "detail": "summary"}
SHOWN = {*AMOUNTS, *CHOICES, "po_mode", "rounding", "multipliers", "seats", "block_minutes", "milestones"}
FIELD_OF = {
    "block_minutes": "hours_in_block",
    "rounding": "rounding_increment",
    "multipliers": "multiplier_after_hours",
}


def as_fields(terms: Json) -> dict[str, str]:
    """The terms by form field."""
    rounding = terms.get("rounding", {})
    default = rounding.get("default", {})
    fields = {name: written(terms.get(name), least=2) for name in AMOUNTS}
    fields |= {name: str(terms.get(name, usual)) for name, usual in CHOICES.items()}
    fields |= {f"multiplier_{band}": written(terms.get("multipliers", {}).get(band)) for band in MULTIPLIED}
    fields["rounding_increment"] = str(default.get("increment", "")) if rounding else ""
    for kind in MINIMA:
        fields[f"minimum_{kind}"] = str(rounding.get(kind, default).get("minimum") or "")
    fields["seats"] = str(terms.get("seats", ""))
    minutes = terms.get("block_minutes")
    fields["hours_in_block"] = "" if minutes is None else written(plain(Decimal(minutes) / 60))
    fields["po_mode"] = str(terms.get("po_mode", "warn"))
    lines = (
        f"{row['name']}; {row['due_on']}; {written(row['amount'], least=2)}" for row in terms.get("milestones", ())
    )
    return fields | {"milestones": "\n".join(lines)}


def read_terms(kind: str, form: Form, *, before: Json) -> Json:
    """The terms of the submitted fields for a kind; terms that the page does not show are taken from `before`.

    Invalid fields are added to the form's errors.
    """
    allowed = ALLOWED.get(kind, {})
    values: Json = {name: form.read(name, _number(form, name)) for name in AMOUNTS if name in allowed}
    for name, usual in CHOICES.items():
        if name in allowed and (form.text(name) not in ("", usual) or name in before):
            values[name] = form.text(name) or before.get(name, usual)
    values["rounding"] = _rounding(form, before.get("rounding", {}))
    values["multipliers"] = _multipliers(form, before.get("multipliers", {}))
    if values.get("po_limit") is not None:
        values["po_mode"] = form.text("po_mode") or "warn"
    if "seats" in allowed:
        values["seats"] = form.read("seats", whole)
    if "block_minutes" in allowed:
        values["block_minutes"] = form.read("hours_in_block", _hours)
    if "milestones" in allowed:
        values["milestones"] = _milestones(form)
    carried = {name: value for name, value in before.items() if name in allowed and name not in SHOWN}
    return carried | {name: value for name, value in values.items() if value not in (None, {}, [])}


def _number(form: Form, name: str) -> Any:
    """A reader that adds its own error, so that the message shows the number format."""

    def read(text: str) -> str | None:
        try:
            return decimal(text)
        except ValueError:
            form.fault(name, "number_shape")
            return None

    return read


def _hours(text: str) -> int:
    minutes = Decimal(decimal(text)) * 60
    if minutes != int(minutes):
        raise ValueError(text)
    return int(minutes)


def _multipliers(form: Form, before: Json) -> Json:
    kept = {band: value for band, value in before.items() if band not in MULTIPLIED}
    names = {band: f"multiplier_{band}" for band in MULTIPLIED}
    read = {band: form.read(name, _number(form, name)) for band, name in names.items()}
    return kept | {band: value for band, value in read.items() if value is not None}


def _rounding(form: Form, before: Json) -> Json:
    """The default increment, and a minimum for two work types if it differs from the default."""
    increment = form.read("rounding_increment", whole)
    minima = {kind: form.read(f"minimum_{kind}", whole) for kind in MINIMA}
    if increment == 0 or (increment or 0) > 60:
        form.fault("rounding_increment", "invalid")
    default = {"scope": "entry", "mode": "up", "minimum": 0, **before.get("default", {}), "increment": increment or 1}
    policies = {kind: policy for kind, policy in before.items() if kind not in ("default", *MINIMA)}
    for kind in MINIMA:
        policy = {**default, **before.get(kind, {}), "increment": increment or 1, "minimum": minima[kind] or 0}
        if policy != default:
            policies[kind] = policy
    is_default_idle = default["increment"] == 1 and not default["minimum"]
    return policies if is_default_idle else {"default": default, **policies}


def _milestones(form: Form) -> list[Json]:
    rows = []
    for line in filter(None, map(str.strip, form.text("milestones").splitlines())):
        parts = [part.strip() for part in line.rsplit(";", 2)]
        try:
            name, due, amount = parts
            rows.append({"name": name, "due_on": day(due).isoformat(), "amount": decimal(amount)})
        except ValueError:
            form.fault("milestones", "milestone_shape")
            break
    return rows
