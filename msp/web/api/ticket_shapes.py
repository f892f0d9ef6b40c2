"""How a ticket looks in the API."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from msp.kernel.errors import Invalid
from msp.kernel.storable import is_storable
from msp.people.models import Person
from msp.sla.detail_queries import ClockRow
from msp.sla.explanation import Explanation
from msp.sla.models import Clock
from msp.tickets.api_queries import ListedTicket
from msp.tickets.by_requester import ACTIONS
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import LEVELS, TYPES, Ticket
from msp.tickets.opening import MAX_SUBJECT
from msp.tickets.states import PRIORITIES, STATUSES
from msp.tickets.ticket_rows import PersonName, TicketRow
from msp.web.api.access import caller
from msp.web.api.fields import Instant, Schema, Shown, TextField, Whole, WholeInQuery, one_of
from msp.web.api.pages import PageQuery
from msp.words.deadline_explanations import trail

QUEUES = {"T1": 1, "T2": 2, "T3": 3}
SOURCES = ("api", "email", "phone", "portal", "console")


class Requester(fields.Field[dict[str, str]]):
    """The requester: an id, an email address, or an object with one of them and a name for a new contact."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> dict[str, str]:
        given = {"email" if "@" in value else "id": value} if isinstance(value, str) else value
        if not isinstance(given, dict) or not given.keys() <= {"id", "email", "name"} or not given.keys() - {"name"}:
            raise self.make_error("invalid")
        if not all(isinstance(each, str) and len(each) <= 254 and is_storable(each) for each in given.values()):
            raise self.make_error("invalid")
        try:
            return given | ({"id": UUID(given["id"])} if "id" in given else {})
        except ValueError as wrong:
            raise self.make_error("invalid") from wrong

    default_error_messages = {"invalid": "invalid"}


class Assignee(fields.UUID):
    """A person id, or `none` for unassigned tickets."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return value if value == "none" else super()._deserialize(value, attr, data, **kwargs)


class Statuses(fields.String):
    """One or more statuses, separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        codes = str(super()._deserialize(value, attr, data, **kwargs)).split(",")
        if not set(codes) <= set(STATUSES):
            raise ValidationError("unknown")
        return codes


class TicketQuery(PageQuery):
    """Filters and order of the ticket list."""

    view = fields.UUID(metadata={"description": "A saved view, with its own filters and order; for staff tokens"})
    client_id = fields.UUID()
    status = Statuses(metadata={"description": f"One or more, separated by commas: {', '.join(STATUSES)}"})
    assignee_id = Assignee(metadata={"description": "Person id, or `none`"})
    requester_id = fields.UUID()
    tier = WholeInQuery(least=1, most=3)
    priority = one_of(PRIORITIES)
    type = one_of(TYPES)
    q = TextField(longest=200, metadata={"description": "As in `/search`: words, names, numbers such as LOZ-42"})
    order = one_of(
        ("newest", "due"), load_default="newest", metadata={"description": "`due`: open tickets by due date"}
    )


class TicketChange(Schema):
    """Changes to a ticket, applied together."""

    subject = TextField(longest=MAX_SUBJECT, blank=False)
    type = one_of(TYPES)
    impact = one_of(LEVELS)
    urgency = one_of(LEVELS)
    priority = one_of(PRIORITIES)
    status = one_of(STATUSES)
    scheduled_for = Instant(
        metadata={"description": "With `status` scheduled: when the ticket is reopened, at most 366 days from now"}
    )
    tier = Whole(least=1, most=3)
    queue = one_of(QUEUES, metadata={"description": "Alternative to `tier`"})
    assignee_id = fields.UUID(allow_none=True)
    contract_id = fields.UUID(
        allow_none=True,
        metadata={"description": "Another contract of the client; open SLA targets are recalculated"},
    )
    tags = fields.List(TextField(longest=50, blank=False))


class RequesterActionIn(Schema):
    """An action of the requester."""

    action = one_of(ACTIONS, required=True)


class TicketIn(Schema):
    """A new ticket. Without a priority it follows from impact and urgency."""

    client_id = fields.UUID(metadata={"description": "Required with a staff or admin token"})
    requester = Requester(
        metadata={
            "description": "Required with a staff or admin token. An unknown address creates a contact.",
            "oneOf": [
                {"type": "string", "description": "Person id or email address"},
                {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "email": {"type": "string"},
                        "name": {"type": "string"},
                    },
                },
            ],
        }
    )
    requester_id = fields.UUID(metadata={"description": "Same as `requester` with an id"})
    subject = TextField(longest=MAX_SUBJECT, blank=False, required=True)
    body = TextField(longest=MAX_BODY, load_default="")
    type = one_of(TYPES, load_default="incident")
    impact = one_of(LEVELS, load_default="medium")
    urgency = one_of(LEVELS, load_default="medium")
    priority = one_of(PRIORITIES)
    source = one_of(SOURCES, load_default="api")
    tags = fields.List(TextField(longest=50, blank=False), load_default=list)
    tier = Whole(least=1, most=3)
    queue = one_of(QUEUES, metadata={"description": "Alternative to `tier`"})
    assignee_id = fields.UUID(allow_none=True)


class PersonBrief(Shown):
    """A person of a ticket."""

    id = fields.UUID()
    name = fields.String()
    email = fields.String(allow_none=True)
    is_guest = fields.Boolean(metadata={"description": "Guest from another company in the client's chat"})


class StepOut(Shown):
    """A step of the due date calculation: business hours used, a day or break skipped, or a pause."""

    code = fields.String(metadata={"description": "window, skipped or pause"})
    day = fields.Date()
    start = Instant()
    end = Instant(allow_none=True)
    minutes = fields.Integer()
    rule = fields.String(metadata={"description": "weekly, override, holiday, closed or break; empty for a pause"})
    name = fields.String(metadata={"description": "Name of the holiday, exception or timetable, if any"})
    holiday = fields.String(metadata={"description": "Same as `name`; holidays only"})


class ExplanationOut(Shown):
    """How the due date of an SLA target was calculated."""

    timezone = fields.String(metadata={"description": "Time zone of the calendar"})
    steps = fields.List(fields.Nested(StepOut))
    sentences = fields.List(
        fields.String(), metadata={"description": "The explanation as text, in the caller's language and time zone"}
    )


class TicketSlaOut(Shown):
    """An SLA target of the ticket."""

    kind = fields.String(metadata={"description": "first_response, next_response (several), resolution or fulfilment"})
    state = fields.String(metadata={"description": "running, paused, met or cancelled"})
    budget_minutes = fields.Integer(metadata={"description": "Business minutes"})
    started_at = Instant()
    due_at = Instant(allow_none=True)
    met_at = Instant(allow_none=True)
    breached_at = Instant(allow_none=True)
    explanation = fields.Nested(
        ExplanationOut, allow_none=True, metadata={"description": "Only when a single ticket is read; else null"}
    )


class TicketOut(Shown):
    """A ticket."""

    id = fields.UUID()
    number = fields.String(metadata={"example": "LOZ-42"})
    client_id = fields.UUID()
    requester_id = fields.UUID()
    requester = fields.Nested(PersonBrief)
    subject = fields.String()
    body = fields.String()
    type = fields.String()
    impact = fields.String()
    urgency = fields.String()
    priority = fields.String()
    status = fields.String()
    queue = fields.String()
    tier = fields.Integer()
    assignee_id = fields.UUID(allow_none=True)
    assignee = fields.Nested(PersonBrief, allow_none=True)
    contract_id = fields.UUID(allow_none=True)
    source = fields.String()
    tags = fields.List(fields.String())
    due_at = Instant(allow_none=True, metadata={"description": "Due date of the next SLA target"})
    due_kind = fields.String(allow_none=True)
    sla = fields.List(fields.Nested(TicketSlaOut))
    version = fields.Integer()
    created_at = Instant()
    updated_at = Instant()
    resolved_at = Instant(allow_none=True)
    closed_at = Instant(allow_none=True)
    closed_as = fields.String(allow_none=True, metadata={"description": "merged or spam: it counts in no report"})
    scheduled_for = Instant(allow_none=True, metadata={"description": "When a scheduled ticket is reopened"})


class RequesterActionOut(Shown):
    """The result of the action."""

    is_changed = fields.Boolean()
    ticket = fields.Nested(TicketOut)


_AS_IT_IS = TicketOut().fields.keys() - {"number", "body", "requester", "assignee", "queue", "sla"}


def shown(ticket: Ticket, explanations: Sequence[Explanation] = ()) -> dict[str, object]:
    """A ticket with its SLA targets, for TicketOut."""
    return _shown(ticket, ticket.body, ticket.clocks, explanations)


def listed(ticket: ListedTicket) -> dict[str, object]:
    """A ticket of a list, for TicketOut."""
    return _shown(ticket.row, ticket.body, ticket.clocks)


def _shown(
    ticket: Ticket | TicketRow, body: str, clocks: Sequence[Clock | ClockRow], explanations: Sequence[Explanation] = ()
) -> dict[str, object]:
    is_staff, requester, assignee = caller().is_staff, ticket.requester, ticket.assignee
    return {name: getattr(ticket, name) for name in _AS_IT_IS} | {
        "number": ticket.label,
        "body": body,
        "requester": _brief(requester, requester.email),
        "assignee": assignee and _brief(assignee, assignee.email if is_staff else None),
        "queue": f"T{ticket.tier}",
        "sla": [_sla_out(*each) for each in zip_longest(clocks, explanations)],
    }


def _brief(person: Person | PersonName, email: str | None) -> dict[str, object]:
    """Somebody as a ticket names them."""
    return {"id": person.id, "name": person.name, "email": email, "is_guest": person.is_guest}


def wanted_tier(data: Mapping[str, Any]) -> int | None:
    """The tier that `tier` or `queue` names; refuses two different ones."""
    named = QUEUES[data["queue"]] if "queue" in data else None
    tier: int | None = data.get("tier", named)
    if named is not None and tier != named:
        raise Invalid(fields={"queue": ["invalid"]})
    return tier


def _sla_out(clock: Clock | ClockRow, explanation: Explanation | None) -> dict[str, object]:
    return {
        "kind": clock.kind,
        "state": clock.state,
        "budget_minutes": clock.budget_seconds // 60,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
        "explanation": explanation and explanation_out(explanation),
    }


def explanation_out(explanation: Explanation) -> dict[str, object]:
    """The trail of a deadline as codes, and in the caller's words."""
    return {"timezone": explanation.timezone, "steps": explanation.steps, "sentences": trail(explanation)}
