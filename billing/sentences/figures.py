"""Amounts, dates and names inside sentences, formatted for the reader."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from flask_babel import gettext

from msp.kernel.money import display_price
from msp.words import formats
from msp.words.vocabulary import word

Params = dict[str, Any]


def money(amount: str, currency: str) -> str:
    """An amount given as text, with its currency."""
    return display_price(Decimal(amount), currency, locale=formats.reader_locale())


def day(text: str) -> str:
    """A day given as ISO 8601: `28 Oct`."""
    return formats.day(date.fromisoformat(text))


def month(text: str) -> str:
    """A month given as `2026-10`, or any day of it, in words: `October 2026`."""
    on = date.fromisoformat(f"{text[:7]}-01")
    return str(format_date(on, "LLLL y", locale=formats.reader_locale()))


def days(first: str, last: str) -> str:
    """A range of days: the month's name if it is a whole month."""
    begun, ended = date.fromisoformat(first), date.fromisoformat(last)
    if begun.day == 1 and _is_last_of_month(ended) and (begun.year, begun.month) == (ended.year, ended.month):
        return month(first)
    return gettext("%(first)s to %(last)s", first=formats.day(begun), last=formats.day(ended, year=True))


def _is_last_of_month(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).month != day.month


def time_of_day(text: str) -> str:
    """The time of day of an RFC 3339 instant in the reader's zone."""
    return formats.time_of_day(datetime.fromisoformat(text))


def minutes(value: int) -> str:
    """Whole minutes: `3 h`, `1 h 45 min`."""
    return formats.minutes(value)


def size(unit: str, amount: int | str) -> str:
    """A block's size: minutes or money."""
    return minutes(int(amount)) if unit == "minutes" else formats.number(Decimal(amount))


def factor(text: str) -> str:
    """A factor with the multiplication sign: `×1.5`."""
    return f"×{formats.number(Decimal(text))}"


def percent(text: object) -> str:
    """A percentage given as 10 for 10 %."""
    return formats.percent(Decimal(str(text)) / 100)


def words(codes: Iterable[str], of: str) -> str:
    """Several words of a vocabulary, joined."""
    return ", ".join(word(code, of) for code in codes)


def block(name: str, unit: str) -> str:
    """A block's name: that of its month, or of the only one."""
    is_money, name = unit == "money", name.rpartition("/")[2]
    if name == "once":
        return gettext("the retainer") if is_money else gettext("the block of hours")
    if is_money:
        return gettext("the retainer of %(month)s", month=month(name))
    return gettext("the block of hours of %(month)s", month=month(name))


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def with_clause(text: str, params: Params) -> str:
    """The text with the contract's number for the rule, if any."""
    if not params.get("clause"):
        return text
    return gettext("%(text)s (clause %(clause)s)", text=text, clause=params["clause"])
