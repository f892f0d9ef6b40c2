"""Messages of billing's refusal codes (`msp.words.refusals`)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from billing.phrases import BLOCKING
from billing.sentences import sentence_or_code

Params = Any  # JSON object


def _of_draft(code: str) -> Callable[[Params], str]:
    return lambda params: f"{sentence_or_code({'code': code, 'params': params})}."


def _chain_broken(params: Params) -> str:
    return gettext(
        "The chain of invoice records was altered at %(number)s: nothing is issued until that is resolved."
        " “msp doctor” says what it found.",
        number=params.get("number") or params.get("position"),
    )


MESSAGES: dict[str, object] = {
    **{code.removeprefix("draft."): _of_draft(code) for code in BLOCKING},
    "chain_broken": _chain_broken,
    "currency_not_euro": _l("Only invoices in euros can be issued."),
    "data_fault": lambda params: sentence_or_code(params["reason"]),
    "draft_outdated": _l("The hours or the contract changed since this draft was made. Work it out again."),
    "invoice_credited": _l("All of it is credited already."),
    "invoice_held": _l("It is held back. Release it first."),
    "invoice_issued": _l("It is issued already."),
    "invoice_not_creditable": _l("Only an issued invoice can be corrected."),
    "invoice_not_payable": _l("Only an issued invoice can be paid."),
    "issue_date_before_last": _l("The last invoice of the series has a later date."),
    "more_than_due": _l("That is more than is owed, or than was received."),
    "not_noted_here": _l("It comes from Stripe and cannot be taken back here."),
    "provider_incomplete": _l("Your own legal data are not complete. An administrator adds them in settings."),
    "taken_back_already": _l("It was taken back already."),
}
