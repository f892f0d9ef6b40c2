"""How a contract looks in the API, and its terms with their money."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

from msp.contracts.escalation_policy import ACTIONS, CLOCK_KINDS, MEDIA, MOMENTS, ROLES
from msp.contracts.kinds import KIND_CODES
from msp.contracts.models import WORK_TYPES, Contract, SlaTarget
from msp.contracts.service_level import ANY_TYPE, MAY_PAUSE, PRIORITIES, TYPES
from msp.kernel.db import Json
from msp.kernel.money import InvalidMoney, Money
from msp.web.api.fields import Anything, Instant, MoneyShape, Schema, Shown, TextField, Whole, currency, one_of
from msp.web.api.pages import PageQuery

PRICES = ("fee", "block_amount", "overage_rate", "km_rate", "minimum_invoice", "po_limit")
MAX_MINUTES = 525_600
TERMS = {
    "description": (
        "Depends on the contract type: fee, fee_timing, proration, seats, block_minutes, block_amount, block_renewal,"
        " valid_to, overage_rate, rounding, multipliers, milestones and others. Prices are money, or"
        " decimal strings in the contract's currency; factors are decimal strings; times are whole minutes."
    )
}


class TargetShape(Schema):
    """SLA targets of a priority, in business minutes of the calendar."""

    first_response_minutes = Whole(least=1, most=MAX_MINUTES, required=True)
    resolution_minutes = Whole(least=1, most=MAX_MINUTES, required=True)
    next_response_minutes = Whole(
        least=1,
        most=MAX_MINUTES,
        allow_none=True,
        metadata={"description": "Next response to each later message; null: no target"},
    )
    fulfilment_minutes = Whole(
        least=1, most=MAX_MINUTES, allow_none=True, metadata={"description": "For requests, instead of resolution"}
    )


class Targets(Schema):
    """The SLA targets by priority."""

    urgent = fields.Nested(TargetShape, required=True)
    high = fields.Nested(TargetShape, required=True)
    normal = fields.Nested(TargetShape, required=True)
    low = fields.Nested(TargetShape, required=True)


class SomeTargets(Schema):
    """The SLA targets of one type of ticket, for the priorities that have their own (else null)."""

    urgent = fields.Nested(TargetShape, allow_none=True)
    high = fields.Nested(TargetShape, allow_none=True)
    normal = fields.Nested(TargetShape, allow_none=True)
    low = fields.Nested(TargetShape, allow_none=True)


class TypedTargets(Schema):
    """The SLA targets that replace the general ones for a type of ticket."""

    incident = fields.Nested(SomeTargets)
    request = fields.Nested(SomeTargets)


class EscalationShape(Schema):
    """A step of the escalation policy."""

    moment = one_of(MOMENTS, required=True)
    amount = Whole(
        least=1,
        most=MAX_MINUTES,
        required=True,
        metadata={
            "description": "`share`: percentage of the SLA target; else business minutes before or after the due date"
        },
    )
    action = one_of(ACTIONS, required=True)
    clocks = fields.List(one_of(CLOCK_KINDS), metadata={"description": "SLA targets that it applies to; empty: all"})
    who = fields.List(
        TextField(longest=43),
        metadata={"description": f"`notify`: {', '.join(ROLES)} or person:<uuid>; `assign`: on_call or person:<uuid>"},
    )
    by = fields.List(one_of(MEDIA))
    is_urgent = fields.Boolean(metadata={"description": "Urgent: notifies during quiet hours too"})
    webhook_id = fields.UUID(allow_none=True)


class RateShape(Schema):
    """A line of the rate card: the price of an hour of a work type, from a day on (the contract's first by default)."""

    work_type = one_of(WORK_TYPES, required=True)
    valid_from = fields.Date()
    rate = fields.Nested(MoneyShape, required=True)


class ContractChange(Schema):
    """Changes to a contract. Targets and terms are merged with the current ones; a rate card is replaced."""

    name = TextField(longest=200, blank=False)
    kind = one_of(KIND_CODES)
    starts_on = fields.Date()
    ends_on = fields.Date(allow_none=True)
    calendar_id = fields.UUID()
    currency = currency()
    sla_targets = fields.Nested(Targets)
    sla_targets_by_type = fields.Nested(TypedTargets)
    pausing_statuses = fields.List(
        one_of(MAY_PAUSE), metadata={"description": "Statuses in which SLA targets are paused"}
    )
    escalation_policy = fields.List(
        fields.Nested(EscalationShape),
        metadata={"description": "Replaces the whole escalation policy; empty: the default policy"},
    )
    rate_card = fields.List(fields.Nested(RateShape))
    terms = fields.Dict(keys=TextField(longest=60), values=Anything(), metadata=TERMS)
    po_number = TextField(longest=100, allow_none=True)
    terms_from = fields.Date(
        load_only=True,
        metadata={"description": "First day of the changed terms; default: today in the client's time zone"},
    )


class ContractIn(ContractChange):
    """A new contract. Defaults: the name of its type, the client's currency."""

    client_id = fields.UUID(required=True)
    kind = one_of(KIND_CODES, required=True)
    starts_on = fields.Date(required=True)
    calendar_id = fields.UUID(required=True)
    sla_targets = fields.Nested(Targets, required=True)


class ContractOut(Shown):
    """A contract."""

    id = fields.UUID()
    client_id = fields.UUID()
    name = fields.String()
    kind = fields.String()
    starts_on = fields.Date()
    ends_on = fields.Date(allow_none=True)
    calendar_id = fields.UUID()
    currency = fields.String()
    sla_targets = fields.Nested(Targets)
    sla_targets_by_type = fields.Nested(TypedTargets)
    pausing_statuses = fields.List(fields.String())
    escalation_policy = fields.List(fields.Nested(EscalationShape))
    rate_card = fields.List(fields.Nested(RateShape))
    terms = fields.Dict(keys=fields.String(), values=fields.Raw(), metadata=TERMS)
    po_number = fields.String(allow_none=True)
    version = fields.Integer()
    created_at = Instant()


class ContractQuery(PageQuery):
    """Filters of the contract list."""

    client_id = fields.UUID()


def shown(contract: Contract) -> dict[str, Any]:
    """A contract as the API shows it."""
    rates = sorted(contract.rates, key=lambda each: (WORK_TYPES.index(each.work_type), each.valid_from))
    return {
        "id": contract.id,
        "client_id": contract.client_id,
        "name": contract.name,
        "kind": contract.kind,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "calendar_id": contract.calendar_id,
        "currency": contract.currency,
        "sla_targets": {each.priority: each for each in contract.targets if each.type == ANY_TYPE},
        "sla_targets_by_type": {type: _own_targets(contract, type) for type in TYPES},
        "pausing_statuses": contract.pausing,
        "escalation_policy": contract.escalation_policy,
        "rate_card": [
            {"work_type": each.work_type, "valid_from": each.valid_from, "rate": Money(each.amount, contract.currency)}
            for each in rates
        ],
        "terms": write_terms(contract.terms, contract.currency),
        "po_number": contract.po_number,
        "version": contract.version,
        "created_at": contract.created_at,
    }


def _own_targets(contract: Contract, type: str) -> dict[str, SlaTarget | None]:
    own = {each.priority: each for each in contract.targets if each.type == type}
    return {priority: own.get(priority) for priority in PRIORITIES}


def write_terms(terms: Json, currency: str) -> Json:
    """Stored terms as the API shows them: prices as money."""
    return _with_prices(
        terms, lambda price: {"amount": price, "currency": currency} if isinstance(price, str) else price
    )


def read_terms(terms: Json, currency: str) -> Json:
    """Terms as they are stored: prices as decimal strings; money in another currency stays as it is, and is refused."""

    def read(price: object) -> object:
        try:
            money = Money.from_api(price) if isinstance(price, Mapping) else None
        except InvalidMoney:
            return price
        return str(money) if money is not None and money.currency == currency else price

    return _with_prices(terms, read)


def _with_prices(terms: Json, change: Callable[[Any], Any]) -> Json:
    changed = {name: change(value) if name in PRICES else value for name, value in terms.items()}
    milestones = terms.get("milestones")
    if isinstance(milestones, list) and all(isinstance(each, dict) for each in milestones):
        changed["milestones"] = [
            each | ({"amount": change(each["amount"])} if "amount" in each else {}) for each in milestones
        ]
    return changed
