"""Tickets through the API: opening, reading, changing, search, pagination."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from msp.kernel import clock
from msp.kernel.db import db
from tests.web.api.conftest import Program, Programs, codes
from tests.world import World


def asked(world: World, **more: object) -> dict[str, object]:
    return {
        "client_id": str(world.lozano.id),
        "requester_id": str(world.marta.id),
        "subject": "El TPV no cobra",
        "body": "Hay cola en Getafe.",
        "priority": "urgent",
    } | more


def opened(api: Program, world: World, **more: object) -> dict[str, Any]:
    answer = api.post("/tickets", asked(world, **more))
    assert answer.status_code == 201, answer.data
    return dict(answer.get_json())


def test_a_ticket_is_opened_with_its_sla_targets(staff: Program, world: World) -> None:
    answer = staff.post("/tickets", asked(world, tags=["tpv"], type="request"))
    ticket = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/tickets/{ticket['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert ticket["number"] == "LOZ-1"
    assert (ticket["status"], ticket["priority"], ticket["queue"], ticket["tier"]) == ("new", "urgent", "T1", 1)
    assert (ticket["source"], ticket["type"], ticket["tags"]) == ("api", "request", ["tpv"])
    assert ticket["requester"] == {
        "id": str(world.marta.id), "name": "Marta Ruiz", "email": "marta@lozano.example", "is_guest": False,
    }  # fmt: skip
    assert ticket["created_at"] == "2026-11-23T09:00:00Z"
    targets = [(each["kind"], each["state"], each["budget_minutes"], each["due_at"]) for each in ticket["sla"]]
    assert targets == [
        ("first_response", "running", 30, "2026-11-23T09:30:00Z"),
        ("resolution", "running", 240, "2026-11-23T13:00:00Z"),
    ]


def test_reading_it_gives_the_reasons_for_its_deadlines(staff: Program, world: World) -> None:
    ticket = opened(staff, world, priority="low")
    explained = staff.get(f"/tickets/{ticket['id']}").get_json()["sla"][0]["explanation"]
    assert explained["timezone"] == "Europe/Madrid"
    assert explained["steps"][0] == {
        "code": "window",
        "day": "2026-11-23",
        "start": "2026-11-23T09:00:00Z",
        "end": "2026-11-23T13:00:00Z",
        "minutes": 240,
        "rule": "weekly",
        "name": "",
        "holiday": "",
    }


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"), [("high", "high", "urgent"), ("medium", "low", "low"), ("low", "high", "normal")]
)
def test_without_a_priority_impact_and_urgency_give_it(
    staff: Program, world: World, impact: str, urgency: str, priority: str
) -> None:
    body = asked(world, impact=impact, urgency=urgency)
    del body["priority"]
    assert staff.post("/tickets", body).get_json()["priority"] == priority


def test_an_address_names_the_requester_and_makes_somebody_new(staff: Program, world: World) -> None:
    body = asked(world)
    del body["requester_id"]
    known = staff.post("/tickets", body | {"requester": "MARTA@lozano.example"}).get_json()
    new = staff.post("/tickets", body | {"requester": {"email": "luz@lozano.example", "name": "Luz Vega"}}).get_json()
    again = staff.post("/tickets", body | {"requester": "luz@lozano.example"}).get_json()
    assert known["requester_id"] == str(world.marta.id)
    assert new["requester"]["name"] == "Luz Vega"
    assert again["requester_id"] == new["requester_id"]


def test_a_new_ticket_can_go_straight_to_somebody(staff: Program, world: World) -> None:
    ticket = opened(staff, world, queue="T2", assignee_id=str(world.irene.id))
    assert (ticket["tier"], ticket["assignee"]["name"]) == (2, "Irene Navas")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"subject": "  "}, "subject", "required"),
        ({"subject": None}, "subject", "null"),
        ({"subject": "x" * 201}, "subject", "too_long"),
        ({"subject": "a\x00b"}, "subject", "invalid"),
        ({"subject": "\ud800"}, "subject", "invalid"),
        ({"body": 7}, "body", "invalid"),
        ({"priority": "p1"}, "priority", "unknown"),
        ({"client_id": "lozano"}, "client_id", "invalid"),
        ({"requester_id": "00000000-0000-7000-8000-000000000000"}, "requester", "unknown"),
        ({"requester": {"name": "Nadie"}}, "requester", "invalid"),
        ({"tags": ["ok", 5]}, "tags.1", "invalid"),
        ({"tier": 4}, "tier", "out_of_range"),
        ({"tier": True}, "tier", "invalid"),
        ({"tier": 1.0}, "tier", "invalid"),
        ({"tier": 1, "queue": "T2"}, "queue", "invalid"),
        ({"source": "slack"}, "source", "unknown"),
        ({"sujeto": "x"}, "sujeto", "unknown_field"),
        ({"assignee_id": "00000000-0000-7000-8000-000000000000"}, "assignee_id", "unknown"),
    ],
)
def test_what_does_not_fit_is_named_by_field(
    staff: Program, world: World, change: dict[str, object], field: str, code: str
) -> None:
    answer = staff.post("/tickets", asked(world, **change))
    assert answer.status_code == 422
    assert codes(answer) == {field: [code]}
    assert answer.get_json()["code"] == "invalid"


def test_nothing_at_all_names_everything_that_is_needed(staff: Program) -> None:
    assert codes(staff.post("/tickets")) == {"subject": ["required"]}


def test_a_requester_of_another_company_is_refused(staff: Program, world: World) -> None:
    answer = staff.post("/tickets", asked(world, requester_id=str(world.inigo.id)))
    assert codes(answer) == {"requester": ["not_of_client"]}
    answer = staff.post("/tickets", asked(world, assignee_id=str(world.marta.id)))
    assert codes(answer) == {"assignee_id": ["not_staff"]}


def test_several_changes_are_one(staff: Program, world: World) -> None:
    ticket = opened(staff, world)
    change = {
        "status": "open",
        "priority": "high",
        "tier": 2,
        "assignee_id": str(world.irene.id),
        "subject": "El TPV de Getafe no cobra",
    }
    answer = staff.patch(f"/tickets/{ticket['id']}", change)
    after = answer.get_json()
    assert answer.status_code == 200
    assert {name: after[name] for name in change} == change
    kinds = [each["kind"] for each in staff.get(f"/tickets/{ticket['id']}/events").get_json()["items"]]
    assert kinds == [
        "ticket.opened",
        "ticket.tier_changed",
        "ticket.assigned",
        "ticket.priority_changed",
        "sla.recomputed",
        "ticket.edited",
        "ticket.status_changed",
    ]
    assert after["sla"][0]["budget_minutes"] == 60


def test_one_refused_change_undoes_the_others(staff: Program, world: World) -> None:
    ticket = opened(staff, world)
    answer = staff.patch(f"/tickets/{ticket['id']}", {"priority": "low", "status": "closed"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "status_move_refused")
    assert answer.get_json()["params"] == {"before": "new", "after": "closed"}
    assert staff.get(f"/tickets/{ticket['id']}").get_json()["priority"] == "urgent"


def test_an_older_version_is_refused_and_the_same_needs_no_answer(staff: Program, world: World) -> None:
    ticket = opened(staff, world)
    path = f"/tickets/{ticket['id']}"
    first = staff.get(path).headers["ETag"]
    assert staff.get(path, headers={"If-None-Match": first}).status_code == 304
    changed = staff.patch(path, {"priority": "low"}, headers={"If-Match": first})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first
    late = staff.patch(path, {"priority": "high"}, headers={"If-Match": first})
    assert (late.status_code, late.get_json()["code"]) == (412, "version_is_older")
    assert staff.get(path, headers={"If-None-Match": first}).status_code == 200
    assert staff.get(path).headers["ETag"] == changed.headers["ETag"]
    assert staff.patch(path, {"priority": "high"}, headers={"If-Match": "*"}).status_code == 200
    assert (
        staff.patch(path, {"priority": "low"}, headers={"If-Match": "W/" + changed.headers["ETag"]}).status_code == 412
    )


def test_tickets_are_found_by_what_they_are(staff: Program, world: World) -> None:
    first = opened(staff, world)
    second = opened(staff, world, subject="Impresora sin tóner", body="", priority="low", tier=2)
    staff.patch(f"/tickets/{second['id']}", {"assignee_id": str(world.irene.id), "status": "resolved"})
    found = {
        "client_id=" + str(world.azcarate.id): [],
        "client_id=" + str(world.lozano.id): [second, first],
        "status=new": [first],
        "status=new,resolved": [second, first],
        "assignee_id=none": [first],
        f"assignee_id={world.irene.id}": [second],
        "tier=2": [second],
        "priority=urgent": [first],
        "q=impresora": [second],
        "q=loz-1": [first],
        "q=cola+getafe": [first],
        "q=nada": [],
        f"requester_id={world.marta.id}&type=incident": [second, first],
        "order=due": [first],
    }
    for query, tickets in found.items():
        items = staff.get(f"/tickets?{query}").get_json()["items"]
        assert [each["id"] for each in items] == [each["id"] for each in tickets], query


@pytest.mark.parametrize("order", ["newest", "due"])
def test_pages_show_each_ticket_once(staff: Program, world: World, order: str) -> None:
    made = set()
    for priority in ("urgent", "high", "normal", "low", "normal"):
        made.add(opened(staff, world, priority=priority)["id"])
        clock.advance(timedelta(minutes=1))
    waiting = staff.get("/tickets?limit=1").get_json()["items"][0]
    staff.patch(f"/tickets/{waiting['id']}", {"status": "waiting_client"})
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = staff.get(f"/tickets?limit=2&order={order}" + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += page["items"]
        cursor, pages = page["next_cursor"], pages + 1
    assert pages == 3
    assert {each["id"] for each in seen} == made
    assert len(seen) == 5
    if order == "due":
        assert [each["priority"] for each in seen[:4]] == ["urgent", "high", "normal", "low"]
        assert seen[4]["due_at"] is None


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=a", "limit", "invalid"),
        ("cursor=zzz", "cursor", "invalid"),
        ("cursor=bnVsbA", "cursor", "invalid"),
        ("cursor=WzEsMl0&order=due", "cursor", "invalid"),
        ("stauts=new", "stauts", "unknown_field"),
        ("status=new,done", "status", "unknown"),
        ("assignee_id=me", "assignee_id", "invalid"),
        ("q=%00", "q", "invalid"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(staff: Program, query: str, field: str, code: str) -> None:
    assert codes(staff.get(f"/tickets?{query}")) == {field: [code]}


def test_a_client_token_works_for_its_company(manager: Program, program: Programs, world: World) -> None:
    mine = manager.post("/tickets", {"subject": "No puedo imprimir", "source": "phone"})
    ticket = mine.get_json()
    assert mine.status_code == 201
    assert (ticket["client_id"], ticket["requester_id"]) == (str(world.lozano.id), str(world.dolores.id))
    assert ticket["source"] == "api"
    hers = manager.post("/tickets", {"subject": "El ratón", "requester_id": str(world.marta.id)})
    assert hers.get_json()["requester"]["name"] == "Marta Ruiz"
    employee = program(world.marta)
    not_hers = employee.post("/tickets", {"subject": "Otra cosa", "requester_id": str(world.dolores.id)})
    assert not_hers.status_code == 403


def test_a_client_token_cannot_steer_the_desk(manager: Program, staff: Program, world: World) -> None:
    ticket = opened(staff, world)
    path = f"/tickets/{ticket['id']}"
    assert manager.patch(path, {"priority": "low"}).status_code == 403
    assert manager.patch(path, {"status": "scheduled"}).status_code == 403
    assert manager.post("/tickets", {"subject": "Yo primero", "tier": 3}).status_code == 403
    assert manager.patch(path, {"status": "resolved"}).status_code == 403
    assert staff.post(f"{path}/requester-actions", {"action": "reopen"}).status_code == 403


def test_opening_a_ticket_takes_few_statements(app: Flask, staff: Program, world: World) -> None:
    opened(staff, world)  # calendars and the token's use are cached from here on
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        staff.post("/tickets", asked(world))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) <= 9, statements


def test_g3_a_scheduled_ticket_needs_a_time(staff: Program, world: World) -> None:
    path = f"/tickets/{opened(staff, world)['id']}"
    staff.patch(path, {"status": "open"})
    refused = staff.patch(path, {"status": "scheduled"})
    assert (refused.status_code, refused.get_json()["errors"]) == (422, {"scheduled_for": ["required"]})
    said = {"status": "scheduled", "scheduled_for": "2026-11-24T10:00:00+01:00"}
    assert staff.patch(path, said).get_json()["scheduled_for"] == "2026-11-24T09:00:00Z"
