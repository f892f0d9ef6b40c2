"""Places in the administration: filled, corrected by hand, confirmed; effects on calendars of the place."""

from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from msp.calendars.places import find_place
from msp.kernel.db import Scope, work
from tests.web.forms import posted
from tests.world import World, sign_in


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


@pytest.fixture
def getafe(ana: FlaskClient) -> UUID:
    answer = ana.post("/admin/places/new", data={"where": "ES-MD", "municipality": "Getafe"})
    assert answer.status_code == 303
    with work(Scope.staff()):
        place = find_place("ES", "MD", "Getafe")
        assert place is not None
        return place.id


def days(year: int = 2026) -> dict[date, tuple[str, str]]:
    with work(Scope.staff()):
        place = find_place("ES", "MD", "Getafe")
        table = place.year(year) if place else None
        return {each.day: (each.name, each.scope) for each in table.holidays} if table else {}


def test_a_new_place_has_its_present_year_filled(ana: FlaskClient, getafe: UUID) -> None:
    found = days()
    assert found[date(2026, 12, 25)] == ("Natividad del Señor", "national")
    assert found[date(2026, 5, 2)][1] == "regional" and date(2026, 11, 9) not in found
    page = ana.get("/admin/places").text
    assert "Getafe" in page and "por revisar" in page and "Comunidad de Madrid" in page


def test_the_two_municipal_days_are_entered_and_the_year_is_frozen(ana: FlaskClient, getafe: UUID) -> None:
    path = f"/admin/places/{getafe}/2026"
    form = posted(ana.get(path).text)
    blank = next(name for name, value in form.items() if name.startswith("day_") and not value)[4:]
    form |= {f"day_{blank}": "2026-06-05", f"name_{blank}": "Virgen de los Ángeles", f"scope_{blank}": "municipal"}
    assert ana.post(path, data=form).status_code == 303
    assert days()[date(2026, 6, 5)] == ("Virgen de los Ángeles", "municipal")
    assert "Otra persona lo ha modificado" in ana.post(path, data=form, follow_redirects=True).text
    assert ana.post(f"{path}/freeze").status_code == 303
    page = ana.get(path).text
    assert "Revisado y confirmado" in page and "/seed" not in page
    assert "está confirmado" in ana.post(f"{path}/seed", follow_redirects=True).text
    taken = posted(ana.get(path).text)
    gone = next(name for name, value in taken.items() if value == "2026-06-05")
    assert ana.post(path, data=taken | {gone: ""}).status_code == 303  # people still may change it
    assert date(2026, 6, 5) not in days()


def test_another_year_is_filled_on_its_page(ana: FlaskClient, getafe: UUID) -> None:
    path = f"/admin/places/{getafe}/2027"
    assert "No hay festivos para este año" in ana.get(path).text
    assert "nada que confirmar" in ana.post(f"{path}/freeze", follow_redirects=True).text
    assert ana.post(f"{path}/seed").status_code == 303
    assert days(2027)[date(2027, 1, 6)] == ("Epifanía del Señor", "national")
    assert ana.get(f"/admin/places/{getafe}/1999").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"day_0": "2027-01-01", "name_0": "Otro año"},
        {"day_0": "2026-01-01", "name_0": ""},
        {"day_0": "ayer", "name_0": "Ayer"},
        {"day_0": "2026-12-25", "name_0": "Dos veces"},
        {"scope_0": "mío"},
    ],
)
def test_what_cannot_be_read_comes_back(ana: FlaskClient, getafe: UUID, change: dict[str, str]) -> None:
    path, before = f"/admin/places/{getafe}/2026", days()
    answer = ana.post(path, data=posted(ana.get(path).text) | change)
    assert answer.status_code == 422 and days() == before


@pytest.mark.parametrize(
    "form", [{"where": "XX"}, {"where": "ES-XX"}, {"where": ""}, {"where": "ES-MD", "municipality": "Getafe"}]
)
def test_a_place_that_is_none_or_is_there_comes_back(ana: FlaskClient, getafe: UUID, form: dict[str, str]) -> None:
    assert ana.post("/admin/places/new", data=form).status_code == 422
