"""Messages of billing's refusal codes (`msp.words.refusals`)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from billing.phrases import BLOCKING
from billing.sentences import sentence_or_code
from billing.sentences.parties import issuer_incomplete

Params = Any  # JSON object


def _of_draft(code: str) -> Callable[[Params], str]:
    return lambda params: f"{sentence_or_code({'code': code, 'params': params})}."


def _chain_broken(params: Params) -> str:
    return gettext(
        "The chain of invoice records was altered at %(number)s: invoices cannot be issued "
        "until this is resolved. Run “msp doctor” for details.",
        number=params.get("number") or params.get("position"),
    )


MESSAGES: dict[str, object] = {
    **{code.removeprefix("draft."): _of_draft(code) for code in BLOCKING},
    "chain_broken": _chain_broken,
    "currency_not_euro": _l("Only invoices in euros can be issued."),
    "data_fault": lambda params: sentence_or_code(params["reason"]),
    "draft_outdated": _l("Time entries or the contract changed after this draft was generated. Recalculate it."),
    "invoice_credited": _l("Already fully credited."),
    "invoice_held": _l("The invoice is held. Release it first."),
    "invoice_issued": _l("Already issued."),
    "invoice_not_creditable": _l("Only an issued invoice can be corrected."),
    "invoice_not_payable": _l("Only issued invoices can be paid."),
    "issue_date_before_last": _l("The last invoice of the series has a later date."),
    "more_than_due": _l("More than the amount due or received."),
    "not_noted_here": _l("Recorded by Stripe; cannot be cancelled here."),
    "provider_incomplete": issuer_incomplete,
    "taken_back_already": _l("Already cancelled."),
}
