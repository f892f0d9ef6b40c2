"""Business time: working calendars, holidays, deadlines and the reasons for them.

- `business_time`: deadlines, elapsed time and price bands, with reasons; pure
- `working_calendar`: when a team works, as a value; pure
- `actions`: add and change calendars
- `revisions`: stores each version of a calendar
- `changes`: differences between two versions; pure
- `queries`: calendars as values
- `places`: places and their holidays by year
- `holidays`: public holidays to begin with
- `gaps`: years whose holidays nobody has checked
- `office_hours`: the calendar of a company that has none
- `events`: events of calendars and places
- `models`, `place_models`: tables
"""

from msp.calendars.business_time import (
    BANDS,
    Band,
    DeadlineStep,
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
    "DeadlineStep",
    "Timetable",
    "WorkingCalendar",
    "bands",
    "deadline",
    "elapsed",
    "explain",
    "is_open",
    "next_opening",
]
