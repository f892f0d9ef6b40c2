"""Money: exact minor units with a currency, and one rounding rule, half away from zero.

Decimal, Babel and most libraries round half to even by default, which is a cent off on real invoices; all rounding of
money uses `half_up`. No floats.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from babel.numbers import format_currency

Exact: TypeAlias = int | Decimal | Fraction

# ISO 4217 currencies whose minor unit is not a hundredth
_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_CODE = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,4}))?")
_PRICE_DIGITS = 4
_LIMIT = 2**63  # maximum of bigint


class InvalidMoney(ValueError):
    """Not an amount of money: money_format, money_decimals, money_currency, money_mixed or money_size."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: whole minor units (cents for EUR) of an ISO 4217 currency."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError("money is counted in whole minor units")
        if abs(self.amount) >= _LIMIT:
            raise InvalidMoney("money_size")
        minor_digits(self.currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Zero in a currency."""
        return cls(0, currency)

    @classmethod
    def half_up(cls, value: Exact, currency: str) -> "Money":
        """The exact value in major units rounded once to the currency's minor unit, halves away from zero."""
        return cls(_half_up_units(value, minor_digits(currency)), currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Parse an API string such as "123.45"; raises InvalidMoney, also for more decimals than the currency has."""
        found = _AMOUNT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise InvalidMoney("money_format")
        sign, whole, part = found.groups(default="")
        digits = minor_digits(currency)
        if len(part) > digits:
            raise InvalidMoney("money_decimals")
        units = int(whole + part.ljust(digits, "0"))
        return cls(-units if sign else units, currency)

    @classmethod
    def from_api(cls, data: object) -> "Money":
        """Read `{"amount": "123.45", "currency": "EUR"}`; raises InvalidMoney."""
        if not isinstance(data, Mapping) or set(data) != {"amount", "currency"}:
            raise InvalidMoney("money_format")
        return cls.parse(data["amount"], data["currency"])

    def to_api(self) -> dict[str, str]:
        """The form used by the REST API."""
        return {"amount": str(self), "currency": self.currency}

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact, with the currency's number of decimals."""
        return Decimal(f"{self.amount}E-{minor_digits(self.currency)}")

    def times(self, factor: Exact) -> "Money":
        """The amount times an exact factor, rounded half up to the minor unit."""
        return Money(_half_up_units(Fraction(factor) * self.amount, 0), self.currency)

    def percent(self, rate: Exact) -> "Money":
        """A percentage of the amount (21 for 21 %), rounded half up to the minor unit."""
        return self.times(Fraction(rate) / 100)

    def __str__(self) -> str:
        """The API string: "123.45", always with the currency's decimals, "-0.00" never."""
        return f"{self.decimal:f}"

    def __bool__(self) -> bool:
        return self.amount != 0

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise InvalidMoney("money_mixed")
        return other.amount


def minor_digits(currency: str) -> int:
    """How many decimals a currency has (ISO 4217: EUR 2, JPY 0); raises InvalidMoney for an unknown form of code."""
    if not isinstance(currency, str) or not _CODE.fullmatch(currency):
        raise InvalidMoney("money_currency")
    return _DIGITS.get(currency, 2)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, zero for none; raises InvalidMoney for mixed currencies."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result


def half_up(value: Exact, digits: int) -> Decimal:
    """The exact value rounded to so many decimals, half away from zero: half_up(Decimal("-0.125"), 2) is -0.13."""
    return Decimal(f"{_half_up_units(value, digits)}E-{digits}")


def plain(value: Decimal, *, least: int = 0) -> str:
    """A Decimal as text without exponent or trailing zeros, but with at least so many decimals: 2.5000 is "2.5"."""
    whole, _, part = f"{value:f}".partition(".")
    text = whole if not (part := part.rstrip("0").ljust(least, "0")) else f"{whole}.{part}"
    return text[1:] if text.startswith("-") and not value else text


def display(money: Money, *, locale: str) -> str:
    """The amount formatted for a locale: `1.411,56 €` in es, `€1,411.56` in en."""
    return _shown(money.decimal, money.currency, locale)


def display_price(price: Decimal, currency: str, *, locale: str) -> str:
    """A unit price formatted for a locale: the currency's decimals, or up to four if the price needs them."""
    return _shown(half_up(price, _PRICE_DIGITS), currency, locale)


def _shown(amount: Decimal, currency: str, locale: str) -> str:
    # Already rounded; Babel would round half to even, so it must not quantize.
    shown = str(format_currency(amount, currency, locale=locale, decimal_quantization=False))
    return shown.replace("-", "\N{MINUS SIGN}")


def _half_up_units(value: Exact, digits: int) -> int:
    if isinstance(value, float):
        raise TypeError("money takes no float")
    exact = Fraction(value)
    scale: int = 10**digits
    units = (2 * abs(exact.numerator) * scale + exact.denominator) // (2 * exact.denominator)
    return -units if exact < 0 else units
