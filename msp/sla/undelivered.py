"""Reopen the clocks that a reply met which turned out not to be delivered."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msp.calendars.business_time import deadline
from msp.kernel.db import db
from msp.sla.clocks import ANSWERS, reactivate, spans, stop
from msp.sla.history import pauses_before
from msp.sla.models import Clock
from msp.sla.reply_state import TicketMessage
from msp.sla.timing import Timing


def undo_reply(
    timing: Timing,
    *,
    answered_at: datetime,
    conversation: Iterable[TicketMessage],
    finished: Sequence[datetime],
    is_finished: bool,
    at: datetime,
) -> list[Clock]:
    """Reopen the clocks that a reply met at `answered_at`, with their original due dates; returns all it had met.

    `conversation` no longer counts that reply. If another reply met the clock too, or the ticket was `finished`
    (instants, oldest first), the clock is met at that time. A clock that started later is cancelled in favour of the
    reopened one, since only one reply target runs at a time.
    """
    affected = [each for each in timing.clocks if _was_met(each, answered_at)]
    responses = [message.at for message in conversation if message.is_response]
    reopened = []
    for clock in affected:
        ends = [*responses, *(finished if clock.kind == "first_response" else ())]
        met_at = min((each for each in ends if each >= clock.started_at), default=None)
        if met_at is not None:
            _meet_at(timing, clock, met_at)
        elif is_finished:
            stop(clock, "cancelled", at=max([clock.started_at, *finished[-1:]]))
        else:
            reopened.append(clock)
    if reopened:
        _withdraw_newer(timing, affected, at=at)
    for clock in reopened:
        reactivate(timing, clock)
    return affected


def _was_met(clock: Clock, at: datetime) -> bool:
    return clock.kind in ANSWERS and clock.state == "met" and clock.met_at == at


def _meet_at(timing: Timing, clock: Clock, met_at: datetime) -> None:
    clock.met_at = met_at
    known = pauses_before(clock, spans(timing.pauses))
    budget = timedelta(seconds=clock.budget_seconds)
    clock.due_at = deadline(timing.calendars[clock.calendar_id], clock.started_at, budget, known)
    stop(clock, "met", at=met_at)


def _withdraw_newer(timing: Timing, reopened: Sequence[Clock], *, at: datetime) -> None:
    """Cancel newer clocks that the reopened ones cover, so that they are counted once; a cancelled clock has no due
    date."""
    for clock in timing.clocks:
        if clock.kind in ANSWERS and clock.is_open and clock not in reopened:
            stop(clock, "cancelled", at=at)
            clock.due_at = clock.breached_at = None
    db.session.flush()  # the database allows one open clock of a kind
