"""The on-call rota: who is on, the shifts of a stretch, and swaps. All of it is staff's."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid
from msp.oncall.actions import cancel_swap, swap
from msp.oncall.models import OnCallSwap
from msp.oncall.queries import access_layer, access_swap, on_call, rota
from msp.oncall.rota import shifts
from msp.people.queries import access_person
from msp.web.api.access import caller, require
from msp.web.api.fields import Instant, Schema, Shown
from msp.web.api.pages import QUERY
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("on-call", tag="On call")

LONGEST = timedelta(days=92)
USUAL = timedelta(days=14)


class OnCallQuery(Schema):
    """Point in time; default: now."""

    at = Instant()


class OnCallOut(Shown):
    """The person on call of a layer; none outside its hours (`is_off`) or in a gap."""

    layer_id = fields.UUID()
    layer = fields.String()
    person_id = fields.UUID(allow_none=True)
    name = fields.String(allow_none=True)
    until = Instant(allow_none=True)
    is_off = fields.Boolean()
    next_person_id = fields.UUID(allow_none=True)
    next_name = fields.String(allow_none=True)
    next_at = Instant(allow_none=True)


class OnCallNow(Shown):
    """All layers, in the order in which they are notified."""

    at = Instant()
    items = fields.List(fields.Nested(OnCallOut))


class ShiftQuery(Schema):
    """A period of at most 92 days; default: two weeks from now."""

    start = Instant()
    end = Instant()


class ShiftOut(Shown):
    """A shift of a layer and its reason: turn, swap, stand_in, or gap (no one)."""

    layer_id = fields.UUID()
    start = Instant()
    end = Instant()
    person_id = fields.UUID(allow_none=True)
    why = fields.String()
    instead_of = fields.UUID(allow_none=True)


class Shifts(Shown):
    """Shifts by layer and time."""

    items = fields.List(fields.Nested(ShiftOut))


class SwapIn(Schema):
    """A period of a layer and who covers it."""

    layer_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    start = Instant(required=True)
    end = Instant(required=True)


class SwapOut(Shown):
    """A swap."""

    id = fields.UUID()
    layer_id = fields.UUID()
    person_id = fields.UUID()
    start = Instant()
    end = Instant()
    made_at = Instant()


@blueprint.get("/on-call")
@blueprint.input(OnCallQuery, **QUERY)
@blueprint.output(OnCallNow)
def get_on_call(query_data: dict[str, Any]) -> Answer:
    """Who is on call."""
    require("desk")
    at = query_data.get("at") or clock.now()
    items = [
        {
            "layer_id": each.layer_id,
            "layer": each.layer,
            "person_id": each.person.id if each.person else None,
            "name": each.person.name if each.person else None,
            "until": each.until,
            "is_off": each.is_off,
            "next_person_id": each.next_person.id if each.next_person else None,
            "next_name": each.next_person.name if each.next_person else None,
            "next_at": each.next_at,
        }
        for each in on_call(at)
    ]
    return {"at": at, "items": items}


@blueprint.get("/on-call/shifts")
@blueprint.input(ShiftQuery, **QUERY)
@blueprint.output(Shifts)
def list_shifts(query_data: dict[str, Any]) -> Answer:
    """Shifts and gaps of a period."""
    require("desk")
    start = query_data.get("start") or clock.now()
    end = query_data.get("end") or start + USUAL
    if not timedelta() < end - start <= LONGEST:
        raise Invalid(fields={"end": ["out_of_range"]})
    return {"items": shifts(rota(start), start, end)}


@blueprint.post("/on-call/swaps")
@blueprint.input(SwapIn)
@blueprint.output(SwapOut, status_code=201)
def create_swap(json_data: dict[str, Any]) -> Answer:
    """Swap a shift: give away your own or cover another; team leads and administrators, any."""
    _may_change()
    layer, person = access_layer(json_data["layer_id"]), access_person(json_data["person_id"])
    made = swap(layer, person, start=json_data["start"], end=json_data["end"], at=clock.now(), by=caller())
    return _shown(settled(made))


@blueprint.delete("/on-call/swaps/<uuid:swap_id>")
@blueprint.output({}, status_code=204)
def delete_swap(swap_id: UUID) -> Answer:
    """Cancel a swap in which you cover; team leads and administrators, any."""
    _may_change()
    cancel_swap(access_swap(swap_id), at=clock.now(), by=caller())
    return ""


def _may_change() -> None:
    require("work_tickets")
    if caller().is_restricted:
        raise Denied("not_allowed")


def _shown(made: OnCallSwap) -> dict[str, Any]:
    return {
        "id": made.id,
        "layer_id": made.layer_id,
        "person_id": made.person_id,
        "start": made.starts_at,
        "end": made.ends_at,
        "made_at": made.made_at,
    }
