"""Updates a ticket's SLA clocks after messages, changes of status, and changes of its terms."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from msp.contracts.queries import ContractSla, sla_for
from msp.kernel.db import db
from msp.people.models import Person
from msp.sla import clocks as sla
from msp.sla.models import Clock
from msp.sla.reply_state import TicketMessage
from msp.sla.retargeting import retarget
from msp.sla.timing import Timing, timing_of
from msp.tickets.events import MovedClock, SlaMet, SlaRecomputed, emit_ticket_event
from msp.tickets.models import NOT_UNDONE, Message, Ticket
from msp.tickets.states import FINISHED

_SAID = (
    select(
        Message.at, Message.visibility, Message.delivery_state, Message.delivered_at, Message.failed_at,
        Person.id, Person.client_id,
    )
    .outerjoin(Person, Person.id == Message.author_id)
    .where(Message.ticket_id == bindparam("ticket_id"), NOT_UNDONE)
    .order_by(Message.at, Message.id)
)  # fmt: skip


def on_message(ticket: Ticket, message: TicketMessage, *, actor_id: UUID | None) -> None:
    """A message was added: a response meets the reply target, a question starts one."""
    if message.is_response:
        timing = timing_for(ticket)
        met = sla.meet(timing, *sla.ANSWERS, at=message.at)
        _emit_met(ticket, met, at=message.at, actor_id=actor_id)
        if met:
            copy_next_due(ticket, timing.clocks)
    elif message.is_question and ticket.due_kind not in sla.ANSWERS:  # a running one already covers this message
        timing = timing_for(ticket)
        if timing.level is not None:
            budgets = timing.level.budgets(priority=ticket.priority, type=ticket.type)
            if sla.await_answer(timing, budgets, at=message.at):
                copy_next_due(ticket, timing.clocks)


def on_status(ticket: Ticket, before: str, *, at: datetime, actor_id: UUID | None, is_undo: bool = False) -> None:
    """The status changed: pause, resume, stop or reopen the clocks. `resolved_at` is still the previous one."""
    timing = timing_for(ticket)
    if ticket.paused_at is not None and not timing.holds(ticket.status):
        sla.resume(timing, at=at)
    if ticket.status in FINISHED:
        met = sla.meet(timing, "first_response", *sla.ENDS, at=at)
        sla.stop_awaiting(timing, at=at)
        _emit_met(ticket, met, at=at, actor_id=actor_id)
    elif before in FINISHED:
        if is_undo:
            sla.undo_finish(timing, finished_at=ticket.resolved_at)
        sla.reopen(timing, resolved_at=ticket.resolved_at, at=at)
        retarget_clocks(ticket, timing, service_level_of(ticket), reason="reopened", at=at, actor_id=actor_id)
    if timing.holds(ticket.status):
        sla.pause(timing, reason=ticket.status, at=at)
    ticket.paused_at = (ticket.paused_at or at) if timing.holds(ticket.status) else None
    copy_next_due(ticket, timing.clocks)


def on_terms_changed(ticket: Ticket, *, reason: str, at: datetime, actor_id: UUID | None = None) -> None:
    """The ticket's terms changed: recompute open clocks from history; emits `sla.recomputed` if any changed."""
    if ticket.status not in FINISHED:
        timing = timing_for(ticket)
        retarget_clocks(ticket, timing, service_level_of(ticket), reason=reason, at=at, actor_id=actor_id)


def retarget_clocks(
    ticket: Ticket,
    timing: Timing,
    contract_sla: ContractSla | None,
    *,
    reason: str,
    at: datetime,
    actor_id: UUID | None = None,
) -> None:
    """Apply a service level to an unfinished ticket's clocks; emits `sla.recomputed` with old and new due dates."""
    moved = retarget(
        timing,
        contract_sla,
        status=ticket.status,
        opened_at=ticket.created_at,
        conversation=lambda: conversation_of(ticket.id),
        at=at,
    )
    ticket.paused_at = (ticket.paused_at or at) if timing.is_held else None
    copy_next_due(ticket, timing.clocks)
    if moved and reason != "reopened":
        clocks = tuple(MovedClock(each.kind, each.before, each.after) for each in moved)
        emit_ticket_event(ticket, SlaRecomputed(reason=reason, clocks=clocks), at=at, actor_id=actor_id)


def service_level_of(ticket: Ticket) -> ContractSla | None:
    """The SLA targets of the ticket's contract for its priority and type now; None without a contract."""
    if ticket.contract_id is None:
        return None
    return sla_for(
        ticket.client_id,
        priority=ticket.priority,
        type=ticket.type,
        on=ticket.created_at.date(),
        contract_id=ticket.contract_id,
    )


def timing_for(ticket: Ticket) -> Timing:
    """The ticket's clocks and what affects them."""
    return timing_of(client_id=ticket.client_id, ticket_id=ticket.id, contract_id=ticket.contract_id)


def copy_next_due(ticket: Ticket, clocks: Iterable[Clock]) -> None:
    """Copy the earliest due date to the ticket, for sorting lists."""
    due = sla.next_due(clocks)
    ticket.due_at = due.due_at if due else None
    ticket.due_kind = due.kind if due else None
    ticket.due_from = due.started_at if due else None


def message_of(author: Person, *, is_public: bool, at: datetime) -> TicketMessage:
    """A message as the rules of `sla.reply_state` take it."""
    return TicketMessage(at, is_by_desk=author.is_staff, is_by_client=not author.is_staff, is_public=is_public)


def conversation_of(ticket_id: UUID) -> list[TicketMessage]:
    """A ticket's messages in order; a failed reply counts from its delivery, if it was delivered later."""
    return sorted(map(_message, db.session.execute(_SAID, {"ticket_id": ticket_id})), key=lambda message: message.at)


def _message(row: Any) -> TicketMessage:
    had_failed = row.failed_at is not None
    return TicketMessage(
        row.delivered_at if had_failed and row.delivered_at else row.at,
        is_by_desk=row.id is not None and row.client_id is None,
        is_by_client=row.client_id is not None,
        is_public=row.visibility == "public",
        is_delivered=row.delivery_state == "sent" if had_failed else row.delivery_state != "failed",
    )


def _emit_met(ticket: Ticket, met: Iterable[Clock], *, at: datetime, actor_id: UUID | None) -> None:
    for clock in met:
        event = SlaMet(clock=clock.kind, is_late=clock.breached_at is not None)
        emit_ticket_event(ticket, event, at=at, actor_id=actor_id)
