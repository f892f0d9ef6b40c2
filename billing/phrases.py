"""Codes and parameters of billing's own remarks on drafts and on what is left out.

`billing.sentences` turns them, and those of rating, into sentences. Parameters are JSON values as in
`billing.rating.messages`.
"""

from collections.abc import Mapping
from datetime import date

from msp.kernel.db import Json
from msp.kernel.money import Money

OWN_CODES: Mapping[str, frozenset[str]] = {
    code: frozenset(names.split())
    for code, names in {
        "draft.tax_id_missing": "",
        "draft.tax_id_invalid": "",
        "draft.address_missing": "missing",
        "draft.tax_contradiction": "stated given",
        "draft.tax_undecided": "why",
        "draft.without_contract": "minutes entries",
        "draft.twice_before": "before currency",
        "draft.period_open": "last",
        "draft.fees_caught_up": "contract first last",
        "draft.fees_adjusted": "contract first last net currency",
        "draft.fees_before": "contract first last",
        "draft.fee_changes": "contract on",
        "draft.milestone_billed": "contract name due_on billed_on",
        "draft.client_inactive": "",
        "draft.not_recalculated": "",
        # why something is on no draft
        "left_out.without_contract": "on",
        "left_out.on_other_draft": "first",
        "left_out.already_issued": "number first last",
        "left_out.overlaps_draft": "first last",
        "left_out.carried": "net minimum currency issue_by",
        "left_out.negative": "net currency",
        # defects in a client's data
        "fault.client": "",
        "fault.contract": "contract terms",
        "fault.amounts": "",
        "fault.draft": "",
        "fault.record": "",
        "fault.document": "",
    }.items()
}

# These block issuing: law or the amount of tax does not allow an invoice yet.
BLOCKING: frozenset[str] = frozenset(
    f"draft.{name}"
    for name in ("tax_id_missing", "tax_id_invalid", "address_missing", "tax_contradiction", "tax_undecided")
)

# These are informative: a draft with no other warning is ready.
MILD: frozenset[str] = frozenset(("warning.block_expired", "warning.block_used", "warning.late_entries"))


def remark(code: str, **params: object) -> Json:
    """A remark as it is stored; raises ValueError if code and parameters do not match `OWN_CODES`."""
    if OWN_CODES.get(code) != params.keys():
        raise ValueError(f"{code} takes {sorted(OWN_CODES.get(code, ()))}, not {sorted(params)}")
    return {"code": code, "params": {name: _json(value) for name, value in params.items()}}


def is_fault(phrase: Json) -> bool:
    """Whether a phrase reports a fault in the client's data."""
    return bool(phrase["code"].startswith("fault."))


def needs_review(warnings: list[Json]) -> bool:
    """Whether a draft has a warning that a person should check."""
    return any(warning["code"] not in MILD for warning in warnings)


def _json(value: object) -> object:
    if isinstance(value, Money):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
