"""Changes of calendars: versions, their contents, the events of each change, and its author."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from msp.calendars import actions, places
from msp.calendars.models import CalendarRevision
from msp.calendars.places import Holiday
from msp.calendars.queries import access_calendar, to_value, versions_until, working_calendar
from msp.calendars.working_calendar import Timetable, WorkingCalendar
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.events import StoredEvent
from tests.conftest import MONDAY
from tests.world import World

SUMMER = dict.fromkeys(range(5), ((480, 900),))
OFFICE = dict.fromkeys(range(5), ((540, 1080),))


def told(kind: str) -> list[StoredEvent]:
    with work(Scope.system()) as session:
        return list(session.scalars(select(StoredEvent).where(StoredEvent.kind == kind).order_by(StoredEvent.seq)))


def edited(world: World, **more: object) -> bool:
    with work(Scope.staff(actor_id=world.ana.id)):
        calendar = access_calendar(world.calendar.id, lock=True)
        values: Json = {
            "name": calendar.name,
            "timezone": calendar.timezone,
            "weekly": {day: list(windows) for day, windows in to_value(calendar).weekly.items()},
            "holidays": {each.day: each.name for each in calendar.holidays},
            "exceptions": {},
            "at": MONDAY,
        }
        return actions.edit_calendar(calendar, **(values | more))


def test_a_new_calendar_has_its_first_revision(world: World) -> None:
    with work(Scope.staff()) as session:
        kept = session.get(CalendarRevision, (world.calendar.id, 1))
        assert kept is not None
        assert WorkingCalendar.from_json(kept.working_calendar) == to_value(access_calendar(world.calendar.id))
    assert [event.data["name"] for event in told("calendar.added")] == [world.calendar.name]


def test_any_calendar_reads_back_from_its_revision() -> None:
    whole = WorkingCalendar(
        timezone="America/Havana",
        weekly={0: ((60, 1800),), 1: ((0, 1440),), 2: ((1320, 360),)},
        holidays={date(2026, 5, 1): "Día del Trabajo"},
        overrides={date(2026, 5, 2): (), date(2026, 5, 3): ((1320, 2000),)},
        override_names={date(2026, 5, 2): "Puente"},
        timetables={date(2026, 6, 15): Timetable({4: ((480, 900),)}, "verano"), date(2026, 9, 16): Timetable({})},
    )
    assert WorkingCalendar.from_json(whole.to_json()) == whole


def test_a_change_is_a_new_version_with_an_event_that_says_what_and_who(world: World) -> None:
    assert edited(world, holidays={date(2026, 12, 7): "Constitución", date(2026, 12, 24): "Nochebuena"})
    (event,) = told("calendar.changed")
    assert (event.subject_id, event.client_id, event.visibility) == (world.calendar.id, None, "internal")
    assert event.actor_id == world.ana.id
    assert event.data["version"] == 2 and event.data["from_day"] == "2026-12-07"
    assert event.data["what"] == {
        "holidays": {
            "added": {"2026-12-24": "Nochebuena"},
            "removed": {"2026-12-08": "Inmaculada Concepción"},
            "changed": {"2026-12-07": "Constitución"},
        }
    }
    with work(Scope.staff()):
        assert date(2026, 12, 8) in working_calendar(world.calendar.id, version=1).holiday_names
        assert date(2026, 12, 8) not in working_calendar(world.calendar.id).holiday_names


def test_another_week_holds_from_everywhere_on(world: World) -> None:
    assert edited(world, weekly=OFFICE)
    (event,) = told("calendar.changed")
    assert event.data["from_day"] is None and event.data["what"] == {"week": {"changed": True}}


def test_nothing_new_is_no_version_and_no_event(world: World) -> None:
    assert not edited(world)
    assert not edited(world, name="Otro nombre")
    assert told("calendar.changed") == []
    assert [event.data["before"] for event in told("calendar.renamed")] == ["Madrid, jornada partida"]
    with work(Scope.staff()):
        assert access_calendar(world.calendar.id).version == 1


def test_revisions_can_only_be_added(world: World) -> None:
    with work(Scope.staff()) as session:
        kept = session.get_one(CalendarRevision, (world.calendar.id, 1))
        kept.working_calendar = {}
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.flush()
        session.rollback()


def test_versions_in_force_until_an_instant(world: World) -> None:
    edited(world, weekly=OFFICE, at=MONDAY + timedelta(days=1))
    edited(world, weekly=SUMMER, at=MONDAY + timedelta(days=2))
    with work(Scope.staff()):
        versions = [versions_until(world.calendar.id, MONDAY + timedelta(days=n)) for n in (-1, 0, 1, 3)]
    assert versions == [[1], [1], [2, 1], [3, 2, 1]]


# --- dated timetables


def in_summer(world: World, **more: object) -> dict[date, Timetable]:
    with work(Scope.staff(actor_id=world.ana.id)):
        calendar = access_calendar(world.calendar.id, lock=True)
        values: Json = {"from_day": date(2027, 6, 15), "until": date(2027, 9, 15), "weekly": SUMMER, "at": MONDAY}
        actions.set_timetable(calendar, name="Jornada de verano", **(values | more))
        return dict(to_value(calendar).timetables)


def test_a_summer_timetable_ends_and_the_week_before_holds_again(world: World) -> None:
    timetables = in_summer(world)
    assert list(timetables) == [date(2027, 6, 15), date(2027, 9, 16)]
    assert timetables[date(2027, 6, 15)].name == "Jornada de verano"
    assert timetables[date(2027, 9, 16)].weekly[0] == ((540, 840), (960, 1140))
    (event,) = told("calendar.changed")
    assert event.data["from_day"] == "2027-06-15"
    assert event.data["what"]["timetables"]["added"] == {"2027-06-15": "Jornada de verano", "2027-09-16": ""}


def test_a_timetable_can_be_moved_replaced_and_taken_away(world: World) -> None:
    in_summer(world)
    moved = in_summer(world, from_day=date(2027, 7, 1), instead_of=date(2027, 6, 15))
    assert list(moved) == [date(2027, 7, 1), date(2027, 9, 16)]
    with work(Scope.staff()):
        calendar = access_calendar(world.calendar.id, lock=True)
        actions.remove_timetable(calendar, date(2027, 7, 1), at=MONDAY)
        assert list(to_value(calendar).timetables) == [date(2027, 9, 16)]
    assert len(told("calendar.changed")) == 3


def test_what_is_no_timetable_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        in_summer(world, until=date(2027, 6, 1))
    with pytest.raises(Invalid):
        in_summer(world, weekly={0: [(540, 840), (600, 900)]})


# --- places


def getafe(world: World) -> None:
    """A place with its year, which the fixtures' calendar follows."""
    with work(Scope.staff(actor_id=world.ana.id)):
        place = places.add_place(name="Getafe", country="es", region="ES-MD", municipality="Getafe", at=MONDAY)
        places.seed_year(place, 2026, at=MONDAY)
        calendar = access_calendar(world.calendar.id, lock=True)
        before = to_value(calendar)
        actions.edit_calendar(
            calendar,
            name=calendar.name,
            timezone=calendar.timezone,
            weekly=before.weekly,
            holidays={},
            exceptions={},
            place=place,
            at=MONDAY,
        )


def test_a_place_is_seeded_with_national_and_regional_days(world: World) -> None:
    getafe(world)
    with work(Scope.staff()):
        place = places.find_place("ES", "MD", "Getafe")
        year = place.year(2026) if place else None
        assert year is not None and year.source.startswith("holidays ")
        scopes = {holiday.day: holiday.scope for holiday in year.holidays}
    assert scopes[date(2026, 1, 1)] == "national" and scopes[date(2026, 5, 2)] == "regional"
    with work(Scope.staff()):
        assert date(2026, 11, 2) in working_calendar(world.calendar.id).holiday_names


def test_a_municipal_day_reaches_every_calendar_of_the_place(world: World) -> None:
    getafe(world)
    with work(Scope.staff(actor_id=world.ana.id)):
        place = places.find_place("ES", "MD", "Getafe")
        year = place.year(2026) if place else None
        assert place and year
        days = [Holiday(each.day, each.name, each.scope) for each in year.holidays]
        places.edit_year(place, 2026, [*days, Holiday(date(2026, 6, 5), "Ángeles")], at=MONDAY)
    (event,) = told("place.changed")[1:]
    assert event.data["added"] == {"2026-06-05": "Ángeles"} and event.actor_id == world.ana.id
    changed = told("calendar.changed")[-1]
    assert changed.data["from_day"] == "2026-06-05"
    with work(Scope.staff()):
        assert working_calendar(world.calendar.id).holiday_names[date(2026, 6, 5)] == "Ángeles"


def test_seeding_again_keeps_municipal_days_and_stops_once_frozen(world: World) -> None:
    getafe(world)
    with work(Scope.staff()):
        place = places.find_place("ES", "MD", "Getafe")
        assert place
        days = [Holiday(date(2026, 6, 5), "Ángeles"), Holiday(date(2026, 8, 20), "x", "regional")]
        places.edit_year(place, 2026, days, at=MONDAY)
        seeded = {each.day for each in places.seed_year(place, 2026, at=MONDAY).holidays}
        assert date(2026, 6, 5) in seeded and date(2026, 1, 1) in seeded and date(2026, 8, 20) not in seeded
        places.freeze_year(place, 2026, at=MONDAY)
        with pytest.raises(Conflict, match="frozen"):
            places.seed_year(place, 2026, at=MONDAY)
    with work(Scope.staff()):  # a person still may
        place = places.find_place("ES", "MD", "Getafe")
        assert place
        kept = places.edit_year(place, 2026, [Holiday(date(2026, 6, 5), "A")], at=MONDAY).holidays
        assert [each.name for each in kept] == ["A"]


def test_another_version_of_the_package_changes_no_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    getafe(world)
    monkeypatch.setattr(places, "seed_holidays", lambda *_args, **_more: {date(2026, 7, 7): "San Fermín"})
    with work(Scope.staff()):
        assert date(2026, 7, 7) not in working_calendar(world.calendar.id).holiday_names


@pytest.mark.parametrize(
    ("more", "field"),
    [({"country": "QQ"}, "country"), ({"region": "XX"}, "region"), ({"name": " "}, "name")],
)
def test_places_that_are_none_are_refused(world: World, more: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused, work(Scope.staff()):
        places.add_place(**({"name": "x", "country": "ES", "region": "MD"} | more), at=MONDAY)
    assert field in refused.value.fields


def test_a_place_twice_and_days_of_another_year_are_refused(world: World) -> None:
    getafe(world)
    with work(Scope.staff()):
        place = places.find_place("ES", "MD", "Getafe")
        assert place
        with pytest.raises(Invalid):
            places.add_place(name="Getafe", country="ES", region="MD", municipality="Getafe", at=MONDAY)
        for days in ([Holiday(date(2027, 1, 1), "x")], [Holiday(date(2026, 1, 1), "x", "of my own")]):
            with pytest.raises(Invalid):
                places.edit_year(place, 2026, days, at=MONDAY)


def test_nothing_is_kept_of_a_change_that_was_taken_back(world: World) -> None:
    with work(Scope.staff()) as session:
        calendar = access_calendar(world.calendar.id, lock=True)
        actions.set_timetable(calendar, from_day=date(2027, 1, 1), weekly={}, at=MONDAY)
        assert working_calendar(calendar.id).timetables
        session.rollback()
    assert edited(world, weekly=OFFICE)
    with work(Scope.staff()):
        assert not working_calendar(world.calendar.id, version=2).timetables
