"""Conversion between a contract's stored SLA targets and the fields of its form.

The page has one table for all types and one for requests; an empty field in the latter means «as for all types».
Targets that the page does not show (those of incidents only, set through the API) are kept unchanged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from msp.contracts.models import SlaTarget
from msp.contracts.queries import to_target
from msp.contracts.service_level import ANY_TYPE, PRIORITIES, PriorityTargets
from msp.web.admin.forms import Form, whole

Targets = Mapping[str, PriorityTargets]
GENERAL = {
    "response": "first_response_minutes",
    "next": "next_response_minutes",
    "resolution": "resolution_minutes",
}
OF_REQUESTS = {
    "request_response": "first_response_minutes",
    "request_next": "next_response_minutes",
    "fulfilment": "fulfilment_minutes",
}
REQUEST_FIELDS = [f"{name}_{priority}" for priority in PRIORITIES for name in OF_REQUESTS]
FIELDS = [f"{name}_{priority}" for priority in PRIORITIES for name in GENERAL] + REQUEST_FIELDS


def shown_targets(rows: Iterable[SlaTarget]) -> dict[str, object]:
    """The targets by form field; request fields are empty where the target for all types applies."""
    targets = _by_type(rows)
    fields: dict[str, object] = {}
    for priority, target in targets.get(ANY_TYPE, {}).items():
        own = targets.get("request", {}).get(priority, target)
        fields |= {f"{name}_{priority}": getattr(target, column) for name, column in GENERAL.items()}
        for name, column in OF_REQUESTS.items():
            value = getattr(own, column)
            is_shared = column != "fulfilment_minutes" and value == getattr(target, column)
            fields[f"{name}_{priority}"] = None if is_shared else value
    return fields


def read_targets(form: Form, before: Iterable[SlaTarget]) -> tuple[Targets, Mapping[str, Targets]]:
    """The targets of the submitted fields, for all types and by type; invalid fields are added to the form's errors."""
    kept = _by_type(before)
    every: dict[str, PriorityTargets] = {}
    requests: dict[str, PriorityTargets] = {}
    for priority in PRIORITIES:
        response = form.read(f"response_{priority}", whole, is_required=True)
        resolution = form.read(f"resolution_{priority}", whole, is_required=True)
        following = form.read(f"next_{priority}", whole)
        if response is None or resolution is None:
            continue
        if not 0 < response <= resolution:
            form.fault(f"resolution_{priority}", "target_order")
            continue
        every[priority] = PriorityTargets(response, resolution, following)
        own = _of_requests(form, priority, every[priority], kept.get("request", {}).get(priority))
        if own != every[priority]:
            requests[priority] = own
    typed = {type: targets for type, targets in kept.items() if type not in (ANY_TYPE, "request")}
    return every, typed | ({"request": requests} if requests else {})


def _of_requests(form: Form, priority: str, every: PriorityTargets, before: PriorityTargets | None) -> PriorityTargets:
    values = {column: form.read(f"{name}_{priority}", whole) for name, column in OF_REQUESTS.items()}
    known = replace(every, resolution_minutes=before.resolution_minutes) if before else every
    return replace(known, **{column: value for column, value in values.items() if value is not None})


def _by_type(rows: Iterable[SlaTarget]) -> dict[str, dict[str, PriorityTargets]]:
    found: dict[str, dict[str, PriorityTargets]] = {}
    for row in rows:
        found.setdefault(row.type, {})[row.priority] = to_target(row)
    return found
