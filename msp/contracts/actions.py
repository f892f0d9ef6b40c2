"""Making and changing contracts. A change counts from now on; what was rated with the old one stays as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from msp.calendars.queries import access_calendar
from msp.clients.models import Client
from msp.contracts.models import PRIORITIES, WORK_TYPES, Contract, Rate, SlaTarget
from msp.contracts.terms import check_terms
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_id

MAX_MINUTES = 525_600


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised for a priority, in business minutes."""

    first_response_minutes: int
    resolution_minutes: int


@dataclass(frozen=True, slots=True)
class RateLine:
    """A line of the rate card: minor units an hour for a work type, from a day on."""

    work_type: str
    valid_from: date
    amount: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a contract says."""

    name: str
    kind: str
    starts_on: date
    ends_on: date | None
    calendar_id: UUID
    currency: str
    targets: Mapping[str, Target]
    rates: Sequence[RateLine]
    terms: Json
    po_number: str | None = None


def add_contract(client: Client, agreement: Agreement, *, at: datetime) -> Contract:
    """Add a contract with its targets and rate card; emits `contract.added`. Refuses what does not fit together."""
    check(agreement)
    contract = Contract(id=new_id(), client_id=client.id, created_at=at, **_columns(agreement))
    db.session.add(contract)
    db.session.flush()
    _write_parts(contract, agreement)
    emit("contract.added", contract.id, client_id=client.id, visibility="internal", at=at, name=contract.name)
    return contract


def edit_contract(contract: Contract, agreement: Agreement, *, at: datetime) -> None:
    """Replace what a contract says; emits `contract.edited` with the names of what changed."""
    check(agreement)
    columns = _columns(agreement)
    changed = sorted(name for name, value in columns.items() if getattr(contract, name) != value)
    for name in changed:
        setattr(contract, name, columns[name])
    contract.version += 1
    contract.targets.clear()
    contract.rates.clear()
    db.session.flush()
    _write_parts(contract, agreement)
    emit(
        "contract.edited",
        contract.id,
        client_id=contract.client_id,
        visibility="internal",
        at=at,
        changed=changed,
        version=contract.version,
    )


def check(agreement: Agreement) -> None:
    """Raise Invalid for whatever in an agreement makes no sense, all fields together; NotFound for its calendar."""
    fields: dict[str, list[str]] = {}
    if not agreement.name.strip():
        fields["name"] = ["required"]
    if agreement.ends_on is not None and agreement.ends_on < agreement.starts_on:
        fields["ends_on"] = ["before_start"]
    if missing := set(PRIORITIES) - agreement.targets.keys():
        fields |= {f"targets.{priority}": ["required"] for priority in missing}
    for priority, target in agreement.targets.items():
        sane = 0 < target.first_response_minutes <= target.resolution_minutes <= MAX_MINUTES
        if priority not in PRIORITIES or not sane:
            fields[f"targets.{priority}"] = ["invalid"]
    if any(line.work_type not in WORK_TYPES or line.amount < 0 for line in agreement.rates):
        fields["rates"] = ["invalid"]
    keys = [(line.work_type, line.valid_from) for line in agreement.rates]
    if len(keys) != len(set(keys)):
        fields["rates"] = ["duplicate"]
    try:
        check_terms(agreement.kind, agreement.terms)
    except Invalid as wrong:
        fields |= wrong.fields
    if fields:
        raise Invalid(fields=fields)
    access_calendar(agreement.calendar_id)


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
    }


def _write_parts(contract: Contract, agreement: Agreement) -> None:
    ids = {"client_id": contract.client_id, "contract_id": contract.id}
    db.session.add_all(
        SlaTarget(
            **ids,
            priority=priority,
            first_response_minutes=target.first_response_minutes,
            resolution_minutes=target.resolution_minutes,
        )
        for priority, target in agreement.targets.items()
    )
    db.session.add_all(
        Rate(**ids, work_type=line.work_type, valid_from=line.valid_from, amount=line.amount)
        for line in agreement.rates
    )
    db.session.flush()
    db.session.expire(contract, ["targets", "rates"])
