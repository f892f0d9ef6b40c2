"""Texts of due date explanations: both languages, other zones, and a month in few lines."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from msp.calendars.business_time import Pause, explain
from msp.calendars.working_calendar import Timetable, WorkingCalendar
from msp.kernel.i18n import reading_as
from msp.sla.explanation import Explanation
from msp.words.deadline_explanations import skipped_words, trail

MADRID = ZoneInfo("Europe/Madrid")
SPLIT = WorkingCalendar(
    timezone="Europe/Madrid",
    weekly=dict.fromkeys(range(5), ((540, 840), (960, 1140))),
    holidays={date(2026, 11, 9): "La Almudena", date(2026, 12, 7): "Constitución", date(2026, 12, 8): "Inmaculada"},
    overrides={date(2026, 12, 24): ((540, 780),), date(2026, 12, 31): ()},
    override_names={date(2026, 12, 24): "Nochebuena"},
)


def madrid(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


def explained(start: str, minutes: int, pauses: Sequence[Pause] = (), calendar: WorkingCalendar = SPLIT) -> Explanation:
    budget, begun = timedelta(minutes=minutes), madrid(start)
    return Explanation("resolution", budget, calendar.timezone, explain(calendar, begun, budget, pauses), begun)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """The texts need the application."""


def lines(found: Explanation, locale: str = "es", zone: str = "Europe/Madrid") -> list[str]:
    with reading_as(locale, zone):
        return [line.replace("\N{NO-BREAK SPACE}", " ") for line in trail(found)]


def test_windows_of_one_day_are_one_line() -> None:
    found = lines(explained("2026-11-23T13:00", 120))
    assert "13:00 → 14:00, 16:00 → 17:00 (2 h)" in found[0]
    assert found[1:] == ["Sin pausas ni festivos por medio"]


def test_what_comes_out_of_hours_says_from_when_it_counts() -> None:
    found = lines(explained("2026-11-06T20:30", 60))
    assert found[0].startswith("Creado fuera de horario: cuenta desde") and found[0].endswith("10 nov 9:00")
    assert "9 nov cerrado: La Almudena" in found


def test_a_month_is_told_in_few_lines() -> None:
    found = lines(explained("2026-11-10T10:00", 60 * 8 * 25))
    assert len(found) <= 9
    assert any("días laborables" in line for line in found)
    assert "7 dic cerrado: Constitución" in found
    english = lines(explained("2026-11-10T10:00", 60 * 8 * 30), "en")
    assert any("working days" in line for line in english)


def test_many_pauses_are_cut_in_the_middle() -> None:
    pauses = [(madrid(f"2026-11-{day}T10:00"), madrid(f"2026-11-{day}T11:00")) for day in (10, 11, 12, 13, 16, 17, 18)]
    found = lines(explained("2026-11-10T09:00", 60 * 50, pauses))
    assert len(found) <= 9 and any(line.startswith("… ") for line in found)


def test_exceptions_and_timetables_are_named() -> None:
    found = lines(explained("2026-12-23T18:00", 120))
    assert any(line.endswith("· Nochebuena") for line in found)
    seasons = WorkingCalendar(
        timezone="Europe/Madrid",
        weekly=SPLIT.weekly,
        timetables={date(2027, 6, 15): Timetable(dict.fromkeys(range(5), ((480, 900),)), "Jornada de verano")},
    )
    found = lines(explained("2027-06-14T18:30", 60, calendar=seasons))
    assert any(line.endswith("· Jornada de verano") for line in found)


def test_a_reader_elsewhere_reads_their_own_times_and_is_told_so() -> None:
    found = lines(explained("2026-11-23T13:00", 120), "en", "America/Mexico_City")
    assert "6:00 → 7:00, 9:00 → 10:00 (2 h)" in found[0]
    assert "Times are in your time zone; the calendar uses Europe/Madrid" in found


MONDAY_9 = ("el lunes 9 (La Almudena) y el fin de semana", "Monday 9 (La Almudena) and the weekend")


@pytest.mark.parametrize(
    ("start", "minutes", "es", "en"),
    [
        ("2026-11-23T13:00", 60, "", ""),
        ("2026-11-23T13:00", 120, "el descanso de 14:00 a 16:00", "the break from 14:00 to 16:00"),
        ("2026-11-06T18:30", 60, *MONDAY_9),
        ("2026-11-24T13:00", 60 * 12, "2 descansos", "2 breaks"),
    ],
)  # fmt: skip
def test_the_short_form_names_what_does_not_count(start: str, minutes: int, es: str, en: str) -> None:
    for locale, expected in (("es", es), ("en", en)):
        with reading_as(locale, "Europe/Madrid"):
            assert skipped_words(explained(start, minutes).steps) == expected


def test_the_short_form_counts_what_is_too_much_to_name() -> None:
    pauses: list[Pause] = [(madrid("2026-11-25T09:00"), madrid("2026-11-25T11:30"))]
    with reading_as("es", "Europe/Madrid"):
        steps = explained("2026-11-23T10:00", 60 * 8 * 30, pauses).steps
        said = skipped_words(steps).replace("\N{NO-BREAK SPACE}", " ")
        assert said.endswith("2 h 30 min en pausa") and "3 festivos" in said and "días no laborables" in said
        open_pause = explained("2026-11-23T10:00", 60, [(madrid("2026-11-23T10:30"), None)])
        assert skipped_words(open_pause.steps) == "la pausa actual"


@pytest.mark.parametrize(
    ("until", "expected"), [("2026-11-23T10:00:40", ""), ("2026-11-23T10:01:10", "1 min en pausa")]
)
def test_the_short_form_omits_a_pause_of_less_than_a_minute(until: str, expected: str) -> None:
    steps = explained("2026-11-23T09:30", 60, [(madrid("2026-11-23T10:00"), madrid(until))]).steps
    with reading_as("es", "Europe/Madrid"):
        assert skipped_words(steps).replace("\N{NO-BREAK SPACE}", " ") == expected
