"""The demo's on-call schedule: tier 1 takes nights and weekends in weekly turns, tier 2 is always its backup."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msp.demo.content.provider import STAFF
from msp.kernel.db import db
from msp.oncall.actions import LayerSettings, add_layer, note_absence, swap
from msp.people.models import Person

ZONE = "Europe/Madrid"
NIGHTS = {day: [(20 * 60, 32 * 60)] for day in range(4)} | {4: [(20 * 60, 24 * 60)]}
WEEKEND = {5: [(0, 24 * 60)], 6: [(0, 32 * 60)]}
HANDOVER = 8 * 60


def load(people: Mapping[str, Person], *, at: datetime) -> None:
    """Store two layers, a swap of this week, and one person's holidays in the next (system scope)."""
    first = [people[member.email] for member in STAFF if member.tier == 1]
    second = [people[member.email] for member in STAFF if member.tier in (2, 3) and member.role == "technician"]
    monday = at.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=at.astimezone(ZoneInfo(ZONE)).weekday())
    begun = monday - timedelta(weeks=12)
    nights = add_layer(_terms("Primer nivel, fuera de horario", first, begun, NIGHTS | WEEKEND), at=at)
    db.session.flush()
    add_layer(_terms("Segundo nivel", second, begun, {}), at=at)
    db.session.flush()
    thursday = monday + timedelta(days=3 if at.weekday() < 3 else 10)
    swap(nights, first[-1], start=_at(thursday, 20), end=_at(thursday + timedelta(days=1), 8), at=at)
    away = monday + timedelta(days=8)
    note_absence(second[1], start=_at(away, 0), end=_at(away + timedelta(days=3), 0), note="Vacaciones", at=at)


def _terms(name: str, people: list[Person], begun: date, windows: dict[int, list[tuple[int, int]]]) -> LayerSettings:
    return LayerSettings(
        name=name,
        timezone=ZONE,
        first_day=begun,
        every_days=7,
        handover=HANDOVER,
        people=[person.id for person in people],
        windows=windows,
    )


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(ZONE))
