"""Clients, connections, people, calendars and contracts through the API, with permissions."""

from typing import Any

import pytest

from msp.clients.models import Connection
from msp.kernel import crypto
from msp.kernel.db import Scope, work
from tests.web.api.conftest import Program, Programs, codes
from tests.world import World

CLIENT = {
    "name": "Talleres Ibarra",
    "code": "IBA",
    "locale": "es",
    "timezone": "Europe/Madrid",
    "currency": "EUR",
    "tax_id": "B95000006",
    "billing_address": {"line1": "Gran Vía 1", "postcode": "48001", "city": "Bilbao", "country": "ES"},
    "mail_domains": ["ibarra.example"],
}
CALENDAR = {
    "name": "Bilbao",
    "timezone": "Europe/Madrid",
    "weekly": {day: [["09:00", "14:00"], ["16:00", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holiday_set": {"country": "ES", "region": "PV", "years": [2026]},
    "holidays": [{"day": "2026-08-21", "name": "Aste Nagusia"}],
    "exceptions": [{"day": "2026-12-24", "windows": [["09:00", "12:00"]]}, {"day": "2026-12-31"}],
}
TARGETS = {
    priority: {
        "first_response_minutes": first,
        "resolution_minutes": first * 8,
        "next_response_minutes": None,
        "fulfilment_minutes": None,
    }
    for priority, first in (("urgent", 30), ("high", 60), ("normal", 120), ("low", 240))
}


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def contract(world: World, **more: object) -> dict[str, Any]:
    return {
        "client_id": str(world.lozano.id),
        "kind": "block_hours",
        "starts_on": "2026-12-01",
        "ends_on": "2027-11-30",
        "calendar_id": str(world.calendar.id),
        "sla_targets": TARGETS,
        "rate_card": [{"work_type": "remote", "rate": money("60.00")}],
        "terms": {"block_minutes": 600, "fee": money("550.00"), "fee_timing": "advance", "overage_rate": "65.50"},
    } | more


def test_a_client_company_is_added_read_and_changed(admin: Program) -> None:
    answer = admin.post("/clients", CLIENT)
    client = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/clients/{client['id']}"
    assert {name: client[name] for name in CLIENT} == CLIENT
    path = f"/clients/{client['id']}"
    changed = admin.patch(path, {"locale": "en", "legal_name": "Talleres Ibarra, S.A."}).get_json()
    assert (changed["locale"], changed["legal_name"], changed["name"]) == (
        "en",
        "Talleres Ibarra, S.A.",
        CLIENT["name"],
    )
    assert admin.get(path).get_json() == changed
    assert [each["code"] for each in admin.get("/clients").get_json()["items"]] == ["LOZ", "AZC", "IBA"]
    assert [each["id"] for each in admin.get("/clients?code=IBA").get_json()["items"]] == [client["id"]]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"code": "x"}, "code", "invalid"),
        ({"name": ""}, "name", "required"),
        ({"currency": "EU"}, "currency", "unknown"),
        ({"locale": "fr"}, "locale", "unknown"),
        ({"timezone": "Madrid"}, "timezone", "invalid"),
        ({"mail_domains": ["not a domain"]}, "mail_domains", "invalid"),
        ({"payment_days": -1}, "payment_days", "out_of_range"),
        ({"billing_address": "Gran Vía 1"}, "billing_address", "invalid"),
        ({"id": "x"}, "id", "unknown_field"),
    ],
)
def test_a_client_company_that_does_not_fit(admin: Program, change: dict[str, Any], field: str, code: str) -> None:
    assert codes(admin.post("/clients", CLIENT | change)) == {field: [code]}


def test_a_code_in_use_is_a_conflict(admin: Program) -> None:
    answer = admin.post("/clients", CLIENT | {"code": "LOZ"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "code_in_use")


def test_connections_keep_their_secrets(admin: Program, world: World) -> None:
    path = f"/clients/{world.azcarate.id}/connections"
    slack = {"kind": "slack", "team_id": "T0AZC", "bot_token": "xoxb-geheim", "bot_user_id": "U0BOT", "app_id": "A0APP"}
    answer = admin.post(path, slack)
    assert answer.status_code == 201
    assert b"geheim" not in answer.data
    shown = answer.get_json()
    assert {name: shown[name] for name in ("kind", "team_id", "bot_user_id", "app_id", "has_token", "tenant_id")} == {
        "kind": "slack",
        "team_id": "T0AZC",
        "bot_user_id": "U0BOT",
        "app_id": "A0APP",
        "has_token": True,
        "tenant_id": None,
    }
    with work(Scope.system()) as session:
        kept = session.query(Connection).filter_by(external_id="T0AZC").one()
        assert kept.secret is not None
        assert crypto.unseal(kept.secret) == "xoxb-geheim"
    assert b"geheim" not in admin.get(path).data
    assert [each["kind"] for each in admin.get(path).get_json()["items"]] == ["teams", "slack"]
    assert admin.delete(f"/connections/{shown['id']}").status_code == 204
    assert [each["kind"] for each in admin.get(path).get_json()["items"]] == ["teams"]
    assert admin.delete(f"/connections/{shown['id']}").status_code == 404


def test_connections_that_do_not_fit(admin: Program, world: World) -> None:
    path = f"/clients/{world.azcarate.id}/connections"
    assert codes(admin.post(path, {"kind": "irc"})) == {"kind": ["unknown"]}
    assert codes(admin.post(path, {"kind": "slack", "tenant_id": "x"})) == {
        "team_id": ["required"],
        "bot_token": ["required"],
        "tenant_id": ["unknown_field"],
    }
    assert codes(admin.post(path, {"kind": "teams", "tenant_id": "contoso"})) == {"tenant_id": ["invalid"]}
    taken = admin.post(path, {"kind": "slack", "team_id": "T0LOZANO1", "bot_token": "x"})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "connection_in_use")


def test_people_are_added_to_companies_and_to_staff(admin: Program, staff: Program, world: World) -> None:
    luz = {"client_id": str(world.azcarate.id), "name": "Luz Vega", "email": "luz@azcarate.example"}
    made = staff.post("/people", luz | {"role": "client_employee"}).get_json()
    assert (made["name"], made["locale"], made["timezone"]) == ("Luz Vega", "en", "Europe/Madrid")
    twice = staff.post("/people", luz | {"role": "client_employee"})
    assert (twice.status_code, twice.get_json()["code"]) == (409, "email_in_use")
    assert codes(staff.post("/people", luz | {"role": "technician", "email": None})) == {"role": ["unknown"]}
    pau = {"name": "Pau Riera", "email": "pau@guardia.example", "role": "technician", "tier": 2}
    assert staff.post("/people", pau).status_code == 403
    assert admin.post("/people", pau).get_json()["client_id"] is None
    found = admin.get(f"/people?client_id={world.azcarate.id}").get_json()["items"]
    assert [each["name"] for each in found] == ["Iñigo Azcárate", "Luz Vega"]
    assert [each["name"] for each in admin.get("/people?email=PAU@guardia.example").get_json()["items"]] == [
        "Pau Riera"
    ]
    assert len(admin.get("/people?is_staff=true").get_json()["items"]) == 7


def test_a_client_token_sees_its_own_people_only(manager: Program, program: Programs, world: World) -> None:
    names = [each["name"] for each in manager.get("/people").get_json()["items"]]
    assert names == ["Marta Ruiz", "Dolores Prieto"]
    assert program(world.marta).get("/people").status_code == 403


def test_a_calendar_keeps_its_windows_holidays_and_exceptions(admin: Program) -> None:
    answer = admin.post("/calendars", CALENDAR)
    made = answer.get_json()
    assert answer.status_code == 201, answer.data
    assert made["weekly"]["mon"] == [["09:00", "14:00"], ["16:00", "19:00"]]
    assert made["weekly"]["sun"] == []
    days = {each["day"]: each["name"] for each in made["holidays"]}
    assert days["2026-08-21"] == "Aste Nagusia"
    assert {"2026-01-06", "2026-12-25"} <= days.keys()
    assert made["exceptions"] == [
        {"day": "2026-12-24", "windows": [["09:00", "12:00"]], "name": ""},
        {"day": "2026-12-31", "windows": [], "name": ""},
    ]
    assert made["holiday_set"] == {"country": "ES", "region": "PV", "years": [2026]}
    assert admin.get("/calendars").get_json()["items"][-1] == made


def test_a_calendar_runs_over_midnight_and_needs_no_name(admin: Program) -> None:
    night = {"timezone": "Europe/Madrid", "weekly": {"fri": [["22:00", "06:00"], ["08:00", "24:00"]]}}
    assert codes(admin.post("/calendars", night)) == {"weekly": ["invalid"]}  # they overlap
    night["weekly"] = {"fri": [["22:00", "06:00"]], "sat": [["20:00", "24:00"]]}
    made = admin.post("/calendars", night | {"holiday_set": "ES-MD"}).get_json()
    assert made["name"] == "Europe/Madrid"
    assert (made["weekly"]["fri"], made["weekly"]["sat"]) == ([["22:00", "06:00"]], [["20:00", "24:00"]])
    assert made["holiday_set"] == {"country": "ES", "region": "MD", "years": [2026, 2027]}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone", "unknown"),
        ({"weekly": {"mon": [["09:00", "25:00"]]}}, "weekly.mon.0", "invalid"),
        ({"weekly": {"mon": [["09:00"]]}}, "weekly.mon.0", "invalid"),
        ({"weekly": {"lun": []}}, "weekly.lun", "unknown_field"),
        ({"weekly": None}, "weekly", "null"),
        ({"holiday_set": {"country": "XX"}}, "holiday_set", "unknown"),
        ({"holidays": [{"day": "2026-02-30"}]}, "holidays.0.day", "invalid"),
    ],
)
def test_a_calendar_that_does_not_fit(admin: Program, change: dict[str, Any], field: str, code: str) -> None:
    assert codes(admin.post("/calendars", CALENDAR | change)) == {field: [code]}


def test_a_contract_is_added_read_and_changed(program: Programs, admin: Program, world: World) -> None:
    answer = program(world.carmen).post("/contracts", contract(world))
    made = answer.get_json()
    assert answer.status_code == 201, answer.data
    assert (made["name"], made["currency"], made["version"]) == ("Bolsa de horas", "EUR", 1)
    assert made["sla_targets"] == TARGETS
    assert made["rate_card"] == [{"work_type": "remote", "valid_from": "2026-12-01", "rate": money("60.00")}]
    assert made["terms"]["fee"] == money("550.00")
    assert made["terms"]["overage_rate"] == money("65.50")
    path = f"/contracts/{made['id']}"
    change = {
        "sla_targets": {"low": {"resolution_minutes": 4000}},
        "rate_card": [
            {"work_type": "remote", "rate": money("62.00")},
            {"work_type": "remote", "rate": money("64.00"), "valid_from": "2027-06-01"},
        ],
        "ends_on": None,
    }
    changed = admin.patch(path, change).get_json()
    assert changed["sla_targets"]["low"] == TARGETS["low"] | {"resolution_minutes": 4000}
    assert changed["sla_targets"]["high"] == TARGETS["high"]
    assert [each["rate"]["amount"] for each in changed["rate_card"]] == ["62.00", "64.00"]
    assert (changed["ends_on"], changed["version"], changed["terms"]) == (None, 2, made["terms"])
    assert admin.get(path).get_json() == changed
    listed = admin.get(f"/contracts?client_id={world.lozano.id}").get_json()["items"]
    assert [each["id"] for each in listed] == [str(world.lozano_contract.id), made["id"]]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"kind": "barter"}, {"kind": ["unknown"]}),
        ({"ends_on": "2026-11-30"}, {"ends_on": ["before_start"]}),
        ({"starts_on": "mañana"}, {"starts_on": ["invalid"]}),
        ({"terms": {}}, {"terms.block_minutes": ["required"]}),
        ({"terms": {"block_minutes": 60, "seats": 4}}, {"terms.seats": ["unknown_field"]}),
        ({"terms": {"block_minutes": 60, "fee": money("1.00", "USD")}}, {"terms.fee": ["invalid"]}),
        ({"terms": {"block_minutes": 60, "clauses": {"fee": "\x00"}}}, {"terms.clauses": ["invalid"]}),
        ({"sla_targets": {**TARGETS, "low": None}}, {"sla_targets.low": ["null"]}),
        (
            {"sla_targets": {**TARGETS, "low": {"first_response_minutes": 9, "resolution_minutes": 5}}},
            {"sla_targets.low": ["invalid"]},
        ),
        (
            {"rate_card": [{"work_type": "remote", "rate": money("1.234")}]},
            {"rate_card.0.rate.amount": ["money_decimals"]},
        ),
        (
            {"rate_card": [{"work_type": "remote", "rate": money("60", "USD")}]},
            {"rate_card.0.rate.currency": ["money_mixed"]},
        ),
        ({"rate_card": [{"work_type": "remote", "rate": money("-1")}]}, {"rate_card": ["invalid"]}),
        ({"rate_card": [{"work_type": "remote", "rate": 60.0}]}, {"rate_card.0.rate": ["invalid"]}),
    ],
)
def test_a_contract_that_does_not_fit(
    admin: Program, world: World, change: dict[str, Any], fields: dict[str, list[str]]
) -> None:
    assert codes(admin.post("/contracts", contract(world, **change))) == fields


def test_contracts_are_for_those_who_answer_for_them(
    staff: Program, manager: Program, program: Programs, world: World
) -> None:
    path = f"/contracts/{world.lozano_contract.id}"
    assert staff.get(path).status_code == 403
    assert program(world.rosa).get(path).status_code == 200
    assert program(world.rosa).patch(path, {"name": "Otro"}).status_code == 403
    assert manager.get(path).status_code == 200
    assert manager.patch(path, {"name": "Gratis"}).status_code == 403
    assert program(world.marta).get(path).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/clients"),
        ("PATCH", "/clients/{lozano}"),
        ("POST", "/clients/{lozano}/connections"),
        ("POST", "/calendars"),
    ],
)
def test_setting_the_desk_up_is_for_admin_tokens(
    program: Programs, manager: Program, world: World, method: str, path: str
) -> None:
    bodies = {"/clients": CLIENT, "/clients/{lozano}": {"name": "X"}, "/calendars": CALENDAR}
    body = bodies.get(path, {"kind": "teams", "tenant_id": "3f1f5b0e-6a0c-4a53-9f0c-0d6c1d0a7b10"})
    for caller in (program(world.ana, "staff"), program(world.rosa), program(world.carmen), manager):
        answer = caller.call(method, path.format(lozano=world.lozano.id), json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")
