"""Create and change contracts. Changes apply from now on; rated work is not changed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.numbers import list_currencies

from msp.calendars.queries import access_calendar
from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.contracts.escalation_policy import EscalationPolicy, PolicyStep, person_of, validate
from msp.contracts.events import ContractAdded, ContractEdited, ContractTargetsChanged
from msp.contracts.models import WORK_TYPES, Contract, ContractTerms, EscalationStep, Rate, SlaTarget
from msp.contracts.queries import to_escalation, to_target
from msp.contracts.service_level import ANY_TYPE, MAY_PAUSE, PRIORITIES, TYPES, USUAL_PAUSING, PriorityTargets
from msp.contracts.terms import MOST_RATE, MOST_ROWS, check_terms, is_day, is_text
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.people.queries import staff

MAX_MINUTES = 525_600


@dataclass(frozen=True, slots=True)
class RateLine:
    """A line of the rate card: minor units per hour for a work type, from a day on."""

    work_type: str
    valid_from: date
    amount: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a contract says.

    `targets` are by priority, for every type; `targets_of_type` replace them for a type, by type and priority.
    `pausing` are the statuses that hold the clocks; an empty `escalation_policy` means the default. Changed terms
    price work and fees from `terms_from` on: the client's today by default; an earlier day corrects what was not
    billed yet.
    """

    name: str
    kind: str
    starts_on: date
    ends_on: date | None
    calendar_id: UUID
    currency: str
    targets: Mapping[str, PriorityTargets]
    rates: Sequence[RateLine]
    terms: Json
    po_number: str | None = None
    targets_of_type: Mapping[str, Mapping[str, PriorityTargets]] = field(default_factory=dict)
    pausing: Sequence[str] = USUAL_PAUSING
    escalation_policy: EscalationPolicy = ()
    terms_from: date | None = None


def add_contract(client: Client, agreement: Agreement, *, at: datetime) -> Contract:
    """Add a contract with its targets and rate card; emits `contract.added`. Raises Invalid for contradictions."""
    check(agreement)
    contract = Contract(id=new_id(), client_id=client.id, created_at=at, **_columns(agreement))
    db.session.add(contract)
    db.session.flush()
    _write_parts(contract, agreement)
    _write_terms(contract, valid_from=contract.starts_on, at=at)
    emit(ContractAdded(name=contract.name), contract.id, client_id=client.id, at=at)
    return contract


def edit_contract(contract: Contract, agreement: Agreement, *, at: datetime) -> None:
    """Replace a contract's content; emits `contract.edited`, and `contract.changed` if its SLA changed.

    Changes apply from now on: open clocks follow the new SLA, and their pauses stay.
    """
    check(agreement)
    columns = _columns(agreement)
    changed = sorted(name for name, value in columns.items() if getattr(contract, name) != value)
    before = _sla_terms(contract)
    for name in changed:
        setattr(contract, name, columns[name])
    contract.version += 1
    if {"terms", "kind"} & set(changed):
        _write_terms(contract, valid_from=_terms_from(contract, agreement, at=at), at=at)
    for rows in (contract.targets, contract.rates, contract.escalation_policy):
        rows.clear()
    db.session.flush()
    _write_parts(contract, agreement)
    edited = ContractEdited(changed=tuple(changed), version=contract.version)
    emit(edited, contract.id, client_id=contract.client_id, at=at)
    after = _sla_terms(contract)
    if others := sorted(name for name in before if before[name] != after[name]):
        retargeted = ContractTargetsChanged(changed=tuple(others), version=contract.version)
        emit(retargeted, contract.id, client_id=contract.client_id, at=at)


def _terms_from(contract: Contract, agreement: Agreement, *, at: datetime) -> date:
    """The day from which changed terms apply: not before the contract, by default not before today."""
    today = at.astimezone(ZoneInfo(access_client(contract.client_id).timezone)).date()
    return max(agreement.terms_from or today, contract.starts_on)


def _write_terms(contract: Contract, *, valid_from: date, at: datetime) -> None:
    """Store the terms of this version; earlier versions price earlier days."""
    db.session.add(
        ContractTerms(
            client_id=contract.client_id,
            contract_id=contract.id,
            version=contract.version or 1,
            valid_from=valid_from,
            kind=contract.kind,
            terms=contract.terms,
            created_at=at,
        )
    )
    db.session.flush()


def check(agreement: Agreement) -> None:
    """Raise Invalid with the faults of all fields; NotFound for the calendar."""
    fields = _head_faults(agreement) | _target_faults(agreement)
    if not set(agreement.pausing) <= set(MAY_PAUSE):
        fields["pausing"] = ["unknown"]
    fields |= {f"escalation_policy.{place}": [code] for place, code in validate(agreement.escalation_policy).items()}
    fields |= _rate_faults(agreement.rates)
    fields |= _term_faults(agreement)
    fields |= _unknown_people(agreement.escalation_policy)
    if fields:
        raise Invalid(fields=fields)
    access_calendar(agreement.calendar_id)


def _head_faults(agreement: Agreement) -> dict[str, list[str]]:
    """Faults of name, order number, currency and days."""
    wrong: dict[str, list[str]] = {}
    if not agreement.name.strip():
        wrong["name"] = ["required"]
    elif not is_text(agreement.name):
        wrong["name"] = ["invalid"]
    if agreement.po_number is not None and not is_text(agreement.po_number):
        wrong["po_number"] = ["invalid"]
    if agreement.currency not in list_currencies():
        wrong["currency"] = ["invalid"]
    if not is_day(agreement.starts_on):
        wrong["starts_on"] = ["invalid"]
    if agreement.terms_from is not None and not is_day(agreement.terms_from):
        wrong["terms_from"] = ["invalid"]
    if agreement.ends_on is not None and not is_day(agreement.ends_on):
        wrong["ends_on"] = ["invalid"]
    elif agreement.ends_on is not None and agreement.ends_on < agreement.starts_on:
        wrong["ends_on"] = ["before_start"]
    return wrong


def _rate_faults(rates: Sequence[RateLine]) -> dict[str, list[str]]:
    keys = [(line.work_type, line.valid_from) for line in rates]
    if len(keys) != len(set(keys)):
        return {"rates": ["duplicate"]}
    is_sane = len(rates) <= MOST_ROWS and all(
        line.work_type in WORK_TYPES and 0 <= line.amount <= MOST_RATE and is_day(line.valid_from) for line in rates
    )
    return {} if is_sane else {"rates": ["invalid"]}


def _term_faults(agreement: Agreement) -> dict[str, list[str]]:
    """Faults of the terms, alone and with the contract's first day."""
    try:
        check_terms(agreement.kind, agreement.terms)
    except Invalid as wrong:
        return wrong.fields
    valid_to = agreement.terms.get("valid_to")
    if valid_to is not None and date.fromisoformat(valid_to) < agreement.starts_on:
        return {"terms.valid_to": ["before_start"]}
    if any(part["due_on"] < agreement.starts_on.isoformat() for part in agreement.terms.get("milestones", ())):
        return {"terms.milestones": ["before_start"]}  # no billed month would include it
    return {}


def _target_faults(agreement: Agreement) -> dict[str, list[str]]:
    every = {f"targets.{priority}": target for priority, target in agreement.targets.items()}
    for type, targets in agreement.targets_of_type.items():
        every |= {f"targets_of_type.{type}.{priority}": target for priority, target in targets.items()}
    wrong = {name: ["invalid"] for name, target in every.items() if not target.is_sane(most=MAX_MINUTES)}
    wrong |= {name: ["invalid"] for name in every if name.rpartition(".")[2] not in PRIORITIES}
    wrong |= {f"targets_of_type.{type}": ["unknown"] for type in agreement.targets_of_type if type not in TYPES}
    return wrong | {f"targets.{each}": ["required"] for each in PRIORITIES if each not in agreement.targets}


def _unknown_people(policy: EscalationPolicy) -> dict[str, list[str]]:
    """People named by a step who are not active members of staff."""
    named = {place: [person for who in step.who if (person := person_of(who))] for place, step in enumerate(policy)}
    known = {person.id for person in staff()} if any(named.values()) else set()
    return {f"escalation_policy.{place}": ["not_staff"] for place, people in named.items() if not set(people) <= known}


def _sla_terms(contract: Contract) -> Json:
    """What open clocks depend on."""
    return {
        "calendar": contract.calendar_id,
        "targets": {(row.type, row.priority): to_target(row) for row in contract.targets},
        "pausing": set(contract.pausing),
        "escalation_policy": [to_escalation(row) for row in contract.escalation_policy],
    }


def _columns(agreement: Agreement) -> Json:
    return {
        "name": agreement.name.strip(),
        "kind": agreement.kind,
        "starts_on": agreement.starts_on,
        "ends_on": agreement.ends_on,
        "calendar_id": agreement.calendar_id,
        "currency": agreement.currency,
        "terms": agreement.terms,
        "po_number": agreement.po_number,
        "pausing": [status for status in MAY_PAUSE if status in agreement.pausing],
    }


def _write_parts(contract: Contract, agreement: Agreement) -> None:
    ids = {"client_id": contract.client_id, "contract_id": contract.id}
    for type, targets in {**agreement.targets_of_type, ANY_TYPE: agreement.targets}.items():
        db.session.add_all(
            SlaTarget(**ids, priority=priority, type=type, **asdict(target)) for priority, target in targets.items()
        )
    db.session.add_all(
        EscalationStep(**ids, position=place, **_stored(step)) for place, step in enumerate(agreement.escalation_policy)
    )
    db.session.add_all(
        Rate(**ids, work_type=line.work_type, valid_from=line.valid_from, amount=line.amount)
        for line in agreement.rates
    )
    db.session.flush()
    db.session.expire(contract, ["targets", "rates", "escalation_policy"])


def _stored(step: PolicyStep) -> Json:
    """A step's columns, with lists instead of tuples for arrays."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(step).items()}
