"""Calendars: parsing of text lines, places, timetables, the preview, and what a change does not affect."""

from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.calendars.models import Calendar
from msp.calendars.places import add_place, seed_year
from msp.calendars.queries import access_calendar
from msp.kernel.db import Scope, work
from msp.web.admin.calendar_text import days_alike, exceptions_of, holidays_of, text_of, windows_of
from tests.conftest import MONDAY
from tests.web.forms import posted
from tests.world import World, sign_in

SPLIT = "9:00-14:00, 16:00-19:00"
FORM = {"name": "Bilbao", "timezone": "Europe/Madrid", **{f"day_{i}": SPLIT for i in range(5)}}


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def place_of_getafe() -> UUID:
    with work(Scope.staff()):
        place = add_place(name="Getafe", country="ES", region="MD", municipality="Getafe", at=MONDAY)
        seed_year(place, 2026, at=MONDAY)
        return place.id


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


def test_a_calendar_closes_on_the_holidays_of_its_place(ana: FlaskClient, world: World) -> None:
    place = place_of_getafe()
    form = FORM | {"place": str(place), "holidays": "2026-08-28 Aste Nagusia"}
    assert ana.post("/admin/calendars/new", data=form).status_code == 303
    added = named("Bilbao")
    assert added is not None and added.place_id == place and added.keeps_holidays
    page = ana.get(f"/admin/calendars/{added.id}").text
    assert "Inmaculada Concepción" in page and "Getafe" in page
    assert "de 2026 · 2027 no están confirmados" in page


def test_a_calendar_may_keep_no_holidays_and_then_nothing_warns(ana: FlaskClient) -> None:
    assert ana.post("/admin/calendars/new", data=FORM | {"place": "none"}).status_code == 303
    added = named("Bilbao")
    assert added is not None and added.place_id is None and not added.keeps_holidays
    assert "No hay festivos" not in ana.get(f"/admin/calendars/{added.id}").text
    assert ana.post("/admin/calendars/new", data=FORM | {"name": "Otro", "place": ""}).status_code == 303
    other = named("Otro")
    assert other and "No hay festivos para 2026 · 2027" in ana.get(f"/admin/calendars/{other.id}").text


def test_the_list_warns_of_calendars_in_use_only(ana: FlaskClient) -> None:
    ana.post("/admin/calendars/new", data=FORM)  # no contract uses it
    page = ana.get("/admin/calendars").text
    assert page.count("No hay festivos para 2027.") == 1  # the fixtures' calendar, which has 2026


def test_a_day_that_ends_at_23_59_ends_at_midnight(ana: FlaskClient) -> None:
    """Zammad 3180: forms without 24:00 teach people to write 23:59."""
    assert windows_of("0:00-23:59") == [(0, 1440)]
    form = FORM | {f"day_{i}": "0:00-23:59" for i in range(7)}
    assert ana.post("/admin/calendars/new", data=form).status_code == 303
    added = named("Bilbao")
    assert added is not None and {each.end_minute for each in added.windows} == {1440}


@pytest.mark.parametrize("place", ["nowhere", "00000000-0000-0000-0000-000000000001"])
def test_a_place_that_is_none_comes_back(ana: FlaskClient, place: str) -> None:
    answer = ana.post("/admin/calendars/new", data=FORM | {"place": place})
    assert answer.status_code == 422 and named("Bilbao") is None


def test_the_preview_says_when_and_why(ana: FlaskClient, world: World) -> None:
    path = f"/admin/calendars/{world.calendar.id}"
    page = ana.get(f"{path}?opened=2026-12-04T13:00&minutes=240").text
    assert "Vence el 9 de diciembre de 2026 a las" not in page  # four hours: Friday still has three of them
    assert "Vence el 4 de diciembre de 2026 a las 19:00" in page
    page = ana.get(f"{path}?opened=2026-12-04T18:00&minutes=120").text
    assert "Vence el 9 de diciembre de 2026 a las 10:00" in page
    assert "Constitución (trasladado)" in page and "7 dic cerrado" in page
    assert "Indica fecha y hora" in ana.get(f"{path}?opened=mañana&minutes=120").text
    assert "Indica fecha y hora" in ana.get(f"{path}?opened=2026-12-04T18:00&minutes=dos").text


SUMMER = {"from_day": "2027-06-15", "until": "2027-09-15", "name": "Jornada de verano"} | {
    f"day_{i}": "8:00-15:00" for i in range(5)
}


def test_a_summer_timetable(ana: FlaskClient, world: World) -> None:
    path = f"/admin/calendars/{world.calendar.id}"
    form = posted(ana.get(f"{path}/timetables/new").text)
    assert form["day_0"] == SPLIT
    assert ana.post(f"{path}/timetables/new", data=SUMMER).status_code == 303
    page = ana.get(path).text
    assert "Jornada de verano" in page and "desde el 15 jun 2027" in page and "hasta el 15 sept 2027" in page
    assert "Semana habitual" in page and "vigente" in page
    assert "Horarios: + 15 jun 2027 Jornada de verano" in page and "Ana" in page  # what changed, and who changed it
    preview = ana.get(f"{path}?opened=2027-06-14T18:30&minutes=60").text
    assert "15 de junio de 2027 a las 8:30" in preview and "· Jornada de verano" in preview
    answer = ana.post(f"{path}/timetables/2027-06-15", data=SUMMER | {"from_day": "2027-07-01", "until": ""})
    assert answer.status_code == 303
    with work(Scope.staff()):
        days = [each.from_day for each in access_calendar(world.calendar.id).timetables]
    assert days == [date(2027, 7, 1), date(2027, 9, 16)]
    assert ana.post(f"{path}/timetables/2027-07-01/removal").status_code == 303
    assert ana.get(f"{path}/timetables/2027-07-01").status_code == 404
    assert ana.get(f"{path}/timetables/nunca").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"until": "2027-06-01"}, "anterior al inicio"),
        ({"from_day": ""}, "Campo obligatorio"),
        ({"day_0": "8 a 15"}, "sin solapes"),
        ({f"day_{i}": "" for i in range(5)}, "Campo obligatorio"),
    ],
)
def test_a_timetable_that_cannot_be_read_comes_back(
    ana: FlaskClient, world: World, change: dict[str, str], sentence: str
) -> None:
    answer = ana.post(f"/admin/calendars/{world.calendar.id}/timetables/new", data=SUMMER | change)
    assert answer.status_code == 422 and sentence in answer.text
    with work(Scope.staff()):
        assert access_calendar(world.calendar.id).timetables == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("day_2", "9 a 14", "sin solapes"),
        ("holidays", "Navidad", "revisa la fecha"),
        ("exceptions", "2026-12-24 9-8-7", "revisa la fecha"),
        ("name", " ", "Campo obligatorio"),
        ("timezone", "Aquí", "Valor desconocido"),
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
    assert "Otra persona lo ha modificado" in answer.text and named("Otro") is None
