"""SLA clocks of the demo's tickets as rows: when they ran, were paused and were met."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msp.calendars.business_time import deadline
from msp.contracts.escalation_policy import DEFAULT_POLICY, planned_steps
from msp.demo import world as told
from msp.demo.loaded import Loaded, Row
from msp.kernel.ids import new_id
from msp.sla.reply_state import TicketMessage, reply_state
from msp.tickets.states import FINISHED, pauses


def pauses_of(each: told.DemoTicket, ticket: Row) -> Iterator[Row]:
    """The pauses of a ticket's clocks, as rows."""
    started: datetime | None = None
    reason = ""
    for change in (change for change in each.changes if change.field == "status"):
        status = change.value or ""
        if started is not None and not pauses(status):
            yield _pause(ticket, started, change.at, reason)
            started = None
        elif started is None and pauses(status):
            started, reason = change.at, status
    if started is not None:
        yield _pause(ticket, started, None, reason)


def _pause(ticket: Row, started: datetime, ended: datetime | None, reason: str) -> Row:
    return {
        "id": new_id(),
        "client_id": ticket["client_id"],
        "ticket_id": ticket["id"],
        "started_at": started,
        "ended_at": ended,
        "reason": reason,
    }


def clocks_of(each: told.DemoTicket, ticket: Row, stood: list[Row], loaded: Loaded, *, at: datetime) -> Iterator[Row]:
    """The clocks of a ticket at an instant, as rows."""
    target = loaded.agreements[each.contract].targets[each.priority]
    for clock in each.clocks:
        is_fulfilment = clock.kind == "resolution" and each.type == "request" and target.fulfilment_minutes is not None
        kind = "fulfilment" if is_fulfilment else clock.kind
        row = _clock(each, ticket, stood, loaded, kind=kind, minutes=clock.target_minutes, since=each.created_at, at=at)
        if clock.met_at:
            row |= {"state": "met", "met_at": clock.met_at, "next_step_at": None, "taken": [], "next_step": 0}
            row |= {"due_at": clock.due_at, "breached_at": clock.due_at if clock.breached else None}
        yield row
    owed = _owed(each, loaded)
    if owed is not None and target.next_response_minutes is not None:
        minutes = target.next_response_minutes
        yield _clock(each, ticket, stood, loaded, kind="next_response", minutes=minutes, since=owed, at=at)


def _owed(each: told.DemoTicket, loaded: Loaded) -> datetime | None:
    """Since when the client waits for another answer on an unfinished ticket that was answered once."""
    first = each.first_responded_at
    if each.status in FINISHED or first is None:
        return None
    return reply_state(_said(one, loaded) for one in each.messages if one.at > first).owed_since


def _said(one: told.DemoMessage, loaded: Loaded) -> TicketMessage:
    is_staff = loaded.people[one.author].is_staff
    return TicketMessage(one.at, is_by_desk=is_staff, is_by_client=not is_staff, is_public=one.visibility == "public")


def _clock(
    each: told.DemoTicket,
    ticket: Row,
    stood: list[Row],
    loaded: Loaded,
    *,
    kind: str,
    minutes: int,
    since: datetime,
    at: datetime,
) -> Row:
    """An open clock: the steps whose moment is in the past were taken then."""
    hours, budget = loaded.hours[loaded.calendar_of[each.contract]], timedelta(minutes=minutes)
    spans = [(pause["started_at"], pause["ended_at"]) for pause in stood]
    due = None if ticket["paused_at"] else deadline(hours, since, budget, spans)
    policy = loaded.agreements[each.contract].escalation_policy or DEFAULT_POLICY
    steps = [
        (planned.key, deadline(hours, since, planned.offset, spans)) for planned in planned_steps(policy, kind, budget)
    ]
    taken = [key for key, moment in steps if moment is not None and moment <= at]
    ahead = [moment for _, moment in (*steps, ("", due)) if moment is not None and moment > at]
    return {
        "id": new_id(),
        "client_id": ticket["client_id"],
        "ticket_id": ticket["id"],
        "calendar_id": loaded.calendars[loaded.calendar_of[each.contract]],
        "kind": kind,
        "state": "paused" if ticket["paused_at"] else "running",
        "budget_seconds": minutes * 60,
        "started_at": since,
        "due_at": due,
        "met_at": None,
        "breached_at": due if due is not None and due <= at else None,
        "taken": taken,
        "next_step": len(taken),
        "next_step_at": min(ahead, default=None) if due is not None else None,
    }


def show_due(ticket: Row, clocks: list[Row]) -> None:
    """Set on the ticket's row the SLA target that is due first."""
    running = [clock for clock in clocks if clock["state"] == "running" and clock["due_at"]]
    if running and ticket["status"] not in FINISHED:
        first = min(running, key=lambda clock: clock["due_at"])
        ticket["due_at"], ticket["due_kind"], ticket["due_from"] = first["due_at"], first["kind"], first["started_at"]
