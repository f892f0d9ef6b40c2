"""Which times a ticket can be scheduled for."""

from datetime import datetime, timedelta

from msp.kernel.errors import Invalid

MOST_SCHEDULED = timedelta(days=366)


def check_schedule(scheduled_for: datetime | None, *, at: datetime) -> None:
    """Raise Invalid (`required`, `in_past`, `too_far`) for an invalid time."""
    code = ""
    if scheduled_for is None:
        code = "required"
    elif scheduled_for <= at:
        code = "in_past"
    elif scheduled_for > at + MOST_SCHEDULED:
        code = "too_far"
    if code:
        raise Invalid(fields={"scheduled_for": [code]})
