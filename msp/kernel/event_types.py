"""Typed events: one frozen dataclass per kind, and how its fields are stored as JSON.

    class TicketReplied(TicketEvent, kind="ticket.replied", icon="reply", visibility="public"):
        \"\"\"A technician answered the requester.\"\"\"

        message_id: UUID

Every subclass of Event becomes a keyword-only frozen dataclass. Its fields are the `data` of the stored row; subject,
client, actor and time belong to the row (msp.kernel.events). Kinds and field names are public: the API shows them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, ClassVar, NamedTuple, Self, Union, dataclass_transform, get_args, get_origin
from typing import get_type_hints as type_hints
from uuid import UUID

_types: dict[str, type["Event"]] = {}


@dataclass(frozen=True, slots=True)
class Audience:
    """The recipients of an event without explicit ones: roles and media (msp.notify.recipients)."""

    who: tuple[str, ...]
    by: tuple[str, ...]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Event:
    """Something that happened, in the past tense: ids, codes and counts, never what people wrote.

    A field whose default is None is omitted while it is None. Data of older versions may lack fields: they read as
    their default, or as None. Unknown keys are ignored.
    """

    kind: ClassVar[str]
    icon: ClassVar[str]
    visibility: ClassVar[str]
    audience: ClassVar[Audience | None]
    in_history: ClassVar[bool]
    _fields: ClassVar[tuple["_StoredField", ...]]

    def __init_subclass__(
        cls,
        *,
        kind: str = "",
        icon: str = "",
        visibility: str = "internal",
        audience: Audience | None = None,
        in_history: bool = True,
    ) -> None:
        """Make the class a dataclass and register its kind; a class without a kind is a base class.

        `visibility`: whether the client may see it. `audience`: who is notified; None for nobody. `in_history`: whether
        the page of its subject shows it.
        """
        super().__init_subclass__()
        dataclass(frozen=True, kw_only=True)(cls)
        cls._fields = _stored_fields(cls)
        if not kind:
            return
        if kind in _types:
            raise TypeError(f"two events are called {kind}")
        cls.kind, cls.icon, cls.visibility, cls.audience, cls.in_history = kind, icon, visibility, audience, in_history
        _types[kind] = cls

    def data(self) -> dict[str, Any]:
        """The event as JSON."""
        values = ((each, getattr(self, each.name)) for each in self._fields)
        return {each.name: to_json(value) for each, value in values if value is not None or not each.is_omittable}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Create the event from stored data."""
        return cls(**{each.name: each.read(data) for each in cls._fields})


def event_types() -> list[type[Event]]:
    """All imported event types by kind."""
    return [_types[kind] for kind in sorted(_types)]


def event_type(kind: str) -> type[Event] | None:
    """The class of a kind; None if its package is not installed."""
    return _types.get(kind)


def read_event(kind: str, data: Mapping[str, Any]) -> Event | None:
    """The event of a stored row; None for an unknown kind."""
    known = _types.get(kind)
    return known.read(data) if known else None


def to_json(value: Any) -> Any:
    """Ids and times as text, tuples as lists, dataclasses as objects."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if is_dataclass(value):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    return value


class _StoredField(NamedTuple):
    name: str
    is_omittable: bool
    default: Any
    parse: Callable[[Any], Any]

    def read(self, data: Mapping[str, Any]) -> Any:
        value = data.get(self.name, self.default)
        return None if value is None else self.parse(value)


def _stored_fields(of: Any) -> tuple[_StoredField, ...]:
    hints = type_hints(of)
    return tuple(_stored_field(each, hints[each.name]) for each in fields(of))


def _stored_field(each: "Field[Any]", hint: Any) -> _StoredField:
    default = None if each.default is MISSING else to_json(each.default)
    return _StoredField(each.name, each.default is None, default, _parser(hint))


def _parser(hint: Any) -> Callable[[Any], Any]:
    """The function that converts JSON to a type; None is handled by the caller."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _parser(next(each for each in get_args(hint) if each is not type(None)))
    if origin is tuple:
        parse = _parser(get_args(hint)[0])
        return lambda values: tuple(map(parse, values))
    if hint in (datetime, date):
        return hint.fromisoformat
    if hint is UUID:
        return UUID
    if isinstance(hint, type) and is_dataclass(hint):
        parts = _stored_fields(hint)
        return lambda values: hint(**{each.name: each.read(values) for each in parts})
    return lambda value: value
