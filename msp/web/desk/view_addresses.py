"""Addresses of lists by filter: a definition as the parameters of a URL."""

from flask import request, url_for

from msp.tickets.views.definition import Definition

_BASES: dict[str, dict[str, str]] = {
    "mine": {"assignee": "me"},
    "team": {},
    "unassigned": {"assignee": "none"},
    "soon": {"sla": "due_soon"},
    "solved": {"state": "finished", "order": "updated"},
}


def filter_url(view: str) -> str:
    """The address that shows a view of the queue, with its filters in the URL, as an editable filter."""
    chosen = {name: request.args.getlist(name) for name in ("tier", "status", "client", "order")}
    chosen = {name: [each for each in values if each] for name, values in chosen.items()}
    return url_for("desk.filter", **_BASES[view] | {name: values for name, values in chosen.items() if values})  # type: ignore[arg-type]


def address_of(definition: Definition, **changes: object) -> str:
    """The address of the list of a definition; `changes` replace parts of it or add parameters, None removes one."""
    values = definition.as_json() | changes
    return url_for("desk.filter", **{name: value for name, value in values.items() if value not in (None, "", [])})
