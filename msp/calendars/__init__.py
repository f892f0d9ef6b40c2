"""Business time: working calendars, holidays, deadlines and the reasons for them."""

from msp.calendars.business_time import (
    BANDS,
    Band,
    Step,
    bands,
    deadline,
    elapsed,
    explain,
    is_open,
    next_opening,
)
from msp.calendars.working_calendar import Timetable, WorkingCalendar

__all__ = [
    "BANDS",
    "Band",
    "Step",
    "Timetable",
    "WorkingCalendar",
    "bands",
    "deadline",
    "elapsed",
    "explain",
    "is_open",
    "next_opening",
]
