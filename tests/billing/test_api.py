"""Billing through the REST API: a run, its drafts and what was left out, issuing, the PDF, corrections."""

import hashlib
from typing import Any

import pytest

from tests.billing.desk import client_of, contract_of, log, ticket_of, utc
from tests.web.api.conftest import Program, Programs, program  # noqa: F401 (a fixture)
from tests.world import World

OCTOBER = {"period_start": "2026-10-01", "period_end": "2026-10-31"}


@pytest.fixture
def carmen(program: Programs, world: World) -> Program:  # noqa: F811
    """An API client with the account manager's token."""
    return program(world.carmen)


@pytest.fixture
def entries(world: World) -> list[str]:
    """October's work for Lozano, including half an hour at night."""
    ticket = ticket_of(world)
    return [
        str(log(ticket, world.tomas, utc(6, 8), 110)),
        str(log(ticket, world.irene, utc(7, 18), 20)),
    ]


def run(api: Program, **more: object) -> dict[str, Any]:
    answer = api.post("/invoice-runs", OCTOBER | more)
    assert answer.status_code == 201, answer.data
    return dict(answer.get_json())


def test_a_run_gives_drafts_that_explain_themselves(carmen: Program, world: World, entries: list[str]) -> None:
    made = run(carmen)
    (draft,) = made["drafts"]
    assert made["left_out"] == []
    assert (draft["state"], draft["number"], draft["client_id"]) == ("draft", None, str(world.lozano.id))
    assert (draft["net"], draft["total"]) == (
        {"amount": "206.25", "currency": "EUR"},
        {"amount": "249.56", "currency": "EUR"},
    )
    assert draft["taxes"][0]["rate"] == "21"
    day, night = draft["lines"]
    assert (day["minutes"], day["net"]["amount"], day["time_entry_ids"]) == (120, "150.00", entries[:1])
    assert night["time_entry_ids"] == entries[1:]
    assert [reason["code"] for reason in night["explanation"]] == ["price.rate", "multiplier", "rounding"]
    assert all(reason["text"] for reason in night["explanation"])
    assert run(carmen)["drafts"][0]["id"] == draft["id"]


def test_what_was_left_out_is_told(carmen: Program, world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "time_and_materials", {}, starts_on=utc(10, 0).date())
    entry = log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    made = run(carmen, client_ids=[str(client.id)])
    assert made["drafts"] == []
    (out,) = made["left_out"]
    assert (out["client_id"], out["time_entry_id"]) == (str(client.id), str(entry))
    assert out["reason"]["code"] == "left_out.without_contract" and out["reason"]["text"]


def test_issued_read_printed_and_corrected(carmen: Program, entries: list[str]) -> None:
    (draft,) = run(carmen)["drafts"]
    path = f"/invoices/{draft['id']}"
    assert carmen.get(f"{path}/pdf").status_code == 404
    issued = carmen.post(f"{path}/issue").get_json()
    assert (issued["state"], issued["number"], issued["due_on"]) == ("issued", "F26-000001", "2026-12-23")
    assert len(issued["record"]["huella"]) == 64 and issued["payment"]["state"] == "pending"
    again = carmen.post(f"{path}/issue")
    assert (again.status_code, again.get_json()["code"]) == (409, "invoice_issued")
    document = carmen.get(f"{path}/pdf")
    assert document.mimetype == "application/pdf"
    assert document.headers["ETag"] == f'"{hashlib.sha256(document.data).hexdigest()}"'
    part = {"line_id": issued["lines"][0]["id"], "minutes": 60}
    note = carmen.post(f"{path}/credit-notes", {"reason": "Una hora de más", "lines": [part], "record_type": "R4"})
    assert note.status_code == 201
    assert (note.get_json()["number"], note.get_json()["total"]["amount"]) == ("R26-000001", "-90.75")
    assert (note.get_json()["corrects_id"], note.get_json()["record"]["record_type"]) == (draft["id"], "R4")
    listed = carmen.get("/invoices").get_json()["items"]
    assert [each["number"] for each in listed] == ["R26-000001", "F26-000001"]
    assert carmen.get("/invoices?state=draft").get_json()["items"] == []


def test_a_post_with_its_key_is_done_once(carmen: Program, entries: list[str]) -> None:
    (draft,) = run(carmen)["drafts"]
    answers = [carmen.post(f"/invoices/{draft['id']}/issue", headers={"Idempotency-Key": "issue-1"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].get_json() == answers[1].get_json()


def test_lists_come_in_pages(carmen: Program, world: World, entries: list[str]) -> None:
    for number in range(3):
        contract_of(world, client_of(world, f"CL{number}"), "flat_fee", {"fee": "10.00"})
    run(carmen)
    first = carmen.get("/invoices?limit=3").get_json()
    second = carmen.get(f"/invoices?limit=3&cursor={first['next_cursor']}").get_json()
    ids = [each["id"] for each in first["items"] + second["items"]]
    assert (len(first["items"]), len(second["items"]), len(set(ids))) == (3, 1, 4)
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"period_start": "2026-10-01"}, "period_end"),
        ({"period_start": "2026-10-02", "period_end": "2026-10-01"}, "period_end"),
        ({"period_start": "octubre", "period_end": "2026-10-01"}, "period_start"),
        (OCTOBER | {"client_ids": ["00000000-0000-0000-0000-000000000000"]}, "client_ids"),
        (OCTOBER | {"month": 10}, "month"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(carmen: Program, body: dict[str, object], field: str) -> None:
    answer = carmen.post("/invoice-runs", body)
    assert answer.status_code == 422 and field in answer.get_json()["errors"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": " "},
        {"reason": "x", "record_type": "R5"},
        {"reason": "x", "lines": []},
        {"reason": "x", "lines": [{"line_id": "00000000-0000-0000-0000-000000000000"}]},
        {"reason": "x", "lines": [{"line_id": "LINE", "amount": {"amount": "9999.00", "currency": "EUR"}}]},
        {"reason": "x", "lines": [{"line_id": "LINE", "amount": {"amount": "1.00", "currency": "USD"}}]},
        {"reason": "x", "lines": [{"line_id": "LINE", "minutes": 121}]},
        {"reason": "x", "lines": [{"line_id": "LINE", "minutes": 1.5}]},
    ],
)
def test_a_credit_note_that_makes_no_sense_is_refused(
    carmen: Program, entries: list[str], body: dict[str, Any]
) -> None:
    (draft,) = run(carmen)["drafts"]
    carmen.post(f"/invoices/{draft['id']}/issue")
    for part in body.get("lines", []):
        part["line_id"] = part["line_id"].replace("LINE", draft["lines"][0]["id"])
    assert carmen.post(f"/invoices/{draft['id']}/credit-notes", body).status_code == 422
    assert len(carmen.get("/invoices").get_json()["items"]) == 1


def test_everybody_sees_what_is_theirs(
    program: Programs,  # noqa: F811
    carmen: Program,
    world: World,
    entries: list[str],
) -> None:
    (draft,) = run(carmen)["drafts"]
    path = f"/invoices/{draft['id']}"
    manager, stranger = program(world.dolores), program(world.inigo)
    assert manager.get(path).status_code == 404  # drafts are not visible to the client
    carmen.post(f"{path}/issue")
    seen = manager.get(path).get_json()
    assert (seen["number"], seen["record"]) == ("F26-000001", None)
    assert manager.get(f"{path}/pdf").status_code == 200
    assert [each["id"] for each in manager.get("/invoices").get_json()["items"]] == [draft["id"]]
    for denied in (
        manager.post(f"{path}/credit-notes", {"reason": "No"}),
        manager.post("/invoice-runs", OCTOBER),
        program(world.tomas).get("/invoices"),
        program(world.tomas).post("/invoice-runs", OCTOBER),
        program(world.marta).get(path),
    ):
        assert denied.status_code == 403
    for unknown in (stranger.get(path), stranger.get(f"{path}/pdf"), stranger.post(f"{path}/issue")):
        assert unknown.status_code == 404
    assert program().get("/invoices").status_code == 401
