"""Checks both parties of an invoice against the law, and derives the tax treatment from their data.

RD 1619/2012 art. 6.1.c to e: names, tax numbers and addresses of both. A draft lists what is missing or contradictory
and cannot be issued until it is corrected.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from billing.phrases import remark
from billing.tax import Regime
from billing.terms import regime_of
from msp.clients.billing_data import check_tax_id
from msp.clients.models import Client
from msp.clients.tax_regime import Undecided, regime_between
from msp.kernel.db import Json
from msp.kernel.errors import Conflict

NEEDED_OF_ADDRESS = ("line1", "postcode", "city", "country")


class Treatment(NamedTuple):
    """The tax regime to calculate with, and what must be corrected before issuing."""

    regime: Regime
    problems: tuple[Json, ...]


def treatment(client: Client, issuer: Mapping[str, Any]) -> Treatment:
    """The tax treatment of a client's invoices: from both parties' data, else from the client's setting.

    Raises KeyError for a client with an unknown stored regime.
    """
    stated = regime_of(client.tax_regime)
    missing = list(identity_problems(client))
    try:
        given = regime_between(issuer, address=address_of(client.billing_address) or {}, tax_id=client.tax_id)
    except Undecided as undecided:
        return Treatment(stated, (*missing, remark("draft.tax_undecided", why=undecided.code)))
    if given is None or given == client.tax_regime:
        return Treatment(stated, tuple(missing))
    contradiction = remark("draft.tax_contradiction", stated=client.tax_regime, given=given)
    return Treatment(regime_of(given), (*missing, contradiction))


def identity_problems(client: Client) -> Iterator[Json]:
    """Warnings for a missing or invalid tax number or address of the client."""
    address = address_of(client.billing_address)
    if not client.tax_id:
        yield remark("draft.tax_id_missing")
    elif check_tax_id(client.tax_id, country=(address or {}).get("country"))[1]:
        yield remark("draft.tax_id_invalid")
    if address is not None and (missing := missing_of_address(address)):
        yield remark("draft.address_missing", missing=missing)


def require_identity(client: Client) -> None:
    """Raise Conflict if the client's identity is incomplete: `tax_id_missing`, `address_missing` …"""
    for problem in identity_problems(client):
        raise Conflict(problem["code"].removeprefix("draft."), **problem["params"])


def require_treatment(client: Client, issuer: Mapping[str, Any]) -> None:
    """Raise Conflict if the tax treatment contradicts the parties' data or needs a person's decision."""
    for problem in treatment(client, issuer).problems:
        raise Conflict(problem["code"].removeprefix("draft."), **problem["params"])


def missing_of_address(address: Mapping[str, Any]) -> list[str]:
    """The required parts of an address that are empty."""
    return [name for name in NEEDED_OF_ADDRESS if not str(address.get(name) or "").strip()]


def address_of(stored: object) -> Json | None:
    """The stored address; None if it has a shape that cannot be printed, which is reported as its own fault."""
    return stored if isinstance(stored, dict) else None
