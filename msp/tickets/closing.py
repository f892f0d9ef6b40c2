"""Tickets closed as merged or as spam: their SLA targets count for nothing, and reopening restores all of it.

`Ticket.closed_state` keeps status, times and clocks as they were. A clock of such a ticket is cancelled without a due
date, so that no report counts it as met or breached.
"""

from datetime import datetime
from uuid import UUID

from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict
from msp.kernel.ids import new_id
from msp.sla import clocks as sla
from msp.sla.models import Clock, Pause
from msp.tickets import sla_targets
from msp.tickets.events import TicketStatusChanged, emit_ticket_event
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED

_CLOCK = ("state", "due_at", "met_at", "breached_at")
_TIMES = ("resolved_at", "closed_at", "scheduled_for", "paused_at")


def close_as(ticket: Ticket, reason: str, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Close a locked ticket as `merged` or `spam`, from any status; emits `ticket.status_changed`.

    Raises Conflict if it is closed in such a way already.
    """
    if ticket.closed_as is not None:
        raise Conflict("ticket_is_merged" if ticket.closed_as == "merged" else "ticket_is_spam")
    clocks = sla.clocks_of(ticket.id)
    ticket.closed_state = _kept(ticket, clocks, at=at)
    for clock in clocks:
        clock.state, clock.met_at = "cancelled", at
        clock.due_at = clock.breached_at = clock.next_step_at = None
    before, ticket.status, ticket.closed_as = ticket.status, "closed", reason
    ticket.resolved_at, ticket.closed_at = ticket.resolved_at or at, at
    ticket.scheduled_for = ticket.paused_at = None
    sla_targets.copy_next_due(ticket, clocks)
    if before != "closed":
        emit_ticket_event(ticket, TicketStatusChanged(before=before, after="closed"), at=at, actor_id=actor_id)


def restore(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Give a ticket that was closed in such a way its status and clocks back; the time between does not count."""
    kept = ticket.closed_state
    if ticket.closed_as is None or kept is None:
        raise Conflict("not_possible")
    ticket.closed_as, ticket.closed_state, ticket.status = None, None, kept["status"]
    for name in _TIMES:
        setattr(ticket, name, _time(kept[name]))
    _restore_clocks(ticket, kept, at=at)
    if ticket.status != "closed":
        event = TicketStatusChanged(before="closed", after=ticket.status, scheduled_for=ticket.scheduled_for)
        emit_ticket_event(ticket, event, at=at, actor_id=actor_id)


def _kept(ticket: Ticket, clocks: list[Clock], *, at: datetime) -> Json:
    states = {str(each.id): {name: _text(getattr(each, name)) for name in _CLOCK} for each in clocks}
    times = {name: _text(getattr(ticket, name)) for name in _TIMES}
    return {"status": ticket.status, "at": at.isoformat(), "clocks": states} | times


def _restore_clocks(ticket: Ticket, kept: Json, *, at: datetime) -> None:
    timing = sla_targets.timing_for(ticket)
    for clock in timing.clocks:
        if state := kept["clocks"].get(str(clock.id)):
            clock.state, clock.due_at = state["state"], _time(state["due_at"])
            clock.met_at, clock.breached_at = _time(state["met_at"]), _time(state["breached_at"])
    running = [clock for clock in timing.clocks if clock.state == "running"]
    if running and ticket.status not in FINISHED:
        away = Pause(
            id=new_id(),
            client_id=ticket.client_id,
            ticket_id=ticket.id,
            started_at=datetime.fromisoformat(kept["at"]),
            ended_at=at,
            reason="closed",
        )
        db.session.add(away)
        timing.pauses.append(away)
        for clock in running:
            sla.derive(timing, clock)
    sla_targets.copy_next_due(ticket, timing.clocks)


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
