"""What a view selects and in which order, read from JSON or from the parameters of an address. Pure.

Parts that are empty do not narrow. Days count back from the moment of reading: `updated_before_days` 3 selects tickets
that were not updated in the last three days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from msp.kernel.errors import Invalid
from msp.kernel.storable import is_storable
from msp.tickets.models import TYPES
from msp.tickets.states import PRIORITIES, STATUSES

STATES = ("open", "finished", "any")
SLA_STATES = ("breached", "due_soon", "due_in_day", "paused", "none")
ORDERS = ("due", "newest", "oldest", "updated", "idle", "priority")
TIERS = ("1", "2", "3")
DAYS = ("created_within_days", "created_before_days", "updated_within_days", "updated_before_days")
MAX_DAYS, MAX_TAGS, MAX_WORDS = 3650, 20, 200


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked definition. `assignee` is `me`, `none` or a person's id; `sla` is the state of the next SLA target.

    `due_soon` and `due_in_day` are those due in an hour or a day, with those that are breached.
    """

    state: str = "open"
    status: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    client: str = ""
    assignee: str = ""
    sla: str = ""
    created_within_days: int | None = None
    created_before_days: int | None = None
    updated_within_days: int | None = None
    updated_before_days: int | None = None
    words: str = ""
    order: str = "due"

    def as_json(self) -> dict[str, Any]:
        """The parts that differ from an empty definition."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        set_parts = {name: value for name, value in values.items() if value != getattr(EMPTY, name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in set_parts.items()}


EMPTY = Definition()
FIELDS = tuple(each.name for each in fields(Definition))
_CODES: Mapping[str, Sequence[str]] = {
    "status": STATUSES, "priority": PRIORITIES, "tier": TIERS, "type": TYPES,
}  # fmt: skip
_ONE_OF: Mapping[str, Sequence[str]] = {"state": STATES, "sla": ("", *SLA_STATES), "order": ORDERS}


def read_definition(given: Mapping[str, Any]) -> Definition:
    """Check a definition; raises Invalid with the codes of each wrong part."""
    wrong: dict[str, list[str]] = {name: ["unknown_field"] for name in given.keys() - set(FIELDS)}
    values: dict[str, Any] = {}
    for name in given.keys() & set(FIELDS):
        try:
            values[name] = _part(name, given[name])
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise Invalid(fields=wrong)
    return Definition(**values)


def read_address(args: Mapping[str, Sequence[str]]) -> Definition:
    """The definition of an address's parameters; other parameters and empty values are ignored."""
    given: dict[str, Any] = {}
    for name in FIELDS:
        values = [each for each in args.get(name, ()) if each.strip()]
        if values:
            is_list = isinstance(getattr(EMPTY, name), tuple)
            given[name] = [part for each in values for part in each.split(",")] if name == "tag" else values
            given[name] = given[name] if is_list else values[0]
    return read_definition(given)


def _part(name: str, value: Any) -> Any:
    if name in DAYS:
        return _days(value)
    if isinstance(getattr(EMPTY, name), tuple):
        return _texts(name, value)
    if not isinstance(value, str) or not is_storable(value):
        raise ValueError("invalid")
    if name in _ONE_OF and value not in _ONE_OF[name]:
        raise ValueError("unknown")
    if name in ("client", "assignee") and value not in ("", *(("me", "none") if name == "assignee" else ())):
        return str(_id(value))
    if name == "words" and len(value) > MAX_WORDS:
        raise ValueError("too_long")
    return value.strip()


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and is_storable(each) for each in value):
        raise ValueError("invalid")
    texts = tuple(dict.fromkeys(text for each in value if (text := each.strip())))
    if len(texts) > MAX_TAGS:
        raise ValueError("too_many")
    if any(len(each) > 50 for each in texts):
        raise ValueError("too_long")
    if name in _CODES and not set(texts) <= set(_CODES[name]):
        raise ValueError("unknown")
    return texts


def _days(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        value = int(value)
    if type(value) is not int:
        raise ValueError("invalid")
    if not 0 < value <= MAX_DAYS:
        raise ValueError("out_of_range")
    return value


def _id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValueError("invalid") from None
