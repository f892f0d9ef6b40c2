"""Validates and normalizes the billing data of a client before they are stored.

RD 1619/2012 art. 6 requires the tax number and the address of the recipient. Missing data may be added later: only
issuing an invoice requires them (billing/parties.py). Data that are given must be valid.
"""

import re
from collections.abc import Mapping
from typing import Any

from babel import Locale
from stdnum.es import nif
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError

from msp.clients.tax_regime import (
    EU,
    TAX_REGIMES,
    ClientRegime,
    Undecided,
    regime_between,
    vat_prefix,
)
from msp.kernel.db import Json
from msp.kernel.issuer import read_issuer
from msp.kernel.storable import is_storable

Faults = dict[str, list[str]]
FIELDS = ("tax_id", "tax_regime", "billing_address", "billing_email", "payment_days")
ADDRESS = ("line1", "line2", "postcode", "city", "province", "country")
MOST_PAYMENT_DAYS = 365
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LONGEST_EMAIL, LONGEST_LINE, LONGEST_TAX_ID = 254, 10_000, 40
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_GROUPS = frozenset(("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"))  # CLDR territories that are not countries


def tidy(given: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[Json, Faults]:
    """The normalized billing data in `given`, and the faults by field.

    `before` are the stored ones. An existing tax number is not checked again unless the country changes. Without a
    `tax_regime` a new client (`before` is empty) gets the one that follows from both parties' data.
    """
    values: Json = {name: given[name] for name in FIELDS if name in given}
    faults: Faults = {}
    if "billing_address" in values:
        values["billing_address"] = _address(values["billing_address"], faults)
    _check_rest(values, faults)
    whole = {**before, **values}
    country = _country(whole)
    is_new = whole.get("tax_id") != before.get("tax_id") or country != _country(before)
    if is_new and not faults:
        tax_id, code = check_tax_id(whole.get("tax_id"), country=country)
        if code:
            faults["tax_id"] = [code]
        else:
            values["tax_id"] = whole["tax_id"] = tax_id
    if not faults:
        _decide(values, whole, before, faults)
    return values, faults


def check_tax_id(typed: object, *, country: str | None) -> tuple[str | None, str | None]:
    """A tax number in compact form, and the code of its fault.

    `country` is that of the address; without one it may be a Spanish number or a VAT number with prefix.
    """
    if typed is None or (isinstance(typed, str) and not typed.strip()):
        return None, None
    if not isinstance(typed, str) or len(typed) > LONGEST_TAX_ID or _CONTROL.search(typed) or not is_storable(typed):
        return None, "invalid"
    if country is None:
        compact = _alphanumeric(typed)
        country = next((each for each in EU if compact.startswith(vat_prefix(each))), "ES")
        if country != "ES" and nif.is_valid(compact):
            country = "ES"
    if country == "ES":
        return _spanish(typed)
    return _of_the_union(typed, country) if country in EU else (typed.strip(), None)


def _spanish(typed: str) -> tuple[str | None, str | None]:
    try:
        number = str(nif.validate(typed))
    except InvalidChecksum:
        return None, "nif_check"
    except ValidationError:
        return None, "nif_shape"
    return (number, None) if number.isascii() else (None, "nif_shape")


def _of_the_union(typed: str, country: str) -> tuple[str | None, str | None]:
    compact, prefix = _alphanumeric(typed), vat_prefix(country)
    try:
        number = str(vat.validate(compact if compact[:2].isalpha() else prefix + compact))
    except ValidationError:
        return None, "vat_shape"
    return (number, None) if number.startswith(prefix) and number.isascii() else (None, "vat_shape")


def _alphanumeric(typed: str) -> str:
    return "".join(each for each in typed.upper() if each.isalnum())


def _address(given: object, faults: Faults) -> object:
    """The address, trimmed, without empty parts."""
    if not isinstance(given, Mapping):
        faults["billing_address"] = ["invalid"]
        return given
    address: Json = {}
    for name, value in given.items():
        if name not in ADDRESS:
            faults[f"billing_address.{name}"] = ["unknown_field"]
        elif not isinstance(value, str) or len(value) > LONGEST_LINE or not is_storable(value):
            faults[f"billing_address.{name}"] = ["invalid"]
        elif value.strip():
            address[name] = value.strip()
    if country := address.get("country"):
        address["country"] = country.upper()
        if not is_country(address["country"]):
            faults["billing_address.country"] = ["invalid"]
    return address


def is_country(code: str) -> bool:
    """Whether it is the ISO 3166 code of a country."""
    return len(code) == 2 and code.isascii() and code.isalpha() and code in Locale("en").territories.keys() - _GROUPS


def _check_rest(values: Json, faults: Faults) -> None:
    email, days = values.get("billing_email"), values.get("payment_days", 0)
    if email is not None and not (isinstance(email, str) and len(email) <= LONGEST_EMAIL and EMAIL.fullmatch(email)):
        faults["billing_email"] = ["email_shape"]
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= MOST_PAYMENT_DAYS:
        faults["payment_days"] = ["invalid"]
    if values.get("tax_regime", "national") not in TAX_REGIMES:
        faults["tax_regime"] = ["invalid"]


def _country(data: Mapping[str, Any]) -> str | None:
    address = data.get("billing_address")
    found = address.get("country") if isinstance(address, Mapping) else None
    return found if isinstance(found, str) and found else None


def _decide(values: Json, whole: Json, before: Mapping[str, Any], faults: Faults) -> None:
    """Use the regime that follows from the parties' data, or refuse one that contradicts them."""
    if before and all(whole.get(name) == before.get(name) for name in FIELDS[:3]):
        return
    given = decided_regime(whole)
    if "tax_regime" not in values and not before:
        values["tax_regime"] = given or "national"
    elif given is not None and whole.get("tax_regime") != given:
        faults["tax_regime"] = ["contradicts_parties"]


def decided_regime(data: Mapping[str, Any]) -> ClientRegime | None:
    """The regime from the provider's and a client's data; None if they do not decide it."""
    address = data.get("billing_address")
    try:
        return regime_between(
            read_issuer(), address=address if isinstance(address, dict) else {}, tax_id=data.get("tax_id")
        )
    except Undecided:
        return None
