"""Tax: the regime of a sale, its rate on a date, totals rounded once per treatment, and the last legal invoice date."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.tax import (
    IVA,
    Taxed,
    invoice_by,
    mentions,
    rate_on,
    regime,
    settle,
    small_invoice,
    tax_for,
    withholding_rate,
)
from msp.clients.tax_regime import Undecided, territory
from msp.kernel.money import InvalidMoney, Money

pytestmark = pytest.mark.unit

DAY = date(2026, 11, 22)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("country", "postal_code", "found"),
    [
        ("ES", "28013", "peninsula"),
        ("ES", "07001", "peninsula"),
        ("ES", "35001", "canarias"),
        ("ES", " 38001", "canarias"),
        ("ES", "51001", "ceuta"),
        ("ES", "52001", "melilla"),
        ("ES", "", "peninsula"),
        ("DE", "35037", "eu"),
        ("GR", "", "eu"),
        ("GB", "EC1A", "outside_eu"),
        ("MX", "", "outside_eu"),
    ],
)
def test_territory_of_an_address(country: str, postal_code: str, found: str) -> None:
    assert territory(country=country, postal_code=postal_code) == found


@pytest.mark.parametrize(
    ("issuer", "client", "business", "vat", "found"),
    [
        ("peninsula", "peninsula", True, None, "national"),
        ("peninsula", "peninsula", False, None, "national"),
        ("peninsula", "canarias", True, None, "canarias_b2b"),
        ("peninsula", "eu", True, "DE136695976", "eu_b2b"),
        ("peninsula", "outside_eu", True, None, "outside_eu_b2b"),
        ("canarias", "canarias", False, None, "igic"),
    ],
)
def test_regime_of_a_sale(issuer: Any, client: Any, business: bool, vat: str | None, found: str) -> None:
    assert regime(issuer=issuer, client=client, business=business, vat_number=vat) == found


@pytest.mark.parametrize(
    ("issuer", "client", "business", "code"),
    [
        ("peninsula", "eu", True, "tax_vat_number_missing"),
        ("peninsula", "eu", False, "tax_consumer_elsewhere"),
        ("peninsula", "canarias", False, "tax_consumer_elsewhere"),
        ("peninsula", "melilla", True, "tax_territory"),
        ("canarias", "peninsula", True, "tax_territory"),
    ],
)
def test_what_a_person_must_decide(issuer: Any, client: Any, business: bool, code: str) -> None:
    with pytest.raises(Undecided) as refused:
        regime(issuer=issuer, client=client, business=business)
    assert refused.value.code == code


def test_codes_for_the_record() -> None:
    found: dict[str, tuple[object, ...]] = {
        name: (tax.impuesto, tax.operation, tax.scheme, tax.category, int(tax.rate), tax.mention)
        for name, tax in {
            "national": tax_for("national", on=DAY),
            "exempt": tax_for("national", on=DAY, exempt=True),
            "igic": tax_for("igic", on=DAY),
            "eu": tax_for("eu_b2b", on=DAY),
            "canarias": tax_for("canarias_b2b", on=DAY),
            "outside": tax_for("outside_eu_b2b", on=DAY, exempt=True),
        }.items()
    }
    assert found == {
        "national": ("01", "S1", "01", "S", 21, None),
        "exempt": ("01", "E1", "01", "E", 0, "exempt_iva_art_20"),
        "igic": ("03", "S1", "01", "S", 7, None),
        "eu": ("01", "N2", "01", "AE", 0, "reverse_charge_eu"),
        "canarias": ("01", "N2", "08", "O", 0, "not_subject_canarias"),
        "outside": ("01", "N2", "01", "O", 0, "not_subject_outside_eu"),
    }


def test_rates_are_dated() -> None:
    assert rate_on(IVA, date(2012, 9, 1)) == 21
    with pytest.raises(ValueError, match="2012-08-31"):
        rate_on(IVA, date(2012, 8, 31))


def test_withholding_is_for_professionals() -> None:
    assert withholding_rate("none", on=DAY) == 0
    assert withholding_rate("professional", on=DAY) == 15
    assert withholding_rate("professional_start", on=DAY) == 7


def test_sums_are_rounded_once_for_each_treatment() -> None:
    usual, exempt = tax_for("national", on=DAY), tax_for("national", on=DAY, exempt=True)
    lines = [Taxed(euros("10.02"), usual), Taxed(euros("5.00"), exempt), Taxed(euros("10.02"), usual)]
    totals = settle([*lines, Taxed(euros("10.02"), usual)], currency="EUR", withholding=Decimal(15))
    assert [(str(row.base), str(row.amount)) for row in totals.taxes] == [("30.06", "6.31"), ("5.00", "0.00")]
    assert (str(totals.total), str(totals.withholding), str(totals.payable)) == ("41.37", "5.26", "36.11")
    assert mentions(row.tax for row in totals.taxes) == ("exempt_iva_art_20",)


def test_sums_refuse_another_currency() -> None:
    with pytest.raises(InvalidMoney):
        settle([Taxed(Money(1, "USD"), tax_for("national", on=DAY))], currency="EUR")


@pytest.mark.parametrize(
    ("operation", "last"),
    [
        (date(2026, 11, 1), date(2026, 12, 15)),
        (date(2026, 11, 30), date(2026, 12, 15)),
        (date(2026, 12, 31), date(2027, 1, 15)),
    ],
)
def test_the_last_day_to_invoice(operation: date, last: date) -> None:
    assert invoice_by(operation) == last


@pytest.mark.parametrize(
    ("net", "next_run", "issued"),
    [
        ("29.99", None, False),
        ("30.00", None, True),
        ("29.99", date(2026, 12, 15), False),
        ("29.99", date(2026, 12, 16), True),
    ],
)
def test_a_small_invoice_waits_only_within_the_legal_term(net: str, next_run: date | None, issued: bool) -> None:
    small = small_invoice(euros(net), minimum=euros("30.00"), first_operation=DAY, next_run=next_run)
    assert small.issued is issued
    assert small.carried == (euros("0.00") if issued else euros(net))
