"""The outcome of an SLA target, as an expression that PostgreSQL evaluates for any number of clocks.

This is the only definition. A target is **decided** when it is met or, if that is earlier, when it is due; it belongs
to the day and month in which it was decided, in the time zone of its client. From then on it counts:

| code       | meaning                                                           |
| met        | met no later than its due date (exactly at the due date is met)   |
| met_late   | met after its due date                                            |
| breached   | due and not met: still open, or cancelled only after its due date |

Targets that are not decided in a period do not count, for a reason:

| running    | its time was not up at the end of the period (now, for the current period) |
| paused     | its clock was paused then: pending client, or resolved and later reopened |
| cancelled  | cancelled before its due date                                      |
| no_contract, no_target | the ticket was opened in the period, and no contract, or none of its targets, covered it |

Reopening a ticket removes «met» from its resolution: the clock continues with what was left, and is decided again.
See docs/decisions/0005-month-of-an-sla-target.md and the table of cases in tests/reports/test_verdicts.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_

COUNTED = ("met", "met_late", "breached")
EXCLUDED = ("running", "paused", "cancelled", "no_contract", "no_target")
Instant = ColumnElement[datetime | None]


def due(clock: Any) -> Instant:
    """The deadline of a clock: NULL while paused, except for a recorded breach."""
    return func.coalesce(clock.due_at, clock.breached_at)


def decided(clock: Any) -> Instant:
    """When a target is decided; NULL while paused, in the future while its time is running."""
    return func.least(clock.met_at, due(clock))


def is_decided(clock: Any, *, at: datetime, ended: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a clock counts in a period that ended (or will end) at `ended`, as known at `at`."""
    is_overrun = func.coalesce(clock.met_at > due(clock), clock.breached_at.is_not(None))
    return and_(decided(clock) < ended, decided(clock) <= at, or_(clock.state != "cancelled", is_overrun))


def outcome(
    clock: Any, *, at: datetime, ended: ColumnElement[datetime], stood_at_end: ColumnElement[bool]
) -> ColumnElement[str]:
    """The outcome code (see above) of a clock in a period that ended (or will end) at `ended`, as known at `at`.

    `stood_at_end` is whether it was paused at that end; only evaluated for an end in the past.
    """
    stands = case((ended > at, clock.state == "paused"), else_=stood_at_end)
    return case(
        (is_decided(clock, at=at, ended=ended), _became(clock)),
        (clock.state == "cancelled", "cancelled"),
        (stands, "paused"),
        else_="running",
    )


def _became(clock: Any) -> ColumnElement[str]:
    is_kept = clock.met_at <= func.coalesce(due(clock), clock.met_at)
    never = or_(clock.met_at.is_(None), clock.state == "cancelled")
    return case((never, "breached"), (is_kept, "met"), else_="met_late")
