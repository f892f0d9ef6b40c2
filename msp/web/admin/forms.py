"""From what people type into forms to values, and from codes back to sentences beside the field."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from babel.numbers import get_decimal_symbol, get_group_symbol
from flask_babel import get_locale, gettext
from werkzeug.datastructures import MultiDict

from msp.kernel.money import plain
from msp.web.errors import field_errors
from msp.web.sharing import refuse_restricted

__all__ = ["Errors", "Form", "day", "decimal", "identity", "refuse_restricted", "told", "whole", "written"]

Value = TypeVar("Value")
Errors = dict[str, list[str]]
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


@dataclass(slots=True)
class Form:
    """What was posted, and what of it could not be read: `errors` holds codes by the posted name."""

    posted: "MultiDict[str, str]"
    errors: Errors = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What was typed, without the spaces around it."""
        return self.posted.get(name, "").strip()

    def text_or_none(self, name: str) -> str | None:
        """What was typed, or None where nothing was."""
        return self.text(name) or None

    def read(self, name: str, reader: Callable[[str], Value], *, is_required: bool = False) -> Value | None:
        """The value that `reader` makes of it; a ValueError is kept as `invalid`, an empty field gives None."""
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
        """Note what is wrong with a field."""
        self.errors.setdefault(name, []).append(code)


def whole(text: str) -> int:
    """A whole number that is not negative."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def decimal(text: str) -> str:
    """A number as people write it in the reader's language, as a plain decimal string: "1.500,5" is "1500.5" in es."""
    locale = get_locale() or "es"
    group, point = re.escape(get_group_symbol(locale)), re.escape(get_decimal_symbol(locale))
    tight = re.sub(r"[\s€$£]|[A-Z]{3}$", "", text)
    if re.fullmatch(rf"\d{{1,3}}({group}\d{{3}})+({point}\d{{1,4}})?", tight):
        tight = re.sub(group, "", tight)
    if not re.fullmatch(r"\d{1,12}([.,]\d{1,4})?", tight, re.ASCII):
        raise ValueError(text)
    return plain(Decimal(tight.replace(",", ".")))


def written(value: object, *, least: int = 0) -> str:
    """A stored decimal string as the reader writes it, without grouping; empty for None."""
    if value is None or value == "":
        return ""
    return plain(Decimal(str(value)), least=least).replace(".", get_decimal_symbol(get_locale() or "es"))


def day(text: str) -> date:
    """A day, as 2026-12-25 or 25/12/2026."""
    if found := _DAY.fullmatch(text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return date.fromisoformat(text)


def identity(text: str) -> UUID:
    """The id of a row."""
    return UUID(text)


def told(errors: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """A sentence for each code, the administration's own ones included."""
    own = {
        "nif_shape": gettext("A NIF has nine characters, such as B12345674 or 12345678Z."),
        "nif_check": gettext("The control character does not match: two characters may have changed places."),
        "vat_shape": gettext("That is no valid VAT number of that country."),
        "code_shape": gettext("Two to eight capital letters and digits, beginning with a letter."),
        "code_in_use": gettext("Another client has that code."),
        "domain_shape": gettext("One a line, such as company.example."),
        "postcode_shape": gettext("A Spanish postcode has five digits, such as 28001."),
        "contradicts_parties": gettext(
            "That does not fit the addresses and the tax numbers of both parties, which decide the tax."
        ),
        "email_shape": gettext("An address looks like name@company.example."),
        "email_in_use": gettext("That address belongs to somebody already."),
        "role_of_others": gettext("That role is not for people of this company."),
        "yourself": gettext("You cannot take this away from yourself; ask another administrator."),
        "milestone_shape": gettext("Write name; day; amount, one a line."),
        "target_order": gettext("Whole minutes, and the answer no later than the solution."),
        "number_shape": gettext("A number, such as %(example)s.", example=written("75.50", least=2)),
        "window_shape": gettext("Write 9:00-14:00, 16:00-19:00, without overlaps."),
        "line_shape": gettext("Cannot be read: check day and hours of each line."),
        "connection_in_use": gettext("That workspace belongs to another client."),
        "iban": gettext("That IBAN does not add up."),
        "url_shape": gettext("An address of the web, such as https://hooks.company.example/escalations."),
        "not_on_call": gettext("Only active technicians, leads and administrators can be on call."),
        "beyond_person": gettext("This person’s role does not reach that far."),
        "email_of_several": gettext("People of several companies have that address."),
        "no_holidays": gettext("No holidays are known for that place."),
    }
    return {
        name: [own[code] if code in own else field_errors({name: [code]})[name][0] for code in codes]
        for name, codes in errors.items()
        if codes
    }
