"""A contract's escalation policy as rows of the contract form.

The page shows the default policy if the contract has none, plus some empty rows. A row without an amount is ignored, so
clearing the amount deletes the step.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from msp.contracts.escalation_policy import (
    DEFAULT_POLICY,
    MAX_STEPS,
    PERSON,
    EscalationPolicy,
    PolicyStep,
    person_of,
    validate,
)
from msp.people.queries import staff
from msp.web.admin.forms import Form, identity, whole
from msp.words.escalation_texts import sentence

SPARE = 2
Row = dict[str, Any]


def shown_policy(policy: Iterable[PolicyStep]) -> list[Row]:
    """The policy as rows, each with its sentence, plus empty rows."""
    steps = tuple(policy) or DEFAULT_POLICY
    names = {person.id: person.name for person in staff()}
    rows = [_row(step) | {"sentence": sentence(step, names)} for step in steps]
    return (rows + [_row(None)] * SPARE)[: max(MAX_STEPS, len(rows))]


def posted_policy(posted: "MultiDict[str, str]") -> list[Row]:
    """The submitted rows."""
    return [
        {
            "amount": posted.get(f"step_{place}_amount", ""),
            "moment": posted.get(f"step_{place}_moment", "share"),
            "action": posted.get(f"step_{place}_action", "notify"),
            "who": posted.getlist(f"step_{place}_who"),
            "person": posted.get(f"step_{place}_person", ""),
            "by": posted.getlist(f"step_{place}_by"),
            "clocks": posted.getlist(f"step_{place}_clocks"),
            "is_urgent": bool(posted.get(f"step_{place}_urgent")),
            "webhook_id": posted.get(f"step_{place}_webhook", ""),
            "sentence": "",
        }
        for place in _places(posted)
    ]


def read_policy(form: Form) -> EscalationPolicy:
    """The policy of the submitted rows, empty for the default; invalid rows are added to the form's errors."""
    read = [(place, step) for place in _places(form.posted) if (step := _read(form, place)) is not None]
    policy = tuple(step for _, step in read)
    for index, code in validate(policy).items():
        form.fault(f"step_{read[index][0]}_amount", code)
    return () if policy == DEFAULT_POLICY else policy


def _read(form: Form, place: int) -> PolicyStep | None:
    amount = form.read(f"step_{place}_amount", whole)
    if amount is None:
        return None
    action = form.text(f"step_{place}_action")
    person = form.read(f"step_{place}_person", identity)
    roles = tuple(form.posted.getlist(f"step_{place}_who"))
    is_notice = action == "notify"
    return PolicyStep(
        moment=form.text(f"step_{place}_moment"),
        amount=amount,
        action=action,
        clocks=tuple(form.posted.getlist(f"step_{place}_clocks")),
        who=_who(action, roles, person),
        by=tuple(form.posted.getlist(f"step_{place}_by")) if is_notice else (),
        is_urgent=is_notice and bool(form.text(f"step_{place}_urgent")),
        webhook_id=form.read(f"step_{place}_webhook", identity) if action == "webhook" else None,
    )


def _who(action: str, roles: tuple[str, ...], person: UUID | None) -> tuple[str, ...]:
    named = (f"{PERSON}{person}",) if person else ()
    if action == "notify":
        return roles + named
    return (named or ("on_call",)) if action == "assign" else ()


def _row(step: PolicyStep | None) -> Row:
    step_or_blank = step or PolicyStep("share", 0, "notify")
    people = [person for who in step_or_blank.who if (person := person_of(who))]
    return {
        "amount": step_or_blank.amount or "",
        "moment": step_or_blank.moment,
        "action": step_or_blank.action,
        "who": [who for who in step_or_blank.who if person_of(who) is None],
        "person": people[0] if people else "",
        "by": list(step_or_blank.by),
        "clocks": list(step_or_blank.clocks),
        "is_urgent": step_or_blank.is_urgent,
        "webhook_id": step_or_blank.webhook_id or "",
        "sentence": "",
    }


def _places(posted: "MultiDict[str, str]") -> list[int]:
    return [place for place in range(MAX_STEPS + SPARE) if f"step_{place}_amount" in posted]
