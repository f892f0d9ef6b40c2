"""The moves of a ticket, on one screen. Buttons are drawn from this table, and nothing else writes a status."""

PRIORITIES = ("urgent", "high", "normal", "low")
STATUSES = (
    "new",
    "open",
    "waiting_client",
    "waiting_third_party",
    "scheduled",
    "resolved",
    "closed",
)
FINISHED = frozenset({"resolved", "closed"})
PAUSING = frozenset({"waiting_client", "scheduled"})

_WORKING = {"waiting_client", "waiting_third_party", "scheduled", "resolved"}
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
    """Whether the clocks of a ticket in this status stand still."""
    return status in PAUSING


def priority_of(impact: str, urgency: str) -> str:
    """The priority that impact and urgency give together (ITIL matrix, three levels each)."""
    points = {"high": 0, "medium": 1, "low": 2}
    return PRIORITIES[min(points[impact] + points[urgency], 3)]
