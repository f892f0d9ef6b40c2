"""Macros: prepared replies and changes of a ticket; made by staff, applied at once."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.clients.queries import access_client
from msp.contracts.models import WORK_TYPES
from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid
from msp.macros import actions
from msp.macros.applying import Written, apply_macro
from msp.macros.definition import MACRO_STATUSES, MAX_NAME, MAX_TEXT, MacroValues
from msp.macros.models import SCOPES, VISIBILITIES, Macro
from msp.macros.queries import access_macro, access_macro_for, macros_for, macros_page
from msp.tickets.actions import MAX_TAG, MAX_TIER
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.states import PRIORITIES
from msp.web.api import ticket_shapes
from msp.web.api.access import caller, is_allowed, require
from msp.web.api.conversation import MessageOut, shown
from msp.web.api.fields import Flag, Instant, Schema, Shown, TextField, Whole, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled
from msp.web.api.ticket_shapes import TicketOut
from msp.words.macro_texts import effects, text_for

blueprint = resource("macros", tag="Macros")

_TEXT = "Markdown with variables such as {{requester.first_name}}; an unknown one is refused"


class MacroChange(Schema):
    """What to change of a macro; what is not named stays."""

    name = TextField(longest=MAX_NAME, blank=False)
    visibility = one_of(VISIBILITIES, metadata={"description": "Of the text: a public reply, or an internal note"})
    text_es = TextField(longest=MAX_TEXT, metadata={"description": _TEXT})
    text_en = TextField(longest=MAX_TEXT, metadata={"description": _TEXT})
    status = one_of(MACRO_STATUSES, allow_none=True)
    priority = one_of(PRIORITIES, allow_none=True)
    tier = Whole(least=1, most=MAX_TIER, allow_none=True)
    assigns_to_self = Flag(metadata={"description": "Assigns the ticket to the person who applies the macro"})
    assignee_id = fields.UUID(allow_none=True)
    tags = fields.List(TextField(longest=MAX_TAG), metadata={"description": "Added to those of the ticket"})
    minutes = Whole(least=1, most=1440, allow_none=True, metadata={"description": "Time to log"})
    work_type = one_of(WORK_TYPES, allow_none=True)
    active = Flag(metadata={"description": "Whether it is offered"})


class MacroIn(MacroChange):
    """A new macro. `scope` is `team` unless it is personal, or `client_id` names a client."""

    name = TextField(longest=MAX_NAME, blank=False, required=True)
    is_personal = Flag(load_default=False)
    client_id = fields.UUID(allow_none=True)


class MacroOut(Shown):
    """A macro: its text, and what it changes."""

    id = fields.UUID()
    scope = one_of(SCOPES)
    client_id = fields.UUID(allow_none=True)
    owner_id = fields.UUID(allow_none=True)
    name = fields.String()
    visibility = fields.String()
    text_es = fields.String()
    text_en = fields.String()
    status = fields.String(allow_none=True)
    priority = fields.String(allow_none=True)
    tier = fields.Integer(allow_none=True)
    assigns_to_self = fields.Boolean()
    assignee_id = fields.UUID(allow_none=True)
    tags = fields.List(fields.String())
    minutes = fields.Integer(allow_none=True)
    work_type = fields.String(allow_none=True)
    active = fields.Boolean()
    created_at = Instant()
    updated_at = Instant()


class OfferedMacroOut(Shown):
    """A macro for a ticket, with its variables replaced, in the requester's language."""

    id = fields.UUID()
    name = fields.String()
    visibility = fields.String()
    text = fields.String()
    effects = fields.List(fields.String(), metadata={"description": "What it changes, as sentences for people"})


class OfferedMacrosOut(Shown):
    """The macros that the caller can apply to a ticket."""

    items = fields.List(fields.Nested(OfferedMacroOut))


class ApplyIn(Schema):
    """How to apply a macro; `body` replaces its text."""

    body = TextField(longest=MAX_BODY, blank=False)
    last_seen_message_id = fields.UUID(metadata={"description": "As for a reply: 409 `reply_held` if others wrote"})


class AppliedOut(Shown):
    """What applying a macro made."""

    ticket = fields.Nested(TicketOut)
    message = fields.Nested(MessageOut, allow_none=True)
    time_entry_id = fields.UUID(allow_none=True)


@blueprint.get("/macros")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(MacroOut, "Macro"))
def list_macros(query_data: dict[str, Any]) -> Answer:
    """The macros of the team and of clients, and the caller's own (staff)."""
    require("desk")
    limit = query_data["limit"]
    rows = macros_page(caller(), after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page(rows, limit=limit, key=lambda each: each.id)


@blueprint.post("/macros")
@blueprint.input(MacroIn)
@blueprint.output(MacroOut, status_code=201)
def create_macro(json_data: dict[str, Any]) -> Answer:
    """Add a macro: one's own, or as a team lead or administrator one of the team or of a client."""
    require("work_tickets")
    is_personal, client_id = json_data.pop("is_personal"), json_data.pop("client_id", None)
    if is_personal and client_id:
        raise Invalid(fields={"client_id": ["invalid"]})
    if not is_personal:
        _require_manage()
    active = json_data.pop("active", True)
    macro = actions.add_macro(
        MacroValues(**_tupled(json_data)),
        by=caller(),
        owner_id=caller().id if is_personal else None,
        client_id=access_client(client_id).id if client_id else None,
        at=clock.now(),
    )
    macro.active = active
    return settled(macro)


@blueprint.get("/macros/<uuid:macro_id>")
@blueprint.output(MacroOut)
def read_macro(macro_id: UUID) -> Answer:
    """One macro (staff)."""
    require("desk")
    return access_macro(caller(), macro_id)


@blueprint.patch("/macros/<uuid:macro_id>")
@blueprint.input(MacroChange)
@blueprint.output(MacroOut)
def change_macro(macro_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change a macro: one's own, or as a team lead or administrator one of the team or of a client."""
    macro = _writable(macro_id)
    actions.edit_macro(macro, by=caller(), at=clock.now(), **_tupled(json_data))
    return settled(macro)


@blueprint.delete("/macros/<uuid:macro_id>")
@blueprint.output({}, status_code=204)
def remove_macro(macro_id: UUID) -> Answer:
    """Remove a macro; tickets keep what it changed."""
    actions.remove_macro(_writable(macro_id), by=caller(), at=clock.now())
    return ""


@blueprint.get("/tickets/<uuid:ticket_id>/macros")
@blueprint.output(OfferedMacrosOut)
def list_ticket_macros(ticket_id: UUID) -> Answer:
    """The active macros that the caller can apply to a ticket, with their texts for it (staff)."""
    ticket = access_ticket(ticket_id)
    require("work_tickets")
    return {"items": [_offered(each, ticket) for each in macros_for(ticket, caller())]}


@blueprint.post("/tickets/<uuid:ticket_id>/macros/<uuid:macro_id>/apply")
@blueprint.input(ApplyIn)
@blueprint.output(AppliedOut)
def apply(ticket_id: UUID, macro_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Apply a macro at once, all of it or nothing: its text in the requester's language, fields, time and status."""
    ticket = access_ticket(ticket_id, lock=True)
    require("work_tickets")
    macro = access_macro_for(ticket, caller(), macro_id)
    body = json_data.get("body") or text_for(macro, ticket, caller())
    last_seen = json_data.get("last_seen_message_id")
    written = Written(body, macro.visibility, last_seen=last_seen, channel="api") if body else None
    applied = settled(apply_macro(macro, ticket, person=caller(), at=clock.now(), written=written))
    return {
        "ticket": ticket_shapes.shown(ticket),
        "message": shown(applied.message, caller()) if applied.message else None,
        "time_entry_id": applied.entry.id if applied.entry else None,
    }


def _offered(macro: Macro, ticket: Ticket) -> dict[str, Any]:
    text = text_for(macro, ticket, caller())
    return {
        "id": macro.id, "name": macro.name, "visibility": macro.visibility, "text": text,
        "effects": effects(macro, with_text=False),
    }  # fmt: skip


def _writable(macro_id: UUID) -> Macro:
    macro = access_macro(caller(), macro_id)
    require("work_tickets")
    if macro.owner_id is None:
        _require_manage()
    return macro


def _require_manage() -> None:
    if not is_allowed("manage_macros"):
        raise Denied("not_allowed")


def _tupled(data: dict[str, Any]) -> dict[str, Any]:
    return data | ({"tags": tuple(data["tags"])} if "tags" in data else {})
