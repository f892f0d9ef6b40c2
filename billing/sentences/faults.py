"""Sentences for faults in a client's data, and what to do about them."""

from collections.abc import Callable, Mapping

from flask_babel import gettext

from billing.sentences.figures import Params


def _contract(p: Params) -> str:
    if p["terms"]:
        return gettext(
            "The contract “%(contract)s” has terms that cannot be calculated (%(terms)s): correct them and recalculate",
            contract=p["contract"],
            terms="; ".join(p["terms"]),
        )
    return gettext(
        "The contract “%(contract)s” cannot be calculated: check its prices, multipliers and dates, and recalculate",
        contract=p["contract"],
    )


SAID: Mapping[str, Callable[[Params], str]] = {
    "draft.not_recalculated": lambda p: gettext("The last calculation failed: these amounts are out of date"),
    "fault.client": lambda p: gettext(
        "The client's data is not valid: check its time zone, language and tax treatment, and recalculate"
    ),
    "fault.contract": _contract,
    "fault.amounts": lambda p: gettext(
        "The amounts are too large to be calculated or stored: check prices, multipliers and quantities"
    ),
    "fault.draft": lambda p: gettext(
        "There is an unexpected error in this client's data. The log has the details; other clients are not affected"
    ),
    "fault.record": lambda p: gettext(
        "The invoice record cannot be created: check the tax IDs of both parties and the issuer's settings"
    ),
    "fault.document": lambda p: gettext(
        "The PDF cannot be created: check the names, addresses, language and time zone of both parties"
    ),
}
