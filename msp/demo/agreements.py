"""The demo's contracts as values of msp.contracts: terms by the names of msp.contracts.terms."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from msp.contracts.actions import Agreement, RateLine
from msp.contracts.escalation_policy import PolicyStep
from msp.contracts.kinds import KINDS
from msp.contracts.models import WORK_TYPES
from msp.contracts.service_level import PriorityTargets
from msp.demo import world as told
from msp.kernel.db import Json

POLICY = (
    PolicyStep("share", 50, "notify", who=("assignee",), by=("console",)),
    PolicyStep("share", 75, "notify", who=("assignee", "lead"), by=("console", "chat")),
    PolicyStep("before", 15, "raise_priority", clocks=("first_response",)),
    PolicyStep("share", 100, "notify", who=("assignee", "lead", "on_call"), by=("console", "chat"), is_urgent=True),
    PolicyStep("share", 100, "next_tier"),
    PolicyStep(
        "after", 60, "notify", who=("lead", "client_manager"), by=("mail",), clocks=("resolution", "fulfilment")
    ),
)


def agreement(contract: told.DemoContract, *, calendar_id: UUID) -> Agreement:
    """Return the values that the desk stores for a contract."""
    return Agreement(
        name=contract.name,
        kind=contract.kind,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        calendar_id=calendar_id,
        currency=contract.rates[0].currency,
        targets={target.priority: _target(target, is_full=is_full(contract)) for target in contract.targets},
        escalation_policy=POLICY if is_full(contract) else (),
        rates=[RateLine(rate.work_type, contract.starts_on, int(rate.per_hour * 100)) for rate in contract.rates],
        terms=_common(contract) | _OF_KIND[contract.kind](contract),
        po_number=contract.purchase_order,
    )


def is_full(contract: told.DemoContract) -> bool:
    """Whether the contract also has next-response and fulfilment targets, with an escalation policy of its own."""
    return "excluded_bands" in KINDS[contract.kind].terms


def _target(target: told.DemoSlaTarget, *, is_full: bool) -> PriorityTargets:
    if not is_full:
        return PriorityTargets(target.first_response, target.resolution)
    return PriorityTargets(target.first_response, target.resolution, target.first_response * 2, target.resolution)


def _common(contract: told.DemoContract) -> Json:
    terms: Json = {
        "multipliers": {band: str(factor) for band, factor in contract.multipliers},
        "rounding": {
            each.work_type: {
                "scope": each.scope,
                "increment": each.increment,
                "mode": each.mode,
                "minimum": each.minimum,
            }
            for each in contract.rounding
        },
    }
    if "purchase_order_cap" in contract.terms:
        terms["po_limit"] = _money(contract, "purchase_order_cap")
        terms["po_mode"] = contract.terms["purchase_order_mode"]
    return terms


def _excluded(contract: told.DemoContract) -> Json:
    outside = [work_type for work_type in WORK_TYPES if work_type not in contract.covers]
    return {"excluded_work_types": outside} if outside and contract.covers else {}


def _hours(contract: told.DemoContract) -> Json:
    return {}


def _block(contract: told.DemoContract) -> Json:
    terms: Json = {
        "fee": _money(contract, "block_price"),
        "block_minutes": contract.terms["block_minutes"],
        "block_renewal": "month",
        "overage_rate": _money(contract, "overage_rate"),
        "overage_multiplier": contract.terms["overage_multiplier"],
    }
    if contract.terms["drain_multiplier"]:
        terms["drain_multipliers"] = {band: str(factor) for band, factor in contract.multipliers}
    return terms


def _retainer(contract: told.DemoContract) -> Json:
    amount = _money(contract, "amount")
    return {"fee": amount, "block_amount": amount, "block_renewal": "month"}


def _flat(contract: told.DemoContract) -> Json:
    return {"fee": _money(contract, "fee"), "proration": contract.terms["proration"]} | _excluded(contract)


def _seats(contract: told.DemoContract) -> Json:
    return {
        "fee": _money(contract, "price"),
        "seats": contract.terms["seats"],
        "proration": contract.terms["proration"],
    } | _excluded(contract)


def _per_ticket(contract: told.DemoContract) -> Json:
    return {"fee": _money(contract, "price")}


def _fixed(contract: told.DemoContract) -> Json:
    return {
        "milestones": [
            {
                "name": each.name,
                "due_on": (contract.starts_on + timedelta(days=each.after_days)).isoformat(),
                "amount": str(each.amount),
            }
            for each in contract.milestones
        ]
    }


def _money(contract: told.DemoContract, name: str) -> str:
    return str(Decimal(str(contract.terms[name])).quantize(Decimal("0.01")))


_OF_KIND = {
    "time_and_materials": _hours,
    "block_hours": _block,
    "retainer": _retainer,
    "flat_fee": _flat,
    "per_seat": _seats,
    "per_ticket": _per_ticket,
    "fixed_price": _fixed,
}
