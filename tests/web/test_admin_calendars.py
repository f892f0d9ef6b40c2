"""Calendars: lines of text to minutes and days, holidays from a place, and what a change leaves alone."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.calendars.models import Calendar
from msp.calendars.queries import access_calendar
from msp.kernel.db import Scope, work
from msp.web.admin.calendar_text import days_alike, exceptions_of, holidays_of, text_of, windows_of
from tests.web.forms import posted
from tests.world import World, sign_in

SPLIT = "9:00-14:00, 16:00-19:00"
FORM = {"name": "Bilbao", "timezone": "Europe/Madrid", **{f"day_{i}": SPLIT for i in range(5)}}


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def named(name: str) -> Calendar | None:
    with work(Scope.staff()) as session:
        return session.scalars(select(Calendar).where(Calendar.name == name)).one_or_none()


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", []),
        (SPLIT, [(540, 840), (960, 1140)]),
        ("16:00–19:00,9–14", [(540, 840), (960, 1140)]),
        ("9.30-14.00", [(570, 840)]),
        ("0:00-24:00", [(0, 1440)]),
        ("22:00-6:00", [(1320, 1800)]),
    ],
)
def test_windows(text: str, windows: list[tuple[int, int]]) -> None:
    assert windows_of(text) == windows
    assert windows_of(text_of(windows)) == windows


@pytest.mark.parametrize(
    "text", ["mañana", "9:00", "9:00-9:00", "25:00-26:00", "9:00-14:00, 13:00-19:00", "9:60-10:00", "24:00-3:00", "--"]
)
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        windows_of(text)


def test_lines_of_holidays_and_exceptions() -> None:
    assert holidays_of("2026-12-25 Navidad\n\n 9/11/2026 La Almudena ") == {
        date(2026, 12, 25): "Navidad",
        date(2026, 11, 9): "La Almudena",
    }
    assert exceptions_of("2026-12-24 9:00-14:00 Nochebuena\n2026-12-31\n2027-01-05 9:00-12:00, 13:00-15:00") == {
        date(2026, 12, 24): ([(540, 840)], "Nochebuena"),
        date(2026, 12, 31): ([], None),
        date(2027, 1, 5): ([(540, 720), (780, 900)], None),
    }
    for wrong in ("Navidad", "2026-13-01 Trece", "2026-12-25"):
        with pytest.raises(ValueError, match=r".*"):
            holidays_of(wrong)


def test_days_alike_are_said_together() -> None:
    day, short = ((540, 840),), ((540, 720),)
    assert days_alike({0: day, 1: day, 2: short, 4: day}) == [(0, 1, day), (2, 2, short), (4, 4, day)]


def test_a_new_calendar(ana: FlaskClient) -> None:
    form = FORM | {"holidays": "2026-08-28 Aste Nagusia", "exceptions": "2026-12-24 9:00-14:00 Nochebuena"}
    assert ana.post("/admin/calendars/new", data=form).status_code == 303
    added = named("Bilbao")
    assert added is not None and len(added.windows) == 10
    assert [(each.day, each.name) for each in added.holidays] == [(date(2026, 8, 28), "Aste Nagusia")]
    assert [(each.day, each.windows, each.name) for each in added.exceptions] == [
        (date(2026, 12, 24), [{"start": 540, "end": 840}], "Nochebuena")
    ]
    page = ana.get("/admin/calendars").text
    assert "lun–vie 9:00–14:00, 16:00–19:00" in page


def test_holidays_of_a_place_join_those_written_by_hand(ana: FlaskClient) -> None:
    form = FORM | {"seed": "1", "country": "ES", "region": "MD", "year": "2027", "holidays": "2027-05-15 San Isidro"}
    answer = ana.post("/admin/calendars/new", data=form)
    assert answer.status_code == 200 and named("Bilbao") is None
    text = posted(answer.text)["holidays"]
    assert "2027-05-15 San Isidro" in text and "2027-12-25" in text and "2027-01-06" in text
    assert "2027-05-02" in text or "2027-05-03" in text  # the day of the Comunidad, or where it moved to


def test_a_place_without_holidays_says_so(ana: FlaskClient) -> None:
    answer = ana.post("/admin/calendars/new", data=FORM | {"seed": "1", "country": "XX", "year": "2027"})
    assert answer.status_code == 200 and "No se conocen festivos" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("day_2", "9 a 14", "sin solapes"),
        ("holidays", "Navidad", "revisa el día"),
        ("exceptions", "2026-12-24 9-8-7", "revisa el día"),
        ("name", " ", "Hace falta"),
        ("timezone", "Aquí", "Aquí no se conoce"),
    ],
)
def test_what_cannot_be_read_comes_back(ana: FlaskClient, field: str, value: str, sentence: str) -> None:
    answer = ana.post("/admin/calendars/new", data=FORM | {field: value})
    assert answer.status_code == 422 and sentence in answer.text and named("Bilbao") is None


def test_a_calendar_that_nobody_touched_says_the_same(ana: FlaskClient, world: World) -> None:
    page = f"/admin/calendars/{world.calendar.id}"
    with work(Scope.staff()):
        before = access_calendar(world.calendar.id)
    form = posted(ana.get(page).text)
    assert ana.post(page, data=form).status_code == 303
    with work(Scope.staff()):
        after = access_calendar(world.calendar.id)
    assert after.version == before.version
    for rows in ("windows", "holidays", "exceptions"):
        kept = [
            [{k: v for k, v in vars(row).items() if k[0] != "_"} for row in getattr(calendar, rows)]
            for calendar in (before, after)
        ]
        assert kept[0] == kept[1]
    assert ana.post(page, data=form | {"day_5": "9:00-14:00"}).status_code == 303
    answer = ana.post(page, data=form | {"name": "Otro"}, follow_redirects=True)
    assert "mientras tanto" in answer.text and named("Otro") is None
