"""Saved views: one's own and those of the team."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from msp.kernel import clock
from msp.kernel.errors import Invalid
from msp.tickets.views import actions
from msp.tickets.views.definition import Definition, read_definition
from msp.tickets.views.models import TicketView
from msp.tickets.views.selecting import MOST_COUNTED, count_views
from msp.web.api.access import caller, require
from msp.web.api.fields import Anything, Flag, Instant, Schema, Shown, TextField
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("views", tag="Tickets")


class ViewChange(Schema):
    """What may be changed of a view."""

    name = TextField(longest=actions.MAX_NAME, blank=False)
    definition = Anything(
        metadata={
            "type": "object",
            "description": "Parts that narrow, and the order: state, status, priority, tier, type, tag, source, client,"
            " assignee (`me`, `none` or an id), sla, created_within_days, created_before_days, updated_within_days,"
            " updated_before_days, words, order",
            "example": {"status": ("waiting_client",), "updated_before_days": 3, "order": "idle"},
        }
    )


class ViewIn(ViewChange):
    """A new view."""

    name = TextField(longest=actions.MAX_NAME, blank=False, required=True)
    is_shared = Flag(load_default=False, metadata={"description": "For the team; otherwise for the caller only"})


class ViewOut(Shown):
    """A view."""

    id = fields.UUID()
    name = fields.String()
    is_shared = fields.Boolean()
    definition = fields.Dict()
    count = fields.Integer(
        allow_none=True, metadata={"description": f"Up to {MOST_COUNTED + 1}; null for views that search for words"}
    )
    created_at = Instant()
    updated_at = Instant()


class ViewsOut(Shown):
    """Views, one's own first."""

    items = fields.List(fields.Nested(ViewOut))


@blueprint.get("/views")
@blueprint.output(ViewsOut)
def list_views() -> Answer:
    """The caller's views and those of the team, with the number of their tickets."""
    require("desk")
    return {"items": _shown(actions.views_of(caller()))}


@blueprint.post("/views")
@blueprint.input(ViewIn)
@blueprint.output(ViewOut, status_code=201)
def add_view(json_data: dict[str, Any]) -> Answer:
    """Save a view; `GET /tickets?view=` lists its tickets."""
    require("desk")
    definition = _definition(json_data.get("definition", {}))
    view = actions.add_view(
        json_data["name"], definition, person=caller(), is_shared=json_data["is_shared"], at=clock.now()
    )
    settled(view)
    return _shown([view])[0], 201, {"Location": f"/api/v1/views/{view.id}"}


@blueprint.get("/views/<uuid:view_id>")
@blueprint.output(ViewOut)
def read_view(view_id: UUID) -> Answer:
    """One view."""
    require("desk")
    return _shown([actions.access_view(view_id, caller())])[0]


@blueprint.patch("/views/<uuid:view_id>")
@blueprint.input(ViewChange(partial=True))
@blueprint.output(ViewOut)
def change_view(view_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change the name or the whole definition."""
    require("desk")
    view = actions.access_view(view_id, caller())
    changes = json_data | ({"definition": _definition(json_data["definition"])} if "definition" in json_data else {})
    actions.edit_view(view, person=caller(), at=clock.now(), **changes)
    return _shown([settled(view)])[0]


@blueprint.delete("/views/<uuid:view_id>")
@blueprint.output({}, status_code=204)
def remove_view(view_id: UUID) -> Answer:
    """Remove a view; its tickets stay."""
    require("desk")
    actions.remove_view(actions.access_view(view_id, caller()), person=caller())
    return Response(status=204)


def _definition(given: object) -> Definition:
    if not isinstance(given, dict):
        raise Invalid(fields={"definition": ["invalid"]})
    try:
        return read_definition(given)
    except Invalid as wrong:
        raise Invalid(fields={f"definition.{name}": codes for name, codes in wrong.fields.items()}) from wrong


def _shown(views: list[TicketView]) -> list[dict[str, object]]:
    definitions = {view.id: actions.definition_of(view) for view in views}
    counts = count_views(definitions, person=caller(), at=clock.now())
    names = ("id", "name", "is_shared", "created_at", "updated_at")
    return [
        {name: getattr(view, name) for name in names}
        | {"definition": definitions[view.id].as_json(), "count": counts.get(view.id)}
        for view in views
    ]
