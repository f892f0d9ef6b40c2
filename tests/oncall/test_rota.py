"""Tables of who is on call: turns, clock changes, restricted hours, swaps, absences, gaps."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.oncall.rota import Absence, Layer, Rota, Shift, Swap, gaps, next_handovers, on_call, shifts

pytestmark = pytest.mark.unit

ANA, BEA, CAI, DAN = (UUID(int=number) for number in range(1, 5))
NAMES = {ANA: "ana", BEA: "bea", CAI: "cai", DAN: "dan", None: "-"}
FIRST = UUID(int=100)
SECOND = UUID(int=200)


def layer(**terms: object) -> Layer:
    usual = {
        "id": FIRST, "name": "Primary", "timezone": "Europe/Madrid", "first_day": date(2026, 10, 5), "every_days": 7,
        "handover": 8 * 60, "people": (ANA, BEA, CAI), "windows": {},
    }  # fmt: skip
    return Layer(**{**usual, **terms})  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(rota: Rota, at: str) -> list[str]:
    return [NAMES[duty.shift.person_id] if duty.shift else "off" for duty in on_call(rota, utc(at))]


def written(found: tuple[Shift, ...]) -> list[tuple[str, str, str, str]]:
    return [(NAMES[each.person_id], f"{each.start:%m-%d %H:%M}", f"{each.end:%m-%d %H:%M}", each.why) for each in found]


WEEKLY = Rota((layer(),))


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-10-05 05:59", "off"),  # the schedule starts at 8:00 in Madrid, which is 6:00 UTC in summer
        ("2026-10-05 06:00", "ana"),
        ("2026-10-12 05:59", "ana"),
        ("2026-10-12 06:00", "bea"),  # at the instant of the handover the next person is on call
        ("2026-10-19 06:00", "cai"),
        ("2026-10-26 06:00", "cai"),  # summer time ended on the 25th: 8:00 in Madrid is now 7:00 UTC
        ("2026-10-26 07:00", "ana"),
        ("2027-03-29 05:59", "ana"),  # summer time began on the 28th: 8:00 is 6:00 UTC again
        ("2027-03-29 06:00", "bea"),
    ],
)
def test_weekly_turns_hand_over_at_the_same_time_on_the_wall(at: str, person: str) -> None:
    assert who(WEEKLY, at) == [person]


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-10-24", 25), ("2026-10-23", 24), ("2027-03-27", 23), ("2027-03-28", 24)],
)
def test_a_daily_turn_is_as_long_as_its_day(day: str, hours: int) -> None:
    rota = Rota((layer(every_days=1, first_day=date(2026, 10, 1)),))
    noon = utc(f"{day} 12:00")
    duty = on_call(rota, noon)[0]
    assert duty.shift is not None and duty.shift.end - duty.shift.start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("handover", "first_day", "instant"),
    [
        (2 * 60 + 30, date(2027, 3, 28), "2027-03-28 01:30"),  # 2:30 is skipped: it is 3:30 on the wall
        (2 * 60 + 30, date(2026, 10, 25), "2026-10-25 00:30"),  # 2:30 occurs twice: the first one
        (0, date(2026, 10, 25), "2026-10-24 22:00"),
    ],
)
def test_handovers_within_a_clock_change(handover: int, first_day: date, instant: str) -> None:
    rota = Rota((layer(every_days=1, first_day=first_day, handover=handover),))
    found = shifts(rota, utc(instant) - timedelta(days=1), utc(instant) + timedelta(days=1))
    assert found[0].start == utc(instant)


def test_every_n_days_and_other_zones() -> None:
    rota = Rota((layer(every_days=3, timezone="America/New_York", first_day=date(2026, 10, 30), handover=9 * 60),))
    assert who(rota, "2026-10-30 13:00") == ["ana"]  # 9:00 in New York, summer
    assert who(rota, "2026-11-02 13:59") == ["ana"]  # summer time there ended on 1 November
    assert who(rota, "2026-11-02 14:00") == ["bea"]


NIGHTS = dict.fromkeys(range(4), ((20 * 60, 8 * 60),)) | {4: ((20 * 60, 24 * 60),)}
WEEKEND = {5: ((0, 24 * 60),), 6: ((0, 24 * 60 + 8 * 60),)}
OUT_OF_HOURS = Rota((layer(windows=NIGHTS | WEEKEND),))


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-11-02 12:00", "off"),  # Monday at noon
        ("2026-11-02 18:59", "off"),
        ("2026-11-02 19:00", "bea"),  # 20:00 in Madrid
        ("2026-11-03 06:59", "bea"),
        ("2026-11-03 07:00", "off"),
        ("2026-11-07 12:00", "bea"),  # Saturday
        ("2026-11-09 06:59", "bea"),  # Sunday's window runs to Monday at 8:00, the time of the weekly handover
        ("2026-11-09 07:00", "off"),
        ("2026-11-09 19:00", "cai"),
    ],
)
def test_nights_and_weekends_only(at: str, person: str) -> None:
    assert who(OUT_OF_HOURS, at) == [person]


def test_windows_that_touch_are_one_stretch_and_none_is_a_gap() -> None:
    found = shifts(OUT_OF_HOURS, utc("2026-11-06 00:00"), utc("2026-11-10 00:00"))
    assert written(found) == [
        ("bea", "11-06 00:00", "11-06 07:00", "turn"),
        ("bea", "11-06 19:00", "11-09 07:00", "turn"),
        ("cai", "11-09 19:00", "11-10 00:00", "turn"),
    ]
    assert gaps(OUT_OF_HOURS, utc("2026-11-01 00:00"), utc("2026-12-01 00:00")) == ()


def test_the_night_in_which_summer_time_ends_is_an_hour_longer() -> None:
    found = shifts(Rota((layer(windows={5: ((22 * 60, 6 * 60),)}),)), utc("2026-10-20 00:00"), utc("2026-10-30 00:00"))
    assert [each.end - each.start for each in found] == [timedelta(hours=9)]


def swap(person: UUID, start: str, end: str) -> Swap:
    return Swap(FIRST, person, utc(start), utc(end))


def test_a_swap_takes_one_stretch_and_the_turns_go_on() -> None:
    rota = Rota((layer(),), swaps=(swap(DAN, "2026-10-14 06:00", "2026-10-15 06:00"),))
    found = shifts(rota, utc("2026-10-12 06:00"), utc("2026-10-26 07:00"))
    assert written(found) == [
        ("bea", "10-12 06:00", "10-14 06:00", "turn"),
        ("dan", "10-14 06:00", "10-15 06:00", "swap"),
        ("bea", "10-15 06:00", "10-19 06:00", "turn"),
        ("cai", "10-19 06:00", "10-26 07:00", "turn"),
    ]
    assert found[1].instead_of == BEA


def test_of_two_swaps_the_later_one_counts_and_one_beats_an_absence() -> None:
    swaps = (
        swap(DAN, "2026-10-12 06:00", "2026-10-19 06:00"),
        swap(CAI, "2026-10-13 06:00", "2026-10-14 06:00"),
    )
    rota = Rota((layer(),), swaps, (Absence(DAN, utc("2026-10-01 00:00"), None),))
    assert who(rota, "2026-10-12 12:00") == ["dan"] and who(rota, "2026-10-13 12:00") == ["cai"]


def test_who_is_away_is_stood_in_for_by_the_next_for_that_long() -> None:
    away = (Absence(BEA, utc("2026-10-14 00:00"), utc("2026-10-16 00:00")),)
    found = shifts(Rota((layer(),), absences=away), utc("2026-10-12 06:00"), utc("2026-10-19 06:00"))
    assert written(found) == [
        ("bea", "10-12 06:00", "10-14 00:00", "turn"),
        ("cai", "10-14 00:00", "10-16 00:00", "stand_in"),
        ("bea", "10-16 00:00", "10-19 06:00", "turn"),
    ]
    assert found[1].instead_of == BEA


def test_when_all_are_away_there_is_a_gap_with_a_name() -> None:
    away = tuple(Absence(each, utc("2026-12-24 00:00"), utc("2026-12-26 00:00")) for each in (ANA, BEA, CAI))
    rota = Rota((layer(),), absences=away)
    assert written(gaps(rota, utc("2026-12-20 00:00"), utc("2026-12-31 00:00"))) == [
        ("-", "12-24 00:00", "12-26 00:00", "gap")
    ]
    assert who(rota, "2026-12-25 12:00") == ["-"]


def test_a_layer_without_people_is_a_gap() -> None:
    assert who(Rota((layer(people=()),)), "2026-10-20 12:00") == ["-"]


def test_layers_stand_in_order_each_with_its_own_turns() -> None:
    second = layer(id=SECOND, name="Secondary", people=(BEA, CAI, ANA), every_days=1, handover=0)
    rota = Rota((layer(), second))
    assert who(rota, "2026-10-05 12:00") == ["ana", "bea"]
    assert who(rota, "2026-10-06 12:00") == ["ana", "cai"]


def test_who_is_next_is_somebody_else() -> None:
    duty = on_call(WEEKLY, utc("2026-10-06 12:00"))[0]
    assert duty.next is not None and (duty.next.person_id, duty.next.start) == (BEA, utc("2026-10-12 06:00"))
    off = on_call(OUT_OF_HOURS, utc("2026-11-02 12:00"))[0]
    assert off.shift is None and off.next is not None and off.next.start == utc("2026-11-02 19:00")


def test_next_handovers_over_all_layers_soonest_first() -> None:
    second = layer(id=SECOND, people=(DAN, ANA), every_days=1, handover=12 * 60)
    found = next_handovers(Rota((layer(), second)), utc("2026-10-11 12:00"), count=3)
    assert written(found) == [
        ("bea", "10-12 06:00", "10-19 06:00", "turn"),
        ("ana", "10-12 10:00", "10-13 10:00", "turn"),
        ("dan", "10-13 10:00", "10-14 10:00", "turn"),
    ]


@settings(max_examples=300, deadline=None)
@given(
    every=st.integers(1, 9),
    handover=st.integers(0, 1439),
    zone=st.sampled_from(
        ["Europe/Madrid", "America/New_York", "Atlantic/Canary", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
    minutes=st.integers(0, 60 * 24 * 400),
    away=st.lists(st.tuples(st.sampled_from([ANA, BEA, CAI]), st.integers(0, 9000), st.integers(1, 3000)), max_size=4),
)
def test_shifts_cover_the_time_once_and_agree_with_who_is_on(
    every: int, handover: int, zone: str, minutes: int, away: list[tuple[UUID, int, int]]
) -> None:
    begun = utc("2026-01-10 00:00")
    absences = tuple(
        Absence(person, begun + timedelta(hours=start), begun + timedelta(hours=start + length))
        for person, start, length in away
    )
    made = layer(every_days=every, handover=handover, timezone=zone, first_day=date(2026, 1, 1))
    rota = Rota((made,), absences=absences)
    at = begun + timedelta(minutes=minutes)
    found = shifts(rota, at, at + timedelta(days=20))
    assert found[0].start == at and found[-1].end == at + timedelta(days=20)
    assert all(before.end == after.start for before, after in pairwise(found))
    duty = on_call(rota, at)[0]
    assert duty.shift is not None and duty.shift.person_id == found[0].person_id
