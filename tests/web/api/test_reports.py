"""Reports through the API: the same figures and limits as the pages."""

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.opening import Request, open_ticket
from tests.reports.ticket_history import answer_each_day
from tests.reports.two_months import NOW, tell_two_months
from tests.web.api.conftest import Program, Programs, codes
from tests.world import World


@pytest.fixture
def months(world: World) -> World:
    """The fixtures, two months later."""
    tell_two_months(world)
    clock.advance(NOW - clock.now())
    return world


def test_figures_and_the_targets_behind_them(months: World, admin: Program) -> None:
    answer = admin.get("/reports/attainment?from=2026-10&by=client").get_json()
    assert answer["period"] == {"first": "2026-10-01", "last": "2026-10-31"}
    groups = {each["name"]: each for each in answer["groups"]}
    lozano = groups["Ferretería Lozano"]
    assert (lozano["counted"], lozano["excluded"], lozano["total"], lozano["attainment"]) == (5, 1, 6, "0.4")
    assert answer["total"]["outcomes"]["no_contract"] == 1
    for outcome, number in answer["total"]["outcomes"].items():
        found = admin.get(f"/reports/attainment/tickets?from=2026-10&outcome={outcome}").get_json()
        assert len(found["items"]) == number, outcome
    late = admin.get("/reports/attainment/tickets?from=2026-09&outcome=met_late").get_json()["items"][0]
    assert (late["number"], late["minutes_left"], late["technician_id"]) == ("LOZ-2", -30, str(months.irene.id))
    assert late["due_at"] == "2026-09-01T08:30:00Z" and late["explanation"]["steps"][0]["code"] == "window"


def test_pages(months: World, admin: Program) -> None:
    seen, cursor = [], ""
    while True:
        page = admin.get(f"/reports/attainment/tickets?from=2026-09&to=2026-10&limit=4{cursor}").get_json()
        seen += [(each["number"], each["kind"]) for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 15


def test_a_client_token_sees_its_own(months: World, manager: Program, stranger: Program, program: Programs) -> None:
    groups = manager.get("/reports/attainment?from=2026-09").get_json()["groups"]
    assert [each["name"] for each in groups] == ["Ferretería Lozano"]
    found = manager.get("/reports/attainment/tickets?from=2026-09").get_json()["items"]
    assert {each["number"].partition("-")[0] for each in found} == {"LOZ"}
    assert all(each["technician_id"] is None for each in found)
    others = stranger.get(f"/reports/attainment?from=2026-09&client_id={months.lozano.id}").get_json()
    assert others["groups"] == [] and others["total"]["total"] == 0
    assert manager.get("/reports/attainment?by=technician").status_code == 403
    assert manager.get(f"/reports/attainment?technician_id={months.irene.id}").status_code == 403
    employee = program(months.marta)
    for path in ("/reports/attainment", "/reports/attainment/tickets", "/reports/forecast"):
        assert employee.get(path).status_code == 403


def test_technicians_see_their_own_and_the_rest_as_one(months: World, staff: Program) -> None:
    groups = staff.get("/reports/attainment?from=2026-09&by=technician").get_json()["groups"]
    assert [each["key"] for each in groups] == [str(months.tomas.id), None, "others"]
    assert staff.get(f"/reports/attainment/tickets?technician_id={months.irene.id}").status_code == 403
    found = staff.get("/reports/attainment/tickets?from=2026-09").get_json()["items"]
    assert {each["technician_id"] for each in found} == {str(months.tomas.id), None}


def test_refusals(months: World, staff: Program) -> None:
    assert codes(staff.get("/reports/attainment?from=2026-13")) == {"from": ["invalid"]}
    assert codes(staff.get("/reports/attainment?by=colour")) == {"by": ["unknown"]}
    assert codes(staff.get("/reports/attainment/tickets?outcome=good")) == {"outcome": ["unknown"]}
    assert codes(staff.get("/reports/attainment/tickets?month=x")) == {"month": ["invalid"]}
    assert codes(staff.get("/reports/forecast?hours=3")) == {"hours": ["unknown"]}


def test_the_forecast(months: World, admin: Program, manager: Program, stranger: Program) -> None:
    answer = admin.get("/reports/forecast?hours=8").get_json()
    assert answer["at"] == "2026-11-02T09:00:00Z" and answer["hours"] == 8
    assert [(each["number"], each["kind"], each["verdict"]) for each in answer["items"]] == [
        ("AZC-1", "first_response", "unknown")
    ]
    assert (answer["items"][0]["late_chance"], answer["tickets"], answer["tickets_at_risk"]) == (None, 1, 0)
    assert manager.get("/reports/forecast?hours=8").get_json()["items"] == []
    assert [each["number"] for each in stranger.get("/reports/forecast?hours=8").get_json()["items"]] == ["AZC-1"]


def test_the_forecast_has_its_chances_and_its_accuracy(world: World, admin: Program, stranger: Program) -> None:
    answer_each_day(world, late_every=3)
    asked = Request(subject="No imprime", body="x", source="portal", priority="urgent")
    with work(Scope.client(world.lozano.id)):
        open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
    answer = admin.get("/reports/forecast?hours=2").get_json()
    assert (answer["tickets"], answer["tickets_at_risk"], answer["late_already"]) == (1, 1, 0)
    only = answer["items"][0]
    assert {name: only[name] for name in ("verdict", "late_chance", "compared_with", "group", "minutes_target")} == {
        "verdict": "at_risk",
        "late_chance": 0.333,
        "compared_with": 45,
        "group": "client_target",
        "minutes_target": 30,
    }
    assert answer["accuracy"] == {
        "times": 19,
        "at_risk": 15,
        "at_risk_late": 5,
        "in_time": 23,
        "in_time_late": 2,
        "not_enough_history": 0,
        "undecided": 0,
        "changed": 0,
    }
    others = stranger.get("/reports/forecast?hours=2").get_json()
    assert others["items"] == [] and others["accuracy"]["in_time"] == 0


def test_the_forecast_is_described(admin: Program) -> None:
    shapes = admin.get("/openapi.json").get_json()["components"]["schemas"]
    assert "accuracy" in shapes["Forecast"]["properties"]
    assert "missed" in shapes["Expected"]["properties"]["late_chance"]["description"]
