"""Money: exactness, one rounding, strict parsing and display by locale."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.kernel.money import InvalidMoney, Money, display, display_price, half_up, minor_digits, plain, total

pytestmark = pytest.mark.unit

CENTS = st.integers(-(10**12), 10**12)
DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, places=5, min_value=Decimal(-(10**9)), max_value=Decimal(10**9)
)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        ("0.125", 2, "0.13"),
        ("-0.125", 2, "-0.13"),
        ("232.505", 2, "232.51"),
        ("1.005", 2, "1.01"),
        ("0.5", 0, "1"),
        ("-0.004", 2, "0.00"),
        ("2.4999999999999999999999999999999", 0, "2"),
    ],
)
def test_halves_go_away_from_zero(value: str, digits: int, rounded: str) -> None:
    assert half_up(Decimal(value), digits) == Decimal(rounded)


@given(DECIMALS, st.integers(0, 4))
def test_half_up_is_the_named_decimal_mode(value: Decimal, digits: int) -> None:
    assert half_up(value, digits) == value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def test_a_third_is_exact_until_it_is_rounded() -> None:
    assert Money.half_up(Fraction(140 * 80, 60), "EUR") == Money(18667, "EUR")
    assert Money(10000, "EUR").times(Fraction(1, 3)).times(3) == Money(9999, "EUR")


def test_floats_are_refused() -> None:
    number: Any = 1.1
    with pytest.raises(TypeError):
        Money.half_up(number, "EUR")
    with pytest.raises(TypeError):
        Money(number, "EUR")


@given(CENTS, st.sampled_from(["EUR", "JPY", "BHD", "MXN"]))
def test_api_text_comes_back_the_same(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.from_api(money.to_api()) == money
    assert len(str(money).partition(".")[2]) == minor_digits(currency)


@pytest.mark.parametrize(
    ("text", "amount"), [("123.45", 12345), ("123", 12300), ("123.4", 12340), ("-0.05", -5), ("-0.00", 0), ("007", 700)]
)
def test_reads_amounts(text: str, amount: int) -> None:
    assert Money.parse(text, "EUR") == Money(amount, "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("", "EUR", "money_format"),
        (" 1", "EUR", "money_format"),
        ("1\n", "EUR", "money_format"),
        ("1,50", "EUR", "money_format"),
        ("1.", "EUR", "money_format"),
        (".5", "EUR", "money_format"),
        ("1e3", "EUR", "money_format"),
        ("+1", "EUR", "money_format"),
        ("NaN", "EUR", "money_format"),
        ("١٢", "EUR", "money_format"),
        ("9" * 5000, "EUR", "money_format"),
        (12, "EUR", "money_format"),
        ("1.005", "EUR", "money_decimals"),
        ("1.5", "JPY", "money_decimals"),
        ("1", "eur", "money_currency"),
        ("1", "EURO", "money_currency"),
        ("1", None, "money_currency"),
    ],
)
def test_refuses_what_is_no_amount(text: Any, currency: Any, code: str) -> None:
    with pytest.raises(InvalidMoney) as refused:
        Money.parse(text, currency)
    assert refused.value.code == code


@pytest.mark.parametrize("data", [None, "1", [], {}, {"amount": "1"}, {"amount": "1", "currency": "EUR", "x": 1}])
def test_refuses_what_is_no_money_object(data: Any) -> None:
    with pytest.raises(InvalidMoney):
        Money.from_api(data)


def test_currencies_do_not_mix() -> None:
    euro, dollar = Money(1, "EUR"), Money(1, "USD")
    for mixed in (lambda: euro + dollar, lambda: euro - dollar, lambda: euro < dollar, lambda: total([dollar], "EUR")):
        with pytest.raises(InvalidMoney):
            mixed()
    assert euro != dollar


def test_amounts_fit_the_database() -> None:
    with pytest.raises(InvalidMoney):
        Money(2**63, "EUR")


def test_orders_and_adds() -> None:
    two, three = Money(200, "EUR"), Money(300, "EUR")
    assert two < three <= three and three > two >= two
    assert total([two, three, -two], "EUR") == three
    assert total([], "EUR") == Money.zero("EUR")
    assert not Money.zero("EUR") and two


def test_percentages_round_once() -> None:
    assert Money(18750, "EUR").percent(21) == Money(3938, "EUR")
    assert Money(23250, "EUR").percent(Decimal("21")) == Money(4883, "EUR")


@pytest.mark.parametrize(
    ("value", "least", "text"),
    [("2.5000", 0, "2.5"), ("1E+1", 0, "10"), ("85", 2, "85.00"), ("128.325", 2, "128.325"), ("-0.00", 2, "0.00")],
)
def test_plain_text(value: str, least: int, text: str) -> None:
    assert plain(Decimal(value), least=least) == text


@pytest.mark.parametrize(
    ("money", "es", "en"),
    [
        (Money(141156, "EUR"), "1.411,56\xa0€", "€1,411.56"),
        (Money(-2133, "EUR"), "−21,33\xa0€", "−€21.33"),
        (Money(5, "JPY"), "5\xa0JPY", "¥5"),
    ],
)
def test_people_read_it_in_their_locale(money: Money, es: str, en: str) -> None:
    assert display(money, locale="es") == es
    assert display(money, locale="en") == en


def test_unit_prices_show_what_they_need() -> None:
    assert display_price(Decimal("85"), "EUR", locale="es") == "85,00\xa0€"
    assert display_price(Decimal("128.325"), "EUR", locale="en") == "€128.325"
    assert display_price(Decimal("0.12345"), "EUR", locale="en") == "€0.1235"
