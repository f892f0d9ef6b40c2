"""Calendars and places through the API: dated timetables, confirmed years, previewed due dates, permissions."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from tests.web.api.conftest import Program, codes
from tests.web.api.test_desk_data import CALENDAR
from tests.world import World

SUMMER = {"mon": [["08:00", "15:00"]], "fri": [["08:00", "15:00"]]}


@pytest.fixture
def made(admin: Program) -> dict[str, Any]:
    answer = admin.post("/calendars", CALENDAR)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_calendar_is_read_and_changed_by_parts(admin: Program, made: dict[str, Any]) -> None:
    path = f"/calendars/{made['id']}"
    assert admin.get(path).get_json() == made
    timetables = [
        {"from_day": "2027-06-15", "name": "Verano", "weekly": SUMMER},
        {"from_day": "2027-09-16", "weekly": CALENDAR["weekly"]},
    ]
    changed = admin.patch(path, {"timetables": timetables}).get_json()
    assert [each["from_day"] for each in changed["timetables"]] == ["2027-06-15", "2027-09-16"]
    assert changed["timetables"][0]["weekly"]["mon"] == [["08:00", "15:00"]]
    assert changed["version"] == 2
    for same in ("weekly", "holidays", "exceptions", "place_id", "holiday_set", "name"):
        assert changed[same] == made[same]
    named = admin.patch(path, {"exceptions": [{"day": "2026-12-24", "name": "Nochebuena"}], "name": "X"}).get_json()
    assert named["exceptions"] == [{"day": "2026-12-24", "windows": [], "name": "Nochebuena"}]
    assert (named["version"], named["name"], named["timetables"]) == (3, "X", changed["timetables"])
    with work(Scope.system()) as session:
        events = list(
            session.scalars(
                select(StoredEvent).where(StoredEvent.subject_id == UUID(made["id"])).order_by(StoredEvent.seq)
            )
        )
    kinds = [event.kind for event in events]
    assert kinds == ["calendar.added", "calendar.changed", "calendar.renamed", "calendar.changed"]
    assert events[1].data["from_day"] == "2027-06-15"


def test_a_calendar_names_its_place_and_what_is_missing(admin: Program, made: dict[str, Any]) -> None:
    assert made["place_id"] and made["missing_years"] == [2026, 2027]  # filled, but not reviewed yet
    scopes = {each["day"]: each["scope"] for each in made["holidays"]}
    assert (scopes["2026-01-06"], scopes["2026-08-21"]) == ("national", "own")
    place = f"/places/{made['place_id']}"
    assert admin.post(f"{place}/years/2026/freeze", {}).get_json()["frozen_at"]
    assert admin.get(f"/calendars/{made['id']}").get_json()["missing_years"] == [2027]
    assert admin.patch(f"/calendars/{made['id']}", {"keeps_holidays": False}).get_json()["missing_years"] == []
    own = admin.patch(f"/calendars/{made['id']}", {"place_id": None}).get_json()
    assert [each["day"] for each in own["holidays"]] == ["2026-08-21"]
    back = admin.patch(f"/calendars/{made['id']}", {"place_id": made["place_id"]}).get_json()
    assert back["holidays"] == made["holidays"]


def test_a_second_calendar_of_a_place_finds_its_frozen_table(admin: Program, made: dict[str, Any]) -> None:
    place = f"/places/{made['place_id']}"
    days = [{"day": "2026-07-25", "name": "Santiago", "scope": "regional"}]
    assert admin.put(f"{place}/years/2026", {"holidays": days}).status_code == 200
    admin.post(f"{place}/years/2026/freeze", {})
    refused = admin.post(f"{place}/years/2026/seed", {})
    assert refused.status_code == 409 and refused.get_json()["code"] == "year_is_frozen"
    again = admin.post("/calendars", CALENDAR | {"name": "Otra"}).get_json()
    assert [each["day"] for each in again["holidays"]] == ["2026-07-25", "2026-08-21"]


def test_when_something_would_be_due_and_why(admin: Program, world: World) -> None:
    path = f"/calendars/{world.calendar.id}/deadline"
    found = admin.get(f"{path}?start=2026-12-04T17:00:00Z&minutes=120").get_json()
    assert found["due_at"] == "2026-12-09T09:00:00Z"
    assert [(step["code"], step["name"]) for step in found["explanation"]["steps"]] == [
        ("window", ""),
        ("skipped", ""),
        ("skipped", ""),
        ("skipped", "Constitución (trasladado)"),
        ("skipped", "Inmaculada Concepción"),
        ("window", ""),
    ]
    assert "7 dic cerrado: Constitución (trasladado)" in found["explanation"]["sentences"]
    for wrong in ("start=ayer&minutes=1", "start=2026-12-04T17:00:00Z", "start=2026-12-04T17:00:00Z&minutes=-1"):
        assert admin.get(f"{path}?{wrong}").status_code == 422


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"timetables": [{"from_day": "2027-02-30", "weekly": {}}]}, "timetables.0.from_day", "invalid"),
        ({"timetables": [{"from_day": "2027-02-01"}]}, "timetables.0.weekly", "required"),
        ({"timetables": [{"from_day": "2027-02-01", "weekly": {}}] * 2}, "timetables", "duplicate"),
        ({"place_id": "00000000-0000-0000-0000-000000000001"}, "place_id", "unknown"),
        ({"keeps_holidays": "maybe"}, "keeps_holidays", "invalid"),
        ({"weekly": {"mon": [["09:00", "14:00"], ["13:00", "15:00"]]}}, "weekly", "invalid"),
    ],
)
def test_a_change_that_does_not_fit(
    admin: Program, made: dict[str, Any], change: dict[str, Any], field: str, code: str
) -> None:
    path = f"/calendars/{made['id']}"
    assert codes(admin.patch(path, change)) == {field: [code]}
    assert admin.get(path).get_json() == made


def test_a_timetable_whose_windows_overlap_is_refused(admin: Program, made: dict[str, Any]) -> None:
    weekly = {"mon": [["09:00", "14:00"], ["13:00", "15:00"]]}
    answer = admin.patch(f"/calendars/{made['id']}", {"timetables": [{"from_day": "2027-01-01", "weekly": weekly}]})
    assert codes(answer) == {"timetables": ["invalid"]}


def test_places_are_added_filled_and_edited(admin: Program, staff: Program) -> None:
    answer = admin.post("/places", {"name": "Getafe", "country": "ES", "region": "MD", "municipality": "Getafe"})
    place = answer.get_json()
    assert answer.status_code == 201 and [each["year"] for each in place["years"]] == [2026]
    path = f"/places/{place['id']}"
    seeded = admin.post(f"{path}/years/2027/seed", {}).get_json()
    assert {"day": "2027-01-06", "name": "Epifanía del Señor", "scope": "national"} in seeded["holidays"]
    days = [*seeded["holidays"], {"day": "2027-05-13", "name": "Cerro"}]
    written = admin.put(f"{path}/years/2027", {"holidays": days}).get_json()
    assert written["holidays"][-1]["day"] >= "2027-05-13" and written["version"] == seeded["version"] + 1
    assert staff.get(path).get_json()["name"] == "Getafe"
    assert [each["id"] for each in staff.get("/places").get_json()["items"]] == [place["id"]]
    assert codes(admin.post("/places", {"name": "X", "country": "XX"})) == {"country": ["unknown"]}
    other_year = {"holidays": [{"day": "2026-01-01", "name": "x"}]}
    assert codes(admin.put(f"{path}/years/2027", other_year)) == {"holidays": ["other_year"]}
    assert admin.put(f"{path}/years/1900", {"holidays": []}).status_code == 404


def test_only_administrators_change_them_and_clients_see_none(
    staff: Program, manager: Program, made: dict[str, Any]
) -> None:
    path = f"/places/{made['place_id']}"
    assert staff.patch(f"/calendars/{made['id']}", {"name": "X"}).status_code == 403
    assert staff.post("/places", {"name": "X", "country": "ES"}).status_code == 403
    assert staff.put(f"{path}/years/2026", {"holidays": []}).status_code == 403
    assert staff.post(f"{path}/years/2026/seed", {}).status_code == 403
    assert staff.post(f"{path}/years/2026/freeze", {}).status_code == 403
    for read in ("/places", path, f"/calendars/{made['id']}"):
        assert manager.get(read).status_code in (403, 404)
