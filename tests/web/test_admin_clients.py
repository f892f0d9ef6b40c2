"""Clients and their contracts: forms, rows, and forms again."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.contracts.models import Contract
from msp.contracts.queries import access_contract
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from tests.web.forms import posted
from tests.world import World, sign_in

FORM = {
    "name": "Talleres Ibarra",
    "code": "iba",
    "locale": "es",
    "timezone": "Europe/Madrid",
    "currency": "EUR",
    "country": "ES",
    "tax_id": "b-84562388",
    "mail_domains": "ibarra.example\n@Ibarra-Talleres.example ",
    "street": "Calle Nueva 3",
    "postcode": "48001",
    "city": "Bilbao",
    "payment_days": "45",
}
AGREEMENT = {
    "name": "Soporte 8x5",
    "kind": "time_and_materials",
    "starts_on": "2026-12-01",
    **{f"response_{priority}": "60" for priority in ("urgent", "high", "normal", "low")},
    **{f"resolution_{priority}": "480" for priority in ("urgent", "high", "normal", "low")},
    "rate_remote": "75,50",
    "rounding_increment": "15",
    "minimum_onsite": "60",
    "multiplier_weekend": "1,5",
    "minimum_invoice": "1.200,00",
}


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def by_code(code: str) -> Client | None:
    with work(Scope.staff()) as session:
        return session.scalars(select(Client).where(Client.code == code)).one_or_none()


def contract_named(name: str) -> Contract:
    with work(Scope.staff()) as session:
        return session.scalars(select(Contract).where(Contract.name == name)).one()


def fresh(contract: Contract) -> Contract:
    with work(Scope.staff()):
        return access_contract(contract.id)


def test_a_new_client_with_its_tax_id_made_tidy(ana: FlaskClient) -> None:
    answer = ana.post("/admin/clients/new", data=FORM)
    added = by_code("IBA")
    assert added is not None and answer.location.endswith(f"/admin/clients/{added.id}")
    assert (added.tax_id, added.payment_days) == ("B84562388", 45)
    assert added.mail_domains == ["ibarra-talleres.example", "ibarra.example"]
    assert added.billing_address == {
        "line1": "Calle Nueva 3",
        "postcode": "48001",
        "city": "Bilbao",
        "country": "ES",
    }
    page = ana.get(answer.location).text
    assert "Talleres Ibarra" in page and "Calle Nueva 3, 48001 Bilbao, España" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("tax_id", "B84562389", "carácter de control"),
        ("tax_id", "B845", "nueve caracteres"),
        ("code", "9X", "mayúsculas"),
        ("code", "loz", "Otro cliente ya usa"),
        ("name", "  ", "Campo obligatorio"),
        ("mail_domains", "no es un dominio", "Uno por línea"),
        ("billing_email", "facturas", "nombre@empresa.example"),
        ("payment_days", "mil", "No es válido"),
        ("country", "XX", "No es válido"),
        ("timezone", "Europa/Madriz", "No es válido"),
    ],
)
def test_a_wrong_field_says_so_kindly_and_keeps_the_rest(
    ana: FlaskClient, field: str, value: str, sentence: str
) -> None:
    answer = ana.post("/admin/clients/new", data=FORM | {field: value})
    assert answer.status_code == 422
    assert sentence in answer.text and "Calle Nueva 3" in answer.text
    assert by_code("IBA") is None


def test_a_vat_number_of_another_country(ana: FlaskClient) -> None:
    wrong = ana.post("/admin/clients/new", data=FORM | {"country": "PT", "tax_id": "PT123"})
    assert wrong.status_code == 422 and "válido de ese país" in wrong.text
    ana.post("/admin/clients/new", data=FORM | {"country": "PT", "tax_id": "501 964 843", "tax_regime": "eu_b2b"})
    added = by_code("IBA")
    assert added is not None and (added.tax_id, added.tax_regime) == ("PT501964843", "eu_b2b")


def test_the_form_sent_twice_makes_one_client(ana: FlaskClient) -> None:
    for _ in range(2):
        assert ana.post("/admin/clients/new", data=FORM | {"idempotency_key": "k"}).status_code == 303
    assert by_code("IBA") is not None


def test_a_form_that_nobody_touched_changes_nothing(ana: FlaskClient, world: World) -> None:
    form = posted(ana.get(f"/admin/clients/{world.lozano.id}/edit").text) | {"active": "1"}
    assert ana.post(f"/admin/clients/{world.lozano.id}/edit", data=form).status_code == 303
    with work(Scope.staff()):
        after = access_client(world.lozano.id)
    columns = [column.key for column in Client.__table__.columns]
    assert {name: getattr(after, name) for name in columns} == {name: getattr(world.lozano, name) for name in columns}


def test_an_account_manager_changes_a_client(web: FlaskClient, world: World) -> None:
    sign_in(web, world.carmen)
    form = posted(web.get(f"/admin/clients/{world.lozano.id}/edit").text) | {"active": "1", "sector": "Comercio"}
    assert web.post(f"/admin/clients/{world.lozano.id}/edit", data=form).status_code == 303
    with work(Scope.staff()):
        assert access_client(world.lozano.id).sector == "Comercio"


def test_search_by_name_code_and_tax_id(ana: FlaskClient) -> None:
    for words in ("ferret", "LOZ", "b84562388"):
        page = ana.get("/admin/clients", query_string={"q": words}).text
        assert "Ferretería Lozano" in page and "Azcárate" not in page
    assert "Ferretería" not in ana.get("/admin/clients", query_string={"q": "%_'"}).text


def test_a_long_list_costs_as_few_statements_as_a_short_one(ana: FlaskClient) -> None:
    def statements() -> int:
        seen: list[str] = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        assert ana.get("/admin/clients").status_code == 200
        event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    few = statements()
    for number in range(20):
        ana.post("/admin/clients/new", data=FORM | {"code": f"C{number}", "name": f"Cliente {number}", "tax_id": ""})
    clock.advance(timedelta(seconds=5))
    assert statements() <= few + 1


def test_a_new_contract(ana: FlaskClient, world: World) -> None:
    form = AGREEMENT | {"client_id": str(world.lozano.id), "calendar_id": str(world.calendar.id)}
    assert ana.post("/admin/contracts/new", data=form).status_code == 303
    added = contract_named("Soporte 8x5")
    assert [(rate.work_type, rate.valid_from, rate.amount) for rate in added.rates] == [
        ("remote", date(2026, 12, 1), 75_50)
    ]
    assert {(t.first_response_minutes, t.resolution_minutes) for t in added.targets} == {(60, 480)}
    quarter = {"scope": "entry", "mode": "up", "increment": 15, "minimum": 0}
    assert added.terms == {
        "rounding": {"default": quarter, "onsite": quarter | {"minimum": 60}},
        "multipliers": {"weekend": "1.5"},
        "minimum_invoice": "1200",
    }


@pytest.mark.parametrize(
    ("kind", "fields", "terms"),
    [
        ("block_hours", {"hours_in_block": "10,5", "overage_rate": "80"}, {"block_minutes": 630, "overage_rate": "80"}),
        (
            "retainer",
            {"block_amount": "1500", "block_renewal": "once"},
            {"block_amount": "1500", "block_renewal": "once"},
        ),
        ("flat_fee", {"fee": "400", "fee_timing": "arrears"}, {"fee": "400", "fee_timing": "arrears"}),
        (
            "per_seat",
            {"fee": "29,90", "seats": "25", "proration": "30"},
            {"fee": "29.9", "seats": 25, "proration": "30"},
        ),
        ("per_ticket", {"fee": "35"}, {"fee": "35"}),
        (
            "fixed_price",
            {"milestones": "Migración; 1/12/2026; 1.500,00\nCierre; 2027-01-15; 500"},
            {
                "milestones": [
                    {"name": "Migración", "due_on": "2026-12-01", "amount": "1500"},
                    {"name": "Cierre", "due_on": "2027-01-15", "amount": "500"},
                ]
            },
        ),
    ],
)
def test_each_kind_has_its_terms_and_they_come_back(
    ana: FlaskClient, world: World, kind: str, fields: dict[str, str], terms: dict[str, object]
) -> None:
    form = AGREEMENT | {"client_id": str(world.lozano.id), "calendar_id": str(world.calendar.id), "kind": kind}
    assert ana.post("/admin/contracts/new", data=form | fields).status_code == 303
    added = contract_named("Soporte 8x5")
    assert {name: added.terms.get(name) for name in terms} == terms
    again = posted(ana.get(f"/admin/contracts/{added.id}").text)
    assert ana.post(f"/admin/contracts/{added.id}", data=again).status_code == 303
    after = fresh(added)
    assert (after.version, after.terms) == (2, added.terms)


@pytest.mark.parametrize(
    ("kind", "field", "value", "sentence"),
    [
        ("time_and_materials", "resolution_urgent", "5", "la respuesta no puede superar"),
        ("time_and_materials", "response_low", "", "Campo obligatorio"),
        ("time_and_materials", "rate_remote", "gratis", "No es válido"),
        ("time_and_materials", "multiplier_weekend", "x2", "Un número"),
        ("time_and_materials", "ends_on", "2026-01-01", "anterior al inicio"),
        ("time_and_materials", "calendar_id", "", "Campo obligatorio"),
        ("block_hours", "hours_in_block", "", "Campo obligatorio"),
        ("retainer", "block_amount", "", "Campo obligatorio"),
        ("flat_fee", "fee", "", "Campo obligatorio"),
        ("per_seat", "seats", "-3", "No es válido"),
        ("fixed_price", "milestones", "Migración 1500", "nombre; fecha; importe"),
        ("barter", "name", "Trueque", "Valor desconocido"),
    ],
)
def test_what_does_not_fit_comes_back_beside_its_field(
    ana: FlaskClient, world: World, kind: str, field: str, value: str, sentence: str
) -> None:
    form = AGREEMENT | {"client_id": str(world.lozano.id), "calendar_id": str(world.calendar.id), "kind": kind}
    answer = ana.post("/admin/contracts/new", data=form | {"fee": "1", "seats": "1"} | {field: value})
    assert answer.status_code == 422 and sentence in answer.text
    with work(Scope.staff()) as session:
        assert session.scalars(select(Contract).where(Contract.name == "Soporte 8x5")).one_or_none() is None


def test_a_contract_that_nobody_touched_keeps_what_the_page_does_not_show(ana: FlaskClient, world: World) -> None:
    richer = {
        "rounding": {
            "default": {"scope": "ticket", "increment": 15, "mode": "up", "minimum": 15},
            "travel": {"scope": "entry", "increment": 1, "mode": "up", "minimum": 0},
        },
        "multipliers": {"after_hours": "1.5", "business": "1"},
        "exempt_work_types": ["travel"],
        "labour_discount": "5",
    }
    with work(Scope.staff()):
        access_contract(world.lozano_contract.id).terms = richer
    form = posted(ana.get(f"/admin/contracts/{world.lozano_contract.id}").text)
    assert form["minimum_remote"] == "15"
    ana.post(f"/admin/contracts/{world.lozano_contract.id}", data=form)
    after = fresh(world.lozano_contract)
    assert after.version == 2 and after.terms == richer
    assert {rate.work_type: (rate.valid_from, rate.amount) for rate in after.rates} == {
        "remote": (date(2026, 1, 1), 75_00),
        "onsite": (date(2026, 1, 1), 90_00),
        "project": (date(2026, 1, 1), 85_00),
        "travel": (date(2026, 1, 1), 40_00),
    }


def test_a_price_that_changes_holds_from_today_and_the_old_one_before(ana: FlaskClient, world: World) -> None:
    page = f"/admin/contracts/{world.lozano_contract.id}"
    ana.post(page, data=posted(ana.get(page).text) | {"rate_remote": "80"})
    remote = [(r.valid_from, r.amount) for r in fresh(world.lozano_contract).rates if r.work_type == "remote"]
    assert remote == [(date(2026, 1, 1), 75_00), (date(2026, 11, 23), 80_00)]
    ana.post(page, data=posted(ana.get(page).text) | {"rate_remote": "82"})
    remote = [(r.valid_from, r.amount) for r in fresh(world.lozano_contract).rates if r.work_type == "remote"]
    assert remote == [(date(2026, 1, 1), 75_00), (date(2026, 11, 23), 82_00)]


def test_a_contract_changed_by_somebody_else_is_not_written_over(ana: FlaskClient, world: World) -> None:
    page = f"/admin/contracts/{world.lozano_contract.id}"
    form = posted(ana.get(page).text)
    ana.post(page, data=form | {"name": "Primero"})
    answer = ana.post(page, data=form | {"name": "Segundo"}, follow_redirects=True)
    assert "Otra persona lo ha modificado" in answer.text and fresh(world.lozano_contract).name == "Primero"


def test_amounts_are_read_as_the_reader_writes_them(app: object) -> None:
    from msp.kernel.i18n import reading_as
    from msp.web.admin.forms import decimal

    cases = {
        "es": {"1.500": "1500", "1.500,5": "1500.5", "75,00": "75", "75.25": "75.25", "12 €": "12"},
        "en": {"1,500": "1500", "1,500.5": "1500.5", "75,25": "75.25", "1.5": "1.5", "12 EUR": "12"},
    }
    for locale, pairs in cases.items():
        with reading_as(locale, "Europe/Madrid"):
            assert {text: decimal(text) for text in pairs} == pairs
            for wrong in ("", "1e5", "-3", "1,2,3", "NaN", "1.23456", "٣"):
                with pytest.raises(ValueError, match=r".*"):
                    decimal(wrong)


def test_a_contract_shows_its_targets_pauses_and_escalation_policy(ana: FlaskClient, world: World) -> None:
    form = AGREEMENT | {"client_id": str(world.lozano.id), "calendar_id": str(world.calendar.id)}
    form |= {"next_normal": "30", "fulfilment_normal": "2000", "request_next_high": "45", "pauses_scheduled": "1"}
    form |= {"step_0_amount": "15", "step_0_moment": "before", "step_0_action": "assign"}
    form |= {"step_0_person": str(world.irene.id), "step_1_amount": ""}
    assert ana.post("/admin/contracts/new", data=form).status_code == 303
    made = contract_named("Soporte 8x5")
    with work(Scope.staff()):
        found = access_contract(made.id)
        assert (found.pausing, [step.who for step in found.escalation_policy]) == (
            ["scheduled"],
            [[f"person:{world.irene.id}"]],
        )
        targets = {(row.type, row.priority): row for row in found.targets}
    assert targets["", "normal"].next_response_minutes == 30
    assert targets["request", "normal"].fulfilment_minutes == 2000
    assert targets["request", "high"].next_response_minutes == 45
    assert ("request", "low") not in targets
    page = ana.get(f"/admin/contracts/{made.id}")
    assert "antes del vencimiento: asignar a Irene Navas" in page.text
    same = posted(page.text)
    assert ana.post(f"/admin/contracts/{made.id}", data=same).status_code == 303
    with work(Scope.staff()):
        again = access_contract(made.id)
        assert {(row.type, row.priority) for row in again.targets} == set(targets)
        assert [step.who for step in again.escalation_policy] == [[f"person:{world.irene.id}"]]
    wrong = ana.post(f"/admin/contracts/{made.id}", data=same | {"version": "2", "step_0_action": "webhook"})
    assert wrong.status_code == 422
