"""Contracts: SLA targets, prices and terms."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.contracts.actions import Agreement, RateLine, add_contract, edit_contract
from msp.contracts.escalation_policy import EscalationPolicy, PolicyStep
from msp.contracts.models import Contract
from msp.contracts.queries import access_contract, contracts_page, to_escalation, to_target
from msp.contracts.service_level import ANY_TYPE, USUAL_PAUSING, PriorityTargets
from msp.kernel import clock
from msp.kernel.errors import Invalid
from msp.kernel.i18n import reading_as
from msp.kernel.money import Money
from msp.web.api.access import require
from msp.web.api.contract_shapes import ContractChange, ContractIn, ContractOut, ContractQuery, read_terms, shown
from msp.web.api.pages import QUERY, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled
from msp.words.vocabulary import word

blueprint = resource("contracts", tag="Contracts")

API_NAMES = {
    "targets": "sla_targets",
    "targets_of_type": "sla_targets_by_type",
    "pausing": "pausing_statuses",
    "rates": "rate_card",
}  # the verbs' fields where the API says otherwise


@blueprint.get("/contracts")
@blueprint.input(ContractQuery, **QUERY)
@blueprint.output(page_of(ContractOut, "Contract"))
def list_contracts(query_data: dict[str, Any]) -> Answer:
    """Contracts of your clients (administrators, account managers, team leads), or of your company (its managers)."""
    require("see_contracts", "see_company")
    limit = query_data["limit"]
    after = uuid_cursor(query_data["cursor"])
    rows = contracts_page(client_id=query_data.get("client_id"), after=after, limit=limit + 1)
    return page([shown(row) for row in rows], limit=limit, key=lambda each: each["id"])


@blueprint.post("/contracts")
@blueprint.input(ContractIn)
@blueprint.output(ContractOut, status_code=201)
def create_contract(json_data: dict[str, Any]) -> Answer:
    """Add a contract with its targets and rate card (administrators, account managers)."""
    client = access_client(json_data["client_id"])
    require("change_contracts")
    with _in_api_names():
        contract = add_contract(client, _agreement(client, json_data), at=clock.now())
    return shown(settled(contract)), 201, {"Location": f"/api/v1/contracts/{contract.id}"}


@blueprint.get("/contracts/<uuid:contract_id>")
@blueprint.output(ContractOut)
def read_contract(contract_id: UUID) -> Answer:
    """One contract."""
    contract = access_contract(contract_id)
    require("see_contracts", "see_company")
    return shown(contract)


@blueprint.patch("/contracts/<uuid:contract_id>")
@blueprint.input(ContractChange(partial=True))
@blueprint.output(ContractOut)
def change_contract(contract_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change a contract from now on (administrators, account managers); billed work does not change."""
    contract = access_contract(contract_id)
    require("change_contracts")
    with _in_api_names():
        edit_contract(contract, _changed(contract, json_data), at=clock.now())
    return shown(settled(contract))


def _agreement(client: Client, data: dict[str, Any]) -> Agreement:
    currency = data.get("currency", client.currency)
    with reading_as(client.locale, client.timezone):
        name = word(data["kind"], of="contract").capitalize()
    return Agreement(
        name=data.get("name", name),
        kind=data["kind"],
        starts_on=data["starts_on"],
        ends_on=data.get("ends_on"),
        calendar_id=data["calendar_id"],
        currency=currency,
        targets={priority: PriorityTargets(**target) for priority, target in data["sla_targets"].items()},
        rates=_rates(data.get("rate_card", []), currency, default=data),
        terms=read_terms(data.get("terms", {}), currency),
        po_number=data.get("po_number"),
        targets_of_type=_typed(data.get("sla_targets_by_type", {})),
        pausing=data.get("pausing_statuses", USUAL_PAUSING),
        escalation_policy=_escalation_policy(data.get("escalation_policy", [])),
    )


def _changed(contract: Contract, data: dict[str, Any]) -> Agreement:
    """What the contract says, with what `data` names in its place."""
    currency = data.get("currency", contract.currency)
    plain = ("name", "kind", "starts_on", "ends_on", "calendar_id", "po_number")
    values = {name: data.get(name, getattr(contract, name)) for name in plain}
    targets = {each.priority: to_target(each) for each in contract.targets if each.type == ANY_TYPE}
    for priority, target in data.get("sla_targets", {}).items():
        kept = targets[priority]
        targets[priority] = replace(kept, **target)
    rates = [RateLine(each.work_type, each.valid_from, each.amount) for each in contract.rates]
    if "rate_card" in data:
        rates = _rates(data["rate_card"], currency, default=values)
    elif currency != contract.currency and rates:
        raise Invalid(fields={"rate_card": ["required"]})
    terms = read_terms(data.get("terms", contract.terms), currency)
    return Agreement(
        **values,
        currency=currency,
        targets=targets,
        rates=rates,
        terms=terms,
        targets_of_type=_typed_after(contract, data),
        pausing=data.get("pausing_statuses", contract.pausing),
        escalation_policy=(
            _escalation_policy(data["escalation_policy"])
            if "escalation_policy" in data
            else tuple(to_escalation(row) for row in contract.escalation_policy)
        ),
        terms_from=data.get("terms_from"),
    )


def _typed_after(contract: Contract, data: dict[str, Any]) -> dict[str, dict[str, PriorityTargets]]:
    """The types' own targets: of a type that is named, what stands there replaces what there was."""
    kept: dict[str, dict[str, PriorityTargets]] = {}
    for row in contract.targets:
        if row.type != ANY_TYPE:
            kept.setdefault(row.type, {})[row.priority] = to_target(row)
    return kept | _typed(data.get("sla_targets_by_type", {}))


def _typed(data: dict[str, Any]) -> dict[str, dict[str, PriorityTargets]]:
    return {
        type: {priority: PriorityTargets(**target) for priority, target in targets.items() if target is not None}
        for type, targets in data.items()
    }


def _escalation_policy(steps: list[dict[str, Any]]) -> EscalationPolicy:
    return tuple(PolicyStep(**{name: _frozen(value) for name, value in step.items()}) for step in steps)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _rates(card: list[dict[str, Any]], currency: str, *, default: dict[str, Any]) -> list[RateLine]:
    rates: list[Money] = [line["rate"] for line in card]
    if wrong := [place for place, rate in enumerate(rates) if rate.currency != currency]:
        raise Invalid(fields={f"rate_card.{place}.rate.currency": ["money_mixed"] for place in wrong})
    return [
        RateLine(line["work_type"], line.get("valid_from", default["starts_on"]), line["rate"].amount) for line in card
    ]


@contextmanager
def _in_api_names() -> Iterator[None]:
    try:
        yield
    except Invalid as wrong:
        first = {name: name.partition(".")[0] for name in wrong.fields}
        fields = {
            API_NAMES.get(first[name], first[name]) + name[len(first[name]) :]: wrong.fields[name] for name in first
        }
        raise Invalid(wrong.code, fields=fields) from wrong
