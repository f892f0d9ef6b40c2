"""The values of a macro, and their checks."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from msp.contracts.models import WORK_TYPES
from msp.kernel.errors import Invalid
from msp.macros.models import VISIBILITIES, Macro
from msp.macros.variables import unknown_variables
from msp.tickets.actions import MAX_TIER, wrong_tags
from msp.tickets.states import PRIORITIES, STATUSES
from msp.worklog.actions import MAX_MINUTES

MAX_NAME, MAX_TEXT = 120, 20_000
# A macro cannot ask when a scheduled ticket opens again, and no ticket becomes new.
MACRO_STATUSES = tuple(status for status in STATUSES if status not in ("new", "scheduled"))


@dataclass(frozen=True, slots=True)
class MacroValues:
    """What a macro writes and changes; None and empty values change nothing. `minutes` is the time to log."""

    name: str
    visibility: str = "public"
    text_es: str = ""
    text_en: str = ""
    status: str | None = None
    priority: str | None = None
    tier: int | None = None
    assigns_to_self: bool = False
    assignee_id: UUID | None = None
    tags: tuple[str, ...] = ()
    minutes: int | None = None
    work_type: str | None = None


FIELDS = tuple(each.name for each in fields(MacroValues))
_EFFECTS = (
    "text_es", "text_en", "status", "priority", "tier", "assigns_to_self", "assignee_id", "tags", "minutes",
)  # fmt: skip


def values_of(macro: Macro) -> dict[str, Any]:
    """The values of a stored macro, by field of MacroValues."""
    return {name: getattr(macro, name) for name in FIELDS} | {"tags": tuple(macro.tags)}


def check(values: MacroValues) -> None:
    """Raise Invalid for values that a macro cannot have, and for one that would do nothing."""
    faults: dict[str, list[str]] = {}
    for field, code in _faults(values):
        faults.setdefault(field, []).append(code)
    if faults:
        raise Invalid(fields=faults)


def _faults(values: MacroValues) -> Iterator[tuple[str, str]]:
    if not values.name.strip():
        yield "name", "required"
    if len(values.name) > MAX_NAME:
        yield "name", "too_long"
    yield from _choice_faults(values)
    for field, text in (("text_es", values.text_es), ("text_en", values.text_en)):
        if len(text) > MAX_TEXT:
            yield field, "too_long"
        if unknown_variables(text):
            yield field, "unknown_variable"
    for code in wrong_tags(values.tags):
        yield "tags", code
    if values.assigns_to_self and values.assignee_id:
        yield "assignee_id", "invalid"
    if values.minutes is not None and not 1 <= values.minutes <= MAX_MINUTES:
        yield "minutes", "out_of_range"
    if not any(getattr(values, field) for field in _EFFECTS):
        yield "text_es", "macro_empty"


def _choice_faults(values: MacroValues) -> Iterator[tuple[str, str]]:
    allowed: dict[str, tuple[object, ...]] = {
        "visibility": VISIBILITIES,
        "status": (None, *MACRO_STATUSES),
        "priority": (None, *PRIORITIES),
        "tier": (None, *range(1, MAX_TIER + 1)),
        "work_type": (None, *WORK_TYPES),
    }
    for field, choices in allowed.items():
        if getattr(values, field) not in choices:
            yield field, "unknown"
