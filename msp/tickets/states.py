"""Statuses of a ticket and the allowed moves. Buttons are drawn from this table."""

from msp.contracts import service_level

PRIORITIES = service_level.PRIORITIES
UNFINISHED = ("new", "open", "waiting_client", "waiting_third_party", "scheduled")
_FINISHED = ("resolved", "closed")
FINISHED = frozenset(_FINISHED)
STATUSES = (*UNFINISHED, *_FINISHED)
# As SQL conditions, exactly as in the partial indexes.
SQL_FINISHED = f"status in {_FINISHED}"
SQL_UNFINISHED = f"status not in {_FINISHED}"
PAUSING = frozenset(service_level.USUAL_PAUSING)

_WORKING = {*service_level.MAY_PAUSE, "resolved"}
MOVES: dict[str, frozenset[str]] = {
    "new": frozenset({"open", *_WORKING}),
    "open": frozenset(_WORKING),
    "waiting_client": frozenset({"open", *_WORKING} - {"waiting_client"}),
    "waiting_third_party": frozenset({"open", *_WORKING} - {"waiting_third_party"}),
    "scheduled": frozenset({"open", *_WORKING} - {"scheduled"}),
    "resolved": frozenset({"open", "closed"}),
    "closed": frozenset({"open"}),
}


def may_move(before: str, after: str) -> bool:
    """Whether a ticket may go from one status to another."""
    return after in MOVES[before]


def pauses(status: str) -> bool:
    """Whether the clocks of a ticket in this status are paused."""
    return status in PAUSING


def priority_of(impact: str, urgency: str) -> str:
    """The priority for an impact and urgency (ITIL matrix, three levels each)."""
    points = {"high": 0, "medium": 1, "low": 2}
    return PRIORITIES[min(points[impact] + points[urgency], 3)]
