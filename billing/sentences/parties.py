"""Sentences for missing or contradictory data of the two parties, and what to do about it."""

from collections.abc import Callable, Mapping

from flask_babel import gettext

from billing.sentences.figures import Params


def regime_name(regime: str) -> str:
    """The name of a tax regime."""
    return {
        "national": gettext("Spanish IVA"),
        "igic": gettext("IGIC, both parties in the Canary Islands"),
        "canarias_b2b": gettext("company in the Canary Islands: no IVA"),
        "eu_b2b": gettext("company in the European Union: reverse charge"),
        "outside_eu": gettext("company outside the European Union: no IVA"),
    }.get(regime, regime)


def _part(name: str) -> str:
    return {
        "legal_name": gettext("legal name"),
        "tax_id": gettext("tax ID"),
        "address": gettext("address"),
        "line1": gettext("street and number"),
        "postcode": gettext("postcode"),
        "city": gettext("town"),
        "country": gettext("country"),
    }.get(name.removeprefix("address."), name)


def issuer_incomplete(p: Params) -> str:
    """Which legal data of the provider are missing (codes of `billing.issuing.missing_of_issuer`)."""
    return gettext(
        "Your company’s legal data is incomplete (%(parts)s). An administrator can complete it in settings.",
        parts=", ".join(map(_part, p["missing"])),
    )


def _undecided(p: Params) -> str:
    return {
        "tax_territory": gettext(
            "Sales between the territories of both addresses are not supported (from the Canary Islands outwards,"
            " Ceuta, Melilla, issuers abroad): invoice them outside this system"
        ),
        "tax_vat_number_missing": gettext(
            "A company in another country of the Union needs a VAT number of that country: add it to the client"
        ),
    }.get(p["why"], gettext("Sales to consumers there are not supported: invoice them outside this system"))


SAID: Mapping[str, Callable[[Params], str]] = {
    "draft.tax_id_missing": lambda p: gettext("The client's tax ID is missing"),
    "draft.tax_id_invalid": lambda p: gettext("The client's tax ID is not valid: correct it"),
    "draft.address_missing": lambda p: gettext(
        "The client's address is not complete (%(parts)s): complete it", parts=", ".join(map(_part, p["missing"]))
    ),
    "draft.tax_contradiction": lambda p: gettext(
        "The client is set to “%(stated)s”, but the addresses and tax IDs of both parties "
        "give “%(given)s”: correct the client",
        stated=regime_name(p["stated"]),
        given=regime_name(p["given"]),
    ),
    "draft.tax_undecided": _undecided,
}
