"""Golden cases of business time (GOLDEN_DIR reads the file from elsewhere), and cases that they do not cover."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from msp.calendars.business_time import bands, deadline, elapsed, explain, is_open, next_opening
from msp.calendars.working_calendar import Timetable, WorkingCalendar, parse_window

pytestmark = pytest.mark.unit

GOLDEN = Path(os.environ.get("GOLDEN_DIR") or Path(__file__).parents[1] / "golden") / "business_time.json"
TABLE: dict[str, Any] = json.loads(GOLDEN.read_text())
CALENDARS = {name: WorkingCalendar.from_json(data) for name, data in TABLE["calendars"].items()}
MADRID = ZoneInfo("Europe/Madrid")

OFFICE = WorkingCalendar(
    timezone="Europe/Madrid",
    weekly=dict.fromkeys(range(5), ((540, 840), (960, 1140))),
    holidays={date(2026, 11, 2): "Todos los Santos (trasladado)"},
    overrides={date(2026, 12, 24): ((540, 780),), date(2026, 12, 7): ()},
)


def madrid(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


def pauses_of(case: dict[str, Any]) -> list[tuple[datetime, datetime | None]]:
    read = datetime.fromisoformat
    return [(read(start), read(end) if end else None) for start, end in case.get("pauses", [])]


def cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in TABLE["cases"] if case["type"] == kind]


@pytest.mark.parametrize("case", cases("deadline"))
def test_golden_deadline(case: dict[str, Any]) -> None:
    calendar, start = CALENDARS[case["calendar"]], datetime.fromisoformat(case["start"])
    due = deadline(calendar, start, case["budget_minutes"], pauses_of(case))
    expected = case["expected_utc"] and datetime.fromisoformat(case["expected_utc"])
    assert due == expected, case["why"]
    if due is not None:
        assert due.tzinfo is UTC
        local = due.astimezone(calendar.zone)
        assert local.isoformat(timespec="minutes") == case["expected_local"]


@pytest.mark.parametrize("case", cases("deadline"))
def test_golden_trail_adds_up_to_the_budget(case: dict[str, Any]) -> None:
    calendar, start = CALENDARS[case["calendar"]], datetime.fromisoformat(case["start"])
    trail = explain(calendar, start, case["budget_minutes"], pauses_of(case))
    windows = [step for step in trail if step.code == "window"]
    if case["expected_utc"]:
        assert sum(step.minutes for step in windows) == case["budget_minutes"]
        assert windows[-1].end == datetime.fromisoformat(case["expected_utc"])
    else:
        assert trail[-1].code == "pause" and trail[-1].end is None


@pytest.mark.parametrize("case", cases("elapsed"))
def test_golden_elapsed(case: dict[str, Any]) -> None:
    start, end = (datetime.fromisoformat(case["start"]), datetime.fromisoformat(case["end"]))
    spent = elapsed(CALENDARS[case["calendar"]], start, end, pauses_of(case))
    assert spent == timedelta(minutes=case["expected_minutes"]), case["why"]


@pytest.mark.parametrize("case", cases("bands"))
def test_golden_bands(case: dict[str, Any]) -> None:
    start, end = (datetime.fromisoformat(case["start"]), datetime.fromisoformat(case["end"]))
    assert bands(CALENDARS[case["calendar"]], start, end) == case["expected_minutes_by_band"], case["why"]


def test_every_golden_case_is_of_a_kind_tested_here() -> None:
    assert {case["type"] for case in TABLE["cases"]} <= {"deadline", "elapsed", "bands"}


# --- seconds, edges, bounds


def test_budget_in_seconds() -> None:
    due = deadline(OFFICE, madrid("2026-11-20T18:59:50"), timedelta(seconds=25))
    assert due == madrid("2026-11-23T09:00:15")


def test_start_with_seconds_keeps_them() -> None:
    assert deadline(OFFICE, madrid("2026-11-20T13:59:30"), 60) == madrid("2026-11-20T16:59:30")


def test_zero_budget_is_due_at_once_even_at_night() -> None:
    assert deadline(OFFICE, madrid("2026-11-20T23:00"), 0) == madrid("2026-11-20T23:00")


def test_negative_budget_and_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        deadline(OFFICE, madrid("2026-11-20T10:00"), -1)
    with pytest.raises(ValueError, match="zone"):
        deadline(OFFICE, datetime(2026, 11, 20, 10), 60)


@pytest.mark.parametrize("overrides", [{}, {date(2020, 1, 1): ((0, 1440),)}, {date(2027, 1, 1): ()}])
def test_calendar_that_never_opens_has_no_deadline(overrides: dict[date, Any]) -> None:
    never = WorkingCalendar(timezone="Europe/Madrid", weekly={}, overrides=overrides)
    assert deadline(never, madrid("2026-11-20T10:00"), 60) is None
    assert next_opening(never, madrid("2026-11-20T10:00")) is None
    assert explain(never, madrid("2026-11-20T10:00"), 60) == ()


def test_deadline_beyond_ten_years_is_none() -> None:
    assert deadline(OFFICE, madrid("2026-11-20T10:00"), 60 * 24 * 365 * 10) is None


def test_only_overrides_open_the_calendar() -> None:
    once = WorkingCalendar(timezone="Europe/Madrid", weekly={}, overrides={date(2026, 11, 29): ((600, 720),)})
    assert deadline(once, madrid("2026-11-20T10:00"), 120) == madrid("2026-11-29T12:00")
    assert deadline(once, madrid("2026-11-20T10:00"), 121) is None


def test_any_open_pause_means_no_deadline() -> None:
    start = madrid("2026-11-20T09:00")
    assert deadline(OFFICE, start, 30, [(madrid("2026-11-20T12:00"), None)]) is None
    closed = (madrid("2026-11-20T12:30"), madrid("2026-11-20T12:40"))
    assert deadline(OFFICE, start, 30, [(madrid("2026-11-20T12:00"), None), closed]) is None


def test_pause_after_the_deadline_and_a_reversed_one_change_nothing() -> None:
    start, after = madrid("2026-11-20T09:00"), madrid("2026-11-20T12:00")
    assert deadline(OFFICE, start, 30, [(after, madrid("2026-11-20T13:00"))]) == madrid("2026-11-20T09:30")
    assert deadline(OFFICE, start, 30, [(after, start)]) == madrid("2026-11-20T09:30")


def test_elapsed_stops_at_an_open_pause_and_never_runs_backwards() -> None:
    start, end = madrid("2026-11-20T09:00"), madrid("2026-11-20T13:00")
    assert elapsed(OFFICE, start, end, [(madrid("2026-11-20T10:00"), None)]) == timedelta(hours=1)
    assert elapsed(OFFICE, end, start) == timedelta(0)


def test_is_open_and_next_opening() -> None:
    assert is_open(OFFICE, madrid("2026-11-20T09:00"))
    assert not is_open(OFFICE, madrid("2026-11-20T14:00"))
    assert next_opening(OFFICE, madrid("2026-11-20T14:00")) == madrid("2026-11-20T16:00")
    assert next_opening(OFFICE, madrid("2026-11-20T10:07:03")) == madrid("2026-11-20T10:07:03")
    assert next_opening(OFFICE, madrid("2026-10-30T19:00")) == madrid("2026-11-03T09:00")


# --- windows over midnight, holidays, overrides

NIGHTS = WorkingCalendar(
    timezone="Europe/Madrid",
    weekly={day: ((1320, 1800 if day % 2 else 360),) for day in range(5)},
    holidays={date(2026, 11, 18): "fiesta local", date(2026, 11, 21): "fiesta"},
    overrides={date(2026, 11, 20): ((1380, 420),), date(2026, 11, 12): ((480, 540),)},
)


@pytest.mark.parametrize(
    ("start", "end", "minutes", "why"),
    [
        ("2026-11-10T12:00", "2026-11-11T12:00", 480, "Tuesday night, whole"),
        ("2026-11-13T12:00", "2026-11-14T12:00", 480, "Friday night runs into Saturday"),
        ("2026-11-15T00:00", "2026-11-16T12:00", 0, "no night from Sunday on"),
        ("2026-11-17T12:00", "2026-11-18T12:00", 120, "the holiday cuts the tail"),
        ("2026-11-18T12:00", "2026-11-19T12:00", 0, "no night starts on a holiday"),
        ("2026-11-20T12:00", "2026-11-21T12:00", 480, "an override's tail beats the holiday"),
        ("2026-11-11T12:00", "2026-11-12T12:00", 180, "an override replaces the whole day, tail included"),
        ("2026-10-24T12:00", "2026-10-25T12:00", 0, "Saturday night is free"),
    ],
)
def test_windows_over_midnight(start: str, end: str, minutes: int, why: str) -> None:
    assert elapsed(NIGHTS, madrid(start), madrid(end)) == timedelta(minutes=minutes), why


def test_night_window_has_nine_real_hours_when_summer_ends() -> None:
    nights = WorkingCalendar(timezone="Europe/Madrid", weekly={5: ((1320, 360),)})
    assert elapsed(nights, madrid("2026-10-24T12:00"), madrid("2026-10-25T12:00")) == timedelta(hours=9)
    assert elapsed(nights, madrid("2026-03-28T12:00"), madrid("2026-03-29T12:00")) == timedelta(hours=7)


@pytest.mark.parametrize(
    ("windows", "minutes"),
    [
        (((120, 180),), 0),  # 02:00-03:00 does not exist that day
        (((150, 240),), 60),  # 02:30 is the instant of the jump, 03:00
        (((60, 150),), 60),  # the same for an end at 02:30
    ],
)
def test_wall_times_that_do_not_exist(windows: Any, minutes: int) -> None:
    sunday = WorkingCalendar(timezone="Europe/Madrid", weekly={6: windows})
    spent = elapsed(sunday, madrid("2026-03-29T00:00"), madrid("2026-03-30T00:00"))
    assert spent == timedelta(minutes=minutes)


def test_windows_that_meet_in_a_repeated_hour_count_it_once() -> None:
    sunday = WorkingCalendar(timezone="Europe/Madrid", weekly={6: ((0, 150), (150, 360))})
    spent = elapsed(sunday, madrid("2026-10-25T00:00"), madrid("2026-10-26T00:00"))
    assert spent == timedelta(hours=7)


def test_days_are_whole_where_midnight_is_skipped_or_comes_twice() -> None:
    always = dict.fromkeys(range(7), ((0, 1440),))
    for name, day, hours in (
        ("America/Havana", "2026-03-08", 23),
        ("America/Havana", "2026-11-01", 25),
        ("Pacific/Apia", "2011-12-30", 0),
    ):
        zone = ZoneInfo(name)
        start = datetime.fromisoformat(day).replace(tzinfo=zone)
        if hours:
            end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=zone)
            spent = elapsed(WorkingCalendar(timezone=name, weekly=always), start, end)
            assert spent == timedelta(hours=hours)
        closed_day = WorkingCalendar(timezone=name, weekly=always, holidays={start.date(): "x"})
        around = (start.astimezone(UTC) - timedelta(days=2), start.astimezone(UTC) + timedelta(days=2))
        assert elapsed(closed_day, *around) == timedelta(hours=96 - hours)


def test_override_beats_a_holiday_and_its_band() -> None:
    opened = WorkingCalendar(
        timezone="Europe/Madrid",
        weekly={0: ((540, 1080),)},
        holidays=frozenset({date(2026, 11, 2), date(2026, 11, 9)}),
        overrides={date(2026, 11, 2): ((600, 660),)},
    )
    assert next_opening(opened, madrid("2026-11-02T00:00")) == madrid("2026-11-02T10:00")
    assert bands(opened, madrid("2026-11-02T10:30"), madrid("2026-11-02T11:30")) == {
        "business": 30,
        "after_hours": 30,
    }
    assert bands(opened, madrid("2026-11-09T10:30"), madrid("2026-11-09T11:30")) == {"holiday": 60}


def test_bands_of_a_night_over_a_week_end_add_up() -> None:
    spent = bands(OFFICE, madrid("2026-11-20T18:30"), madrid("2026-11-23T09:30"))
    assert spent == {"business": 60, "after_hours": 300 + 540, "weekend": 2880}


def test_part_minutes_in_bands_add_up_to_the_whole() -> None:
    spent = bands(OFFICE, madrid("2026-11-20T18:58:20"), madrid("2026-11-20T19:01:20"))
    assert spent == {"business": 2, "after_hours": 1}
    assert bands(OFFICE, madrid("2026-11-20T10:00"), madrid("2026-11-20T09:00")) == {}


# --- the trail


def test_trail_of_a_plain_hour_is_one_window() -> None:
    (step,) = explain(OFFICE, madrid("2026-11-20T09:52"), 60)
    assert (step.code, step.start, step.end) == (
        "window",
        madrid("2026-11-20T09:52"),
        madrid("2026-11-20T10:52"),
    )
    assert (step.minutes, step.rule, step.day) == (60, "weekly", date(2026, 11, 20))


def test_trail_names_what_was_skipped_and_why() -> None:
    trail = explain(OFFICE, madrid("2026-10-30T18:30"), 60)
    assert [(s.code, s.day.day, s.rule, s.name, s.minutes) for s in trail] == [
        ("window", 30, "weekly", "", 30),
        ("skipped", 31, "closed", "", 1440),
        ("skipped", 1, "closed", "", 1440),
        ("skipped", 2, "holiday", "Todos los Santos (trasladado)", 1440),
        ("window", 3, "weekly", "", 30),
    ]


def test_trail_tells_overrides_apart() -> None:
    closed = explain(OFFICE, madrid("2026-12-04T18:30"), 60)
    assert [(s.day.day, s.rule) for s in closed if s.code == "skipped"] == [
        (5, "closed"),
        (6, "closed"),
        (7, "override"),
    ]
    (window,) = explain(OFFICE, madrid("2026-12-24T10:00"), 60)
    assert window.rule == "override"


def test_trail_carries_pauses_and_leaves_out_days_inside_them() -> None:
    pause = (madrid("2026-11-20T18:30"), madrid("2026-11-23T10:00"))
    trail = explain(OFFICE, madrid("2026-11-20T18:00"), 60, [pause])
    assert [(s.code, s.start, s.end) for s in trail] == [
        ("window", madrid("2026-11-20T18:00"), pause[0]),
        ("pause", *pause),
        ("window", pause[1], madrid("2026-11-23T10:30")),
    ]


# --- dated timetables: 15 June to 15 September 8-15, a split shift the rest of the year

SUMMER = Timetable(dict.fromkeys(range(5), ((480, 900),)), "Jornada de verano")
SPLIT_WEEK = dict.fromkeys(range(5), ((540, 840), (960, 1140)))
SEASONS = WorkingCalendar(
    timezone="Europe/Madrid",
    weekly=SPLIT_WEEK,
    holidays={date(2026, 8, 15): "Asunción", date(2026, 9, 9): "fiesta local"},
    overrides={date(2026, 6, 16): ((540, 600),)},
    override_names={date(2026, 6, 16): "Mudanza"},
    timetables={date(2026, 6, 15): SUMMER, date(2026, 9, 16): Timetable(SPLIT_WEEK), date(2027, 6, 15): SUMMER},
)


@pytest.mark.parametrize(
    ("start", "budget", "due", "why"),
    [
        ("2026-06-12T18:30", 60, "2026-06-15T08:30", "the summer timetable holds from its first day, at eight"),
        ("2026-06-12T18:30", 30 + 420 + 60 + 30, "2026-06-17T08:30", "an exception beats the timetable"),
        ("2026-07-01T14:00", 120, "2026-07-02T09:00", "no afternoons in summer"),
        ("2026-09-08T14:00", 120, "2026-09-10T09:00", "a holiday closes in summer too"),
        ("2026-09-15T14:30", 60, "2026-09-16T09:30", "the split shift is back on the sixteenth"),
        ("2026-12-01T13:30", 60, "2026-12-01T16:30", "and stays"),
        ("2027-06-14T18:30", 60, "2027-06-15T08:30", "each year has its own version"),
        ("2027-10-01T15:00", 60, "2027-10-04T09:00", "a version holds until the next one"),
    ],
)
def test_a_dated_timetable_holds_from_its_day_on(start: str, budget: int, due: str, why: str) -> None:
    assert deadline(SEASONS, madrid(start), budget) == madrid(due), why


def test_the_trail_names_the_timetable_and_the_exception() -> None:
    trail = explain(SEASONS, madrid("2026-06-12T18:30"), 30 + 420 + 60 + 30)
    assert [(s.code, s.rule, s.name) for s in trail if s.code == "window"] == [
        ("window", "weekly", ""),
        ("window", "weekly", "Jornada de verano"),
        ("window", "override", "Mudanza"),
        ("window", "weekly", "Jornada de verano"),
    ]


def test_a_night_that_opens_under_one_timetable_is_worked_to_its_end() -> None:
    nights = WorkingCalendar(
        timezone="Europe/Madrid",
        weekly=dict.fromkeys(range(7), ((1320, 1800),)),
        timetables={date(2026, 6, 15): Timetable({})},
    )
    assert elapsed(nights, madrid("2026-06-14T12:00"), madrid("2026-06-16T12:00")) == timedelta(hours=8)
    assert next_opening(nights, madrid("2026-06-15T12:00")) is None


def test_a_calendar_may_open_only_under_a_later_timetable() -> None:
    opening = WorkingCalendar(timezone="Europe/Madrid", weekly={}, timetables={date(2026, 6, 15): SUMMER})
    assert next_opening(opening, madrid("2026-06-01T12:00")) == madrid("2026-06-15T08:00")


def test_the_golden_shape_reads_versions() -> None:
    data = {
        "tz": "Europe/Madrid",
        "weekly": {"mon": [["09:00", "14:00"]]},
        "versions": [{"from": "2026-06-15", "weekly": {"mon": [["08:00", "15:00"]]}, "name": "verano"}],
    }
    read = WorkingCalendar.from_json(data)
    assert read.timetables == {date(2026, 6, 15): Timetable({0: ((480, 900),)}, "verano")}
    assert read != WorkingCalendar.from_json(data | {"versions": []})


def test_the_break_between_two_windows_is_told_once_it_is_passed() -> None:
    (before, lunch, after) = explain(OFFICE, madrid("2026-11-20T13:30"), 60)
    assert (lunch.code, lunch.rule, lunch.start, lunch.end) == ("skipped", "break", before.end, after.start)
    (only,) = explain(OFFICE, madrid("2026-11-20T13:30"), 30)
    assert only.code == "window"
    pause = (madrid("2026-11-20T13:45"), madrid("2026-11-20T16:15"))
    assert [s.code for s in explain(OFFICE, madrid("2026-11-20T13:30"), 60, [pause])] == ["window", "pause", "window"]


# --- building and caching


def test_both_constructors_build_the_same_calendar() -> None:
    rows = WorkingCalendar.from_rows(
        timezone="Europe/Madrid",
        weekly=[(0, "09:00-14:00"), ("0", (960, 1140)), ("tue", (1320, 1800))],
        holidays=[(date(2026, 12, 25), "Navidad")],
        overrides=[(date(2026, 12, 24), ["09:00-24:00"])],
    )
    data = {
        "tz": "Europe/Madrid",
        "weekly": {"mon": [["16:00", "19:00"], ["09:00", "14:00"]], "tue": [["22:00", "06:00"]]},
        "holidays": {"2026-12-25": "Navidad"},
        "overrides": {"2026-12-24": [["09:00", "24:00"]]},
    }
    assert rows == WorkingCalendar.from_json(data)
    assert hash(rows) == hash(WorkingCalendar.from_json(data))
    assert rows.overrides[date(2026, 12, 24)] == ((540, 1440),)
    assert rows != OFFICE and rows != "calendar"


@pytest.mark.parametrize("written", ["09:00", "9-14-15", "25:00-26:00", "09:60-10:00", "x-y", "24:30-10:00"])
def test_unreadable_windows_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"not a (window|clock time)"):
        parse_window(written)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Europe/Nowhere", "weekly": {}},
        {"timezone": "", "weekly": {}},
        {"timezone": "Europe/Madrid", "weekly": {7: ((0, 60),)}},
        {"timezone": "Europe/Madrid", "weekly": {0: ((60, 60),)}},
        {"timezone": "Europe/Madrid", "weekly": {0: ((0, 2881),)}},
        {"timezone": "Europe/Madrid", "weekly": {0: ((1440, 60),)}},
    ],
)
def test_wrong_calendars_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown time zone|not a (window|weekday)"):
        WorkingCalendar(**wrong)
