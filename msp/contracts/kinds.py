"""The kinds of contract: which terms each has, and how it is priced. Pure.

Terms, rating, invoices, the contract form and the API read this table; nothing else compares kinds by name. The checks
of the terms are in `msp.contracts.terms`, the names that people read in `msp.words.vocabulary`.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Coverage: TypeAlias = Literal["charged", "prepaid", "covered"]
BlockUnit: TypeAlias = Literal["minutes", "money"]
FeeUnit: TypeAlias = Literal["period", "seat", "ticket", "milestone"]

COUNTED_UNITS: tuple[FeeUnit, ...] = ("ticket",)  # billed by the piece (billing.counted_units)

_FEE = ("fee", "fee_timing", "proration")
_BLOCK = ("block_renewal", "valid_to", "drain_multipliers", "overage_rate", "overage_multiplier")
_EXCLUDED = ("excluded_work_types", "excluded_bands")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractKind:
    """A kind of contract.

    `work`: hours are charged, drawn from a block, or covered by the fee. `block_unit`: what its block is counted in.
    `fee_unit`: what its fixed price is for. `terms` are those that it has beside the ones of every kind, `required`
    those that it cannot be without, and `dated_term` is the one whose rows carry days of their own.
    """

    work: Coverage = "covered"
    block_unit: BlockUnit | None = None
    fee_unit: FeeUnit | None = None
    terms: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    dated_term: str | None = None


KINDS: dict[str, ContractKind] = {
    "time_and_materials": ContractKind(work="charged"),
    "block_hours": ContractKind(
        work="prepaid",
        block_unit="minutes",
        fee_unit="period",
        terms=(*_FEE, *_BLOCK, "block_minutes"),
        required=("block_minutes",),
    ),
    "retainer": ContractKind(
        work="prepaid",
        block_unit="money",
        fee_unit="period",
        terms=(*_FEE, *_BLOCK, "block_amount"),
        required=("block_amount",),
    ),
    "flat_fee": ContractKind(fee_unit="period", terms=(*_FEE, *_EXCLUDED), required=("fee",)),
    "per_seat": ContractKind(
        fee_unit="seat",
        terms=(*_FEE, *_EXCLUDED, "seats", "seat_changes", "credit_removals"),
        required=("fee", "seats"),
        dated_term="seat_changes",
    ),
    "per_ticket": ContractKind(fee_unit="ticket", terms=("fee",), required=("fee",)),
    "fixed_price": ContractKind(
        fee_unit="milestone", terms=("milestones",), required=("milestones",), dated_term="milestones"
    ),
}
KIND_CODES = tuple(KINDS)
