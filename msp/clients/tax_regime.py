"""The tax regime of a client's invoices, decided from both parties' addresses and the client's tax number.

LIVA art. 3, 69 and 84; Ley 20/1991 art. 17. Unsupported cases need a person (`Undecided`). Not tax advice.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from stdnum.eu import vat

from msp.kernel.db import Json

ClientRegime: TypeAlias = Literal["national", "eu_b2b", "canarias_b2b", "igic", "outside_eu"]
Territory: TypeAlias = Literal["peninsula", "canarias", "ceuta", "melilla", "eu", "outside_eu"]
TAX_REGIMES: tuple[ClientRegime, ...] = ("national", "eu_b2b", "canarias_b2b", "igic", "outside_eu")

# EU countries by ISO 3166 code without Spain; Greece is GR here and EL in VAT numbers
_UNION = "AT BE BG CY CZ DE DK EE FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU: frozenset[str] = frozenset(_UNION.split())
_ISLANDS: dict[str, Territory] = {"35": "canarias", "38": "canarias", "51": "ceuta", "52": "melilla"}
_SPANISH_POSTCODE = re.compile(r"(0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}")


class Undecided(ValueError):
    """The tax of this sale needs a person's decision; `code` says which case it is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def territory(*, country: str, postal_code: str = "") -> Territory:
    """The tax territory of an address: LIVA art. 3 excludes the Canaries, Ceuta and Melilla from IVA."""
    if country == "ES":
        return _ISLANDS.get(postal_code.strip()[:2], "peninsula")
    return "eu" if country in EU else "outside_eu"


def decide(*, issuer: Territory, client: Territory, business: bool, vat_number: str | None = None) -> ClientRegime:
    """The regime of services from issuer to client.

    `business` says that the client acts as one; an EU business needs its VAT number (check it in VIES). Raises
    Undecided for unsupported cases: consumers elsewhere, Ceuta, Melilla, sales from the Canaries.
    """
    if issuer == client == "canarias":
        return "igic"
    if issuer != "peninsula" or client in ("ceuta", "melilla"):
        raise Undecided("tax_territory")
    if client == "peninsula":
        return "national"
    if not business:
        raise Undecided("tax_consumer_elsewhere")
    if client == "eu":
        if not vat_number:
            raise Undecided("tax_vat_number_missing")
        return "eu_b2b"
    return "canarias_b2b" if client == "canarias" else "outside_eu"


def regime_between(issuer: Mapping[str, Any], *, address: Json, tax_id: str | None) -> ClientRegime | None:
    """The regime that follows from both parties' data; None if an address or the tax number is incomplete.

    `issuer` is the provider's data with its `address`. Raises Undecided as `decide` does.
    """
    here, there = _place(issuer.get("address")), _place(address)
    if here is None or there is None or not tax_id:
        return None
    number = tax_id if is_vat_number_of(address["country"], tax_id) else None
    return decide(issuer=here, client=there, business=True, vat_number=number)


def vat_prefix(country: str) -> str:
    """The prefix of a country's VAT numbers."""
    return "EL" if country == "GR" else country


def is_vat_number_of(country: str, tax_id: str) -> bool:
    """Whether a tax number is a valid VAT number of that member state, with its prefix."""
    return country in EU and tax_id.startswith(vat_prefix(country)) and bool(vat.is_valid(tax_id))


def spanish_postcode(text: str) -> str | None:
    """The five digits of a Spanish postcode; None if it is not one.

    The first two are the province, which decides the tax territory.
    """
    digits = "".join(each for each in text if each.isascii() and each.isdigit())
    return digits if _SPANISH_POSTCODE.fullmatch(digits) else None


def _place(address: object) -> Territory | None:
    """The territory of an address; None if it is incomplete."""
    if not isinstance(address, dict):
        return None
    country, postcode = address.get("country"), address.get("postcode") or ""
    if not isinstance(country, str) or not isinstance(postcode, str) or not country:
        return None
    if country != "ES":
        return territory(country=country)
    digits = spanish_postcode(postcode)
    return territory(country=country, postal_code=digits) if digits else None
