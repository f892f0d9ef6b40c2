"""Bulk actions: one action on many tickets, with a result for each, and its undo."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.kernel import clock
from msp.tickets import bulk
from msp.tickets.bulk import Batch, TicketResult
from msp.tickets.bulk_actions import ACTIONS
from msp.tickets.states import PRIORITIES, STATUSES
from msp.web.api.access import caller, require
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.resource import Answer, resource, settled
from msp.words.refusals import message

blueprint = resource("bulk-changes", tag="Tickets")


class BulkIn(Schema):
    """An action and its tickets; the fields that the action needs."""

    ticket_ids = fields.List(fields.UUID(), required=True, metadata={"description": f"At most {bulk.MAX_TICKETS}"})
    action = TextField(
        longest=40,
        required=True,
        metadata={
            "description": f"{', '.join(ACTIONS)}. `resolve` waits for the undo period; `status` is done at once"
        },
    )
    batch_id = fields.UUID(metadata={"description": "Continues a batch of the same action: one undo for all of it"})
    assignee_id = fields.UUID(allow_none=True, metadata={"description": "For `assign`; null for unassigned"})
    priority = one_of(PRIORITIES, metadata={"description": "For `priority`"})
    status = one_of(STATUSES, metadata={"description": "For `status`"})
    scheduled_for = Instant(metadata={"description": "For `status` scheduled"})
    tags = fields.List(TextField(longest=50, blank=False), metadata={"description": "For `add_tags` and `remove_tags`"})


class BulkResultOut(Shown):
    """What became of a ticket."""

    ticket_id = fields.UUID()
    number = fields.String(metadata={"example": "LOZ-42"})
    state = fields.String(metadata={"description": "done, unchanged, refused, undone, or kept (not undone)"})
    code = fields.String(allow_none=True, metadata={"description": "Why it was refused or kept"})
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    message = fields.String(allow_none=True)


class BulkOut(Shown):
    """A batch with the results of its tickets."""

    id = fields.UUID()
    action = fields.String()
    results = fields.List(fields.Nested(BulkResultOut))


@blueprint.post("/tickets/bulk")
@blueprint.input(BulkIn)
@blueprint.output(BulkOut)
def change_tickets(json_data: dict[str, Any]) -> Answer:
    """Apply an action to several tickets: what one of them refuses does not stop the others.

    An unknown ticket is refused with 404 before anything is changed.
    """
    require("work_tickets")
    batch = bulk.change_tickets(
        json_data["ticket_ids"],
        json_data["action"],
        json_data,
        person=caller(),
        at=clock.now(),
        batch_id=json_data.get("batch_id"),
    )
    return settled(_shown(batch))


@blueprint.get("/tickets/bulk/<uuid:batch_id>")
@blueprint.output(BulkOut)
def read_batch(batch_id: UUID) -> Answer:
    """A batch of the caller."""
    require("work_tickets")
    return _shown(bulk.read_batch(batch_id, person=caller()))


@blueprint.post("/tickets/bulk/<uuid:batch_id>/undo")
@blueprint.output(BulkOut)
def undo_batch(batch_id: UUID) -> Answer:
    """Restore the fields of the batch's tickets, except those that were changed since; sent messages stay."""
    require("work_tickets")
    bulk.undo_batch(batch_id, person=caller(), at=clock.now(), limit=bulk.MAX_BATCH)
    return _shown(bulk.read_batch(batch_id, person=caller()))


def _shown(batch: Batch) -> dict[str, object]:
    return {"id": batch.id, "action": batch.action, "results": [_result(each) for each in batch.results]}


def _result(result: TicketResult) -> dict[str, object]:
    refusal = result.refusal
    return {
        "ticket_id": result.ticket_id,
        "number": result.label,
        "state": result.state,
        "code": refusal.code if refusal else None,
        "errors": getattr(refusal, "fields", {}),
        "message": message(refusal) if refusal else None,
    }
