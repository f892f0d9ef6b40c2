"""Conversion of form text to values."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from babel.numbers import get_decimal_symbol, get_group_symbol
from flask_babel import get_locale
from werkzeug.datastructures import MultiDict

from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.kernel.errors import NotFound
from msp.kernel.money import plain
from msp.web.sharing import refuse_restricted

__all__ = ["Errors", "Form", "chosen_client", "day", "decimal", "identity", "refuse_restricted", "whole", "written"]

Value = TypeVar("Value")
Errors = dict[str, list[str]]
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


@dataclass(slots=True)
class Form:
    """Submitted values; `errors` holds error codes by field name."""

    posted: "MultiDict[str, str]"
    errors: Errors = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The submitted text without surrounding spaces."""
        return self.posted.get(name, "").strip()

    def text_or_none(self, name: str) -> str | None:
        """The submitted text, or None if empty."""
        return self.text(name) or None

    def read(self, name: str, reader: Callable[[str], Value], *, is_required: bool = False) -> Value | None:
        """The value returned by `reader`; a ValueError is recorded as `invalid`, an empty field gives None."""
        written = self.text(name)
        if not written:
            if is_required:
                self.fault(name, "required")
            return None
        try:
            return reader(written)
        except ValueError:
            self.fault(name, "invalid")
            return None

    def fault(self, name: str, code: str) -> None:
        """Record an error for a field."""
        self.errors.setdefault(name, []).append(code)


def chosen_client(form: Form, client_id: UUID | None) -> Client | None:
    """The selected client; None if none was selected, or if it is unknown, which is recorded as an error."""
    if client_id is None:
        return None
    try:
        return access_client(client_id)
    except NotFound:
        form.fault("client_id", "unknown")
        return None


def whole(text: str) -> int:
    """A non-negative integer."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def decimal(text: str) -> str:
    """A number in the reader's format as a plain decimal string: "1.500,5" is "1500.5" in es."""
    locale = get_locale() or "es"
    group, point = re.escape(get_group_symbol(locale)), re.escape(get_decimal_symbol(locale))
    tight = re.sub(r"[\s€$£]|[A-Z]{3}$", "", text)
    if re.fullmatch(rf"\d{{1,3}}({group}\d{{3}})+({point}\d{{1,4}})?", tight):
        tight = re.sub(group, "", tight)
    if not re.fullmatch(r"\d{1,12}([.,]\d{1,4})?", tight, re.ASCII):
        raise ValueError(text)
    return plain(Decimal(tight.replace(",", ".")))


def written(value: object, *, least: int = 0) -> str:
    """A stored decimal string in the reader's format, without grouping; empty for None."""
    if value is None or value == "":
        return ""
    return plain(Decimal(str(value)), least=least).replace(".", get_decimal_symbol(get_locale() or "es"))


def day(text: str) -> date:
    """A date written as 2026-12-25 or 25/12/2026."""
    if found := _DAY.fullmatch(text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return date.fromisoformat(text)


def identity(text: str) -> UUID:
    """The id of a row."""
    return UUID(text)
