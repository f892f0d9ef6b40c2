"""The values that the API speaks: strict on the way in, and every refusal is a code instead of a sentence."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import apiflask
from babel.numbers import list_currencies
from marshmallow import EXCLUDE, ValidationError, fields, post_load, pre_dump, validate

from msp.kernel.money import InvalidMoney, Money
from msp.kernel.storable import is_storable

MOST_ITEMS = 200  # of a list that says nothing else
_CODES = {"required": "required", "null": "null", "validator_failed": "invalid"}
_CURRENCIES = frozenset(list_currencies())


class Schema(apiflask.Schema):
    """A shape of the API: unknown fields are refused, and errors are codes."""

    error_messages = {"unknown": "unknown_field", "type": "invalid"}

    def on_bind_field(self, _field_name: str, field_obj: fields.Field[Any]) -> None:
        """Have a field and those within it answer with codes, and bound their lists."""
        for each in (field_obj, *(getattr(field_obj, name, None) for name in ("inner", "key_field", "value_field"))):
            if isinstance(each, fields.List) and not any(isinstance(one, validate.Length) for one in each.validators):
                each.validators.append(validate.Length(max=MOST_ITEMS, error="too_many"))
            if isinstance(each, fields.Field):
                each.error_messages = {key: _CODES.get(key, "invalid") for key in each.error_messages}


class Shown(Schema):
    """A shape that only we write: programs may find more in it one day."""

    class Meta:
        """What is not described is no fault."""

        unknown = EXCLUDE


class TextField(fields.String):
    """A string that the database can hold; `blank=False` wants something in it."""

    def __init__(self, *, longest: int = 500, blank: bool = True, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(max=longest, error="too_long"), **kwargs)
        self.blank = blank

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not is_storable(value):
            raise self.make_error("invalid")
        if not self.blank and not value.strip():
            raise self.make_error("required")
        return value


class Whole(fields.Integer):
    """A whole number, never a float, a boolean or (in JSON) a string."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        check = validate.Range(min=least, max=most, error="out_of_range")
        super().__init__(strict=True, validate=check, **kwargs)

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool | float):
            raise self.make_error("invalid")
        return super()._validated(value)


class WholeInQuery(Whole):
    """A whole number in a query, where everything is text."""

    def _validated(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.isdecimal() or len(value) > 9:
            raise self.make_error("invalid")
        return super()._validated(int(value))


class Flag(fields.Boolean):
    """true or false (in a query also 1 and 0)."""

    truthy = {True, "true", "1"}
    falsy = {False, "false", "0"}


class Instant(fields.AwareDateTime):
    """An instant: read as RFC 3339 with an offset, written in UTC as 2026-11-23T09:00:00Z."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type="datetime")
        read = super()._deserialize(value, attr, data, **kwargs)
        try:
            return read.astimezone(UTC)
        except OverflowError as beyond:
            raise self.make_error("invalid", input=value, obj_type="datetime") from beyond


class Anything(fields.Raw):
    """JSON of any shape that the database can hold."""

    default_error_messages = {"invalid": "invalid"}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not is_storable(value):
            raise self.make_error("invalid")
        return value


class MoneyShape(Schema):
    """An exact amount: {"amount": "123.45", "currency": "EUR"}."""

    amount = TextField(required=True, longest=20, metadata={"example": "123.45"})
    currency = TextField(required=True, longest=3, metadata={"example": "EUR"})

    @pre_dump
    def write(self, money: Money, **_: Any) -> dict[str, str]:
        """From the value."""
        return money.to_api()

    @post_load
    def read(self, data: dict[str, str], **_: Any) -> Money:
        """To the value; one of the codes of InvalidMoney otherwise."""
        try:
            return Money.from_api(data)
        except InvalidMoney as wrong:
            raise ValidationError(wrong.code, "currency" if wrong.code == "money_currency" else "amount") from wrong


def one_of(codes: Collection[str], **kwargs: Any) -> fields.String:
    """One of these codes."""
    return fields.String(validate=validate.OneOf(tuple(codes), error="unknown"), **kwargs)


def currency(**kwargs: Any) -> TextField:
    """An ISO 4217 code."""

    def check(code: str) -> None:
        if code not in _CURRENCIES:
            raise ValidationError("unknown")

    field = TextField(longest=3, metadata={"example": "EUR"}, **kwargs)
    field.validators.append(check)
    return field
