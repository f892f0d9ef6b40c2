"""Changes to the fixtures' calendar during a test."""

from datetime import date, datetime

from msp.calendars.actions import edit_calendar
from msp.calendars.queries import access_calendar, to_value
from msp.kernel.db import Scope, work
from tests.world import World


def work_on_the_bridge(world: World, *, at: datetime) -> None:
    """Remove the holiday of Monday, 7 December 2026; Tuesday stays a holiday."""
    with work(Scope.staff(actor_id=world.ana.id)):
        calendar = access_calendar(world.calendar.id, lock=True)
        before = to_value(calendar)
        edit_calendar(
            calendar,
            name=calendar.name,
            timezone=calendar.timezone,
            weekly=before.weekly,
            holidays={date(2026, 12, 8): "Inmaculada Concepción"},
            exceptions={},
            at=at,
        )
