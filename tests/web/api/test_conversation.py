"""Messages, the timeline and time entries through the API."""

from datetime import timedelta
from typing import Any

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.worklog.models import TimeEntry
from tests.web.api.conftest import Program, Programs, codes
from tests.web.api.test_tickets import opened
from tests.world import World


@pytest.fixture
def ticket(staff: Program, world: World) -> dict[str, Any]:
    """Marta's ticket."""
    return opened(staff, world)


def bodies(program: Program, ticket: dict[str, Any]) -> list[tuple[str, str]]:
    items = program.get(f"/tickets/{ticket['id']}/messages").get_json()["items"]
    return [(each["body"], each["visibility"]) for each in items]


def test_staff_answers_notes_and_passes_on(
    staff: Program, manager: Program, ticket: dict[str, Any], world: World
) -> None:
    path = f"/tickets/{ticket['id']}/messages"
    clock.advance(timedelta(minutes=5))
    answer = staff.post(path, {"body": "Lo miro."})
    said = answer.get_json()
    assert answer.status_code == 201
    assert (said["channel"], said["visibility"], said["delivery_state"]) == ("api", "public", "pending")
    assert said["author"] == {"id": str(world.tomas.id), "name": "Tomás Rey", "is_staff": True, "is_guest": False}
    assert said["created_at"] == "2026-11-23T09:05:00Z"
    noted = staff.post(path, {"body": "Datáfono viejo.", "visibility": "internal"}).get_json()
    assert (noted["channel"], noted["visibility"]) == ("api", "internal")
    heard = staff.post(path, {"body": "Gracias.", "author_id": str(world.marta.id)}).get_json()
    assert heard["author"]["is_staff"] is False
    everything = [
        ("Hay cola en Getafe.", "public"),
        ("Lo miro.", "public"),
        ("Datáfono viejo.", "internal"),
        ("Gracias.", "public"),
    ]
    assert bodies(staff, ticket) == everything
    assert bodies(manager, ticket) == [each for each in everything if each[1] == "public"]
    met = staff.get(f"/tickets/{ticket['id']}").get_json()
    assert (met["status"], met["sla"][0]["state"], met["sla"][0]["met_at"]) == ("open", "met", "2026-11-23T09:05:00Z")


def test_a_client_writes_to_the_desk_and_nothing_internal(
    staff: Program, manager: Program, ticket: dict[str, Any], world: World
) -> None:
    path = f"/tickets/{ticket['id']}/messages"
    staff.patch(f"/tickets/{ticket['id']}", {"status": "waiting_client"})
    assert manager.post(path, {"body": "Sigue igual."}).status_code == 201
    assert staff.get(f"/tickets/{ticket['id']}").get_json()["status"] == "open"
    assert manager.post(path, {"body": "Psst", "visibility": "internal"}).status_code == 403
    assert manager.post(path, {"body": "Soy Tomás", "author_id": str(world.tomas.id)}).status_code == 403
    assert codes(staff.post(path, {"body": "x", "author_id": str(world.inigo.id)})) == {"author_id": ["not_of_client"]}
    assert codes(staff.post(path, {"body": " \n"})) == {"body": ["required"]}


def test_an_account_manager_reads_and_does_not_answer(program: Programs, ticket: dict[str, Any], world: World) -> None:
    carmen = program(world.carmen)
    assert carmen.get(f"/tickets/{ticket['id']}").status_code == 200
    assert carmen.post(f"/tickets/{ticket['id']}/messages", {"body": "Hola"}).status_code == 403
    assert carmen.patch(f"/tickets/{ticket['id']}", {"priority": "low"}).status_code == 403


def test_the_timeline_is_in_order_and_hides_what_is_internal(
    staff: Program, manager: Program, ticket: dict[str, Any]
) -> None:
    path = f"/tickets/{ticket['id']}"
    staff.post(f"{path}/messages", {"body": "Entre nosotros", "visibility": "internal"})
    staff.post(f"{path}/messages", {"body": "Hola, Marta."})
    staff.patch(path, {"status": "waiting_third_party"})
    seen, cursor = [], ""
    while cursor is not None:
        page = staff.get(f"{path}/events?limit=2" + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += page["items"]
        cursor = page["next_cursor"]
    kinds = [each["kind"] for each in seen]
    assert kinds == [
        "ticket.opened",
        "ticket.noted",
        "ticket.replied",
        "sla.met",
        "ticket.status_changed",
        "ticket.status_changed",
    ]
    assert seen[0]["actor"]["name"] == "Marta Ruiz"
    assert seen[-1]["data"] == {"before": "open", "after": "waiting_third_party"}
    public = [each["kind"] for each in manager.get(f"{path}/events").get_json()["items"]]
    assert public == [kind for kind in kinds if kind != "ticket.noted"]
    assert codes(staff.get(f"{path}/events?cursor=LTE")) == {"cursor": ["invalid"]}


WORK = {"started_at": "2026-11-23T09:00:00+01:00", "minutes": 25, "work_type": "onsite", "note": "Datáfono"}


def test_time_is_written_down_corrected_and_taken_back(staff: Program, ticket: dict[str, Any], world: World) -> None:
    path = f"/tickets/{ticket['id']}/time-entries"
    answer = staff.post(path, WORK)
    entry = answer.get_json()
    assert answer.status_code == 201
    assert entry["started_at"] == "2026-11-23T08:00:00Z"
    assert (entry["person_id"], entry["minutes"], entry["billable"], entry["state"]) == (
        str(world.tomas.id),
        25,
        True,
        "approved",
    )
    changed = staff.patch(f"/time-entries/{entry['id']}", {"minutes": 30, "billable": False}).get_json()
    assert (changed["minutes"], changed["billable"], changed["note"]) == (30, False, "Datáfono")
    assert staff.get(path).get_json() == {"items": [changed], "next_cursor": None}
    assert staff.delete(f"/time-entries/{entry['id']}").status_code == 204
    assert staff.get(path).get_json()["items"] == []


def test_time_of_others_is_for_administrators(
    staff: Program, admin: Program, program: Programs, ticket: dict[str, Any], world: World
) -> None:
    path = f"/tickets/{ticket['id']}/time-entries"
    irenes = WORK | {"person_id": str(world.irene.id)}
    assert staff.post(path, irenes).status_code == 403
    entry = admin.post(path, irenes).get_json()
    assert entry["person_id"] == str(world.irene.id)
    assert staff.patch(f"/time-entries/{entry['id']}", {"minutes": 1}).status_code == 403
    assert staff.delete(f"/time-entries/{entry['id']}").status_code == 403
    assert program(world.irene).patch(f"/time-entries/{entry['id']}", {"minutes": 20}).status_code == 200
    assert codes(admin.post(path, WORK | {"person_id": str(world.marta.id)})) == {"person_id": ["not_staff"]}


def test_billed_time_changes_no_more(staff: Program, ticket: dict[str, Any]) -> None:
    entry = staff.post(f"/tickets/{ticket['id']}/time-entries", WORK).get_json()
    with work(Scope.system()) as session:
        session.query(TimeEntry).update({"state": "billed"})
    refused = staff.patch(f"/time-entries/{entry['id']}", {"minutes": 1})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "time_entry_billed")
    assert staff.delete(f"/time-entries/{entry['id']}").status_code == 409


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"minutes": 0}, "minutes", "out_of_range"),
        ({"minutes": 1441}, "minutes", "out_of_range"),
        ({"minutes": "25"}, "minutes", "invalid"),
        ({"minutes": 2.5}, "minutes", "invalid"),
        ({"started_at": "2026-11-23T09:00:00"}, "started_at", "invalid"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at", "invalid"),
        ({"started_at": "2026-11-24T09:00:00Z"}, "started_at", "in_future"),
        ({"work_type": "thinking"}, "work_type", "unknown"),
        ({"billable": "yes"}, "billable", "invalid"),
    ],
)
def test_time_that_does_not_fit(
    staff: Program, ticket: dict[str, Any], change: dict[str, Any], field: str, code: str
) -> None:
    assert codes(staff.post(f"/tickets/{ticket['id']}/time-entries", WORK | change)) == {field: [code]}


def test_a_client_reads_its_time_and_writes_none(
    staff: Program, manager: Program, program: Programs, ticket: dict[str, Any], world: World
) -> None:
    path = f"/tickets/{ticket['id']}/time-entries"
    entry = staff.post(path, WORK).get_json()
    assert len(manager.get(path).get_json()["items"]) == 1
    assert program(world.marta).get(path).status_code == 403
    assert manager.post(path, WORK).status_code == 403
    assert manager.delete(f"/time-entries/{entry['id']}").status_code == 403


def test_a_reply_is_held_when_somebody_wrote_since_the_message_last_seen(
    staff: Program, manager: Program, program: Programs, ticket: dict[str, Any], world: World
) -> None:
    path = f"/tickets/{ticket['id']}/messages"
    seen = staff.get(path).get_json()["items"][-1]["id"]
    other = program(world.irene).post(path, {"body": "Ya está."}).get_json()["id"]
    late = {"body": "Cambia el cable.", "last_seen_message_id": seen}
    key = {"Idempotency-Key": "held"}
    for _ in range(2):
        refused = staff.post(path, late, headers=key)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "reply_held")
        assert refused.get_json()["params"] == {"message_ids": [other]}
    assert staff.post(path, late | {"visibility": "internal"}).status_code == 201
    assert staff.post(path, {"body": "Sin decirlo."}).status_code == 201
    assert staff.post(path, late | {"last_seen_message_id": other}, headers=key).status_code == 201
    assert codes(staff.post(path, late | {"last_seen_message_id": "x"})) == {"last_seen_message_id": ["invalid"]}
    unknown = late | {"last_seen_message_id": str(world.tomas.id)}
    assert codes(staff.post(path, unknown)) == {"last_seen_message_id": ["unknown"]}
    assert manager.post(path, {"body": "Gracias.", "last_seen_message_id": seen}).status_code == 201
    assert bodies(staff, ticket).count(("Cambia el cable.", "public")) == 1


def test_the_description_tells_of_replies_that_are_held(staff: Program) -> None:
    spec = staff.get("/openapi.json").get_json()
    field = spec["components"]["schemas"]["MessageIn"]["properties"]["last_seen_message_id"]
    assert "reply_held" in field["description"] and field["format"] == "uuid"
    operation = spec["paths"]["/api/v1/tickets/{ticket_id}/messages"]["post"]
    assert "reply_held" in operation["description"] and "409" in operation["responses"]
