"""Apply other SLA targets (priority, type, contract, calendar) to open clocks. Due dates follow from the history.

Time that was used under the old terms stays used, and pauses stay pauses; a contract that pauses clocks in other
statuses does so from now on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msp.calendars.business_time import elapsed
from msp.contracts.queries import ContractSla
from msp.kernel.db import db
from msp.sla.clocks import ANSWERS, ENDS, await_answer, derive, pause, reactivate, resume, start_clock, stop
from msp.sla.models import Clock
from msp.sla.reply_state import TicketMessage, reply_state
from msp.sla.timing import Timing, spans

Conversation = Callable[[], Iterable[TicketMessage]]
_Facts = tuple[str, str, datetime | None]


@dataclass(frozen=True, slots=True)
class Moved:
    """A target whose due date changed; None: it is paused, or there is no such target."""

    kind: str
    before: datetime | None
    after: datetime | None


def retarget(
    timing: Timing,
    contract_sla: ContractSla | None,
    *,
    status: str,
    opened_at: datetime,
    conversation: Conversation,
    at: datetime,
) -> list[Moved]:
    """Apply a service level to the open clocks of an unfinished ticket (None: no targets); returns what changed.

    A new target starts where it would have started: when the ticket was opened, or at the client's first unanswered
    message. A target that no longer exists is cancelled.
    """
    before = {clock.id: _facts(clock) for clock in timing.clocks}
    if contract_sla is None:
        for clock in timing.clocks:
            if clock.is_open:
                stop(clock, "cancelled", at=at)
    else:
        timing.level = contract_sla.level
        timing.calendars[contract_sla.calendar_id] = contract_sla.calendar
        _hold(timing, status, at=at)
        _start_missing(timing, contract_sla, ENDS, opened_at=opened_at)
        first = _start_missing(timing, contract_sla, ("first_response",), opened_at=opened_at)
        for clock in timing.clocks:
            if clock.is_open:
                _follow(timing, clock, contract_sla, at=at)
        _update_reply_targets(timing, contract_sla, first, conversation)
    nothing: _Facts = ("", "", None)
    pairs = [(before.get(clock.id, nothing), _facts(clock)) for clock in timing.clocks]
    return [Moved(after[0], old[2], after[2]) for old, after in pairs if old != after]


def _facts(clock: Clock) -> _Facts:
    return clock.kind, clock.state, clock.due_at if clock.is_open else None


def _hold(timing: Timing, status: str, *, at: datetime) -> None:
    if timing.holds(status) and not timing.is_held:
        pause(timing, reason=status, at=at)
    elif timing.is_held and not timing.holds(status):
        resume(timing, at=at)


def _start_missing(
    timing: Timing, contract_sla: ContractSla, kinds: Sequence[str], *, opened_at: datetime
) -> Clock | None:
    """Start a target that counts from the ticket's opening and is missing; returns None if it exists."""
    known = [clock for clock in timing.clocks if clock.kind in kinds]
    kind = next((kind for kind in kinds if kind in contract_sla.budgets), None)
    if kind is None or any(clock.state != "cancelled" for clock in known):
        return None
    if known:
        reactivate(timing, known[-1])
        return known[-1]
    clock = start_clock(timing, kind, contract_sla.budgets[kind], calendar_id=contract_sla.calendar_id, at=opened_at)
    db.session.add(clock)
    return clock


def _follow(timing: Timing, clock: Clock, contract_sla: ContractSla, *, at: datetime) -> None:
    if clock.kind in ENDS:
        clock.kind = next((kind for kind in ENDS if kind in contract_sla.budgets), clock.kind)
    budget = contract_sla.budgets.get(clock.kind)
    if budget is None:
        stop(clock, "cancelled", at=at)
        return
    clock.calendar_id, clock.budget_seconds = contract_sla.calendar_id, budget // timedelta(seconds=1)
    stood = [(begun, ended or at) for begun, ended in spans(timing.pauses)]
    if clock.breached_at is not None and elapsed(contract_sla.calendar, clock.started_at, at, stood) < budget:
        clock.breached_at = None
    if clock.state == "running":
        derive(timing, clock)


def _update_reply_targets(
    timing: Timing, contract_sla: ContractSla, first: Clock | None, conversation: Conversation
) -> None:
    """Meet a first response that starts only now, and start the reply target that is owed, from the messages."""
    is_new = first is not None
    if not is_new and ("next_response" not in contract_sla.budgets or timing.open_clock(*ANSWERS)):
        return
    messages = list(conversation())
    answered_at = reply_state(messages).answered_at
    if first is not None and answered_at is not None:
        stop(first, "met", at=answered_at)
    stopped = next((clock.met_at for clock in timing.clocks if clock.kind == "first_response"), None)
    owed = reply_state(each for each in messages if stopped is not None and each.at > stopped).owed_since
    if owed is not None:
        await_answer(timing, contract_sla.budgets, at=owed)
