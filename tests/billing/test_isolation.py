"""A fault in one client's data fails only that client's draft: it is named and logged, and the others are made."""

import logging
import re
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from billing.invoices import issue
from billing.issuing import preview
from billing.models import Invoice, InvoiceLine, InvoiceRun
from billing.runs import run_invoices
from billing.sentences import sentence
from msp.clients.models import Client
from msp.contracts.models import Contract, Rate
from msp.kernel import clock, settings
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Conflict
from msp.kernel.i18n import reading_as
from msp.people.models import Person
from msp.tickets.models import Ticket
from tests import postgres
from tests.billing.desk import OCTOBER, client_of, contract_of, log, reasons, run, ticket_of, utc
from tests.web.api.conftest import Program, Programs, program  # noqa: F401 (a fixture)
from tests.world import World, sign_in

KINDS: dict[str, Json] = {
    "time_and_materials": {},
    "block_hours": {"block_minutes": 600, "fee": "700.00", "block_renewal": "month"},
    "retainer": {"block_amount": "500.00", "block_renewal": "month"},
    "flat_fee": {"fee": "100.00"},
    "per_seat": {"fee": "10.00", "seats": 3},
    "per_ticket": {"fee": "20.00"},
    "fixed_price": {"milestones": [{"name": "Fin", "due_on": "2026-10-15", "amount": "100.00"}]},
}
HUGE = "1e30"
FAULTY_TERMS: list[tuple[str, Json]] = [
    ("time_and_materials", {"labour_discount": "150"}),
    ("time_and_materials", {"labour_discount": "NaN"}),
    ("time_and_materials", {"multipliers": {"business": "Infinity"}}),
    ("time_and_materials", {"multipliers": {"business": HUGE}}),
    ("time_and_materials", {"work_type_multipliers": {"remote": "-1"}}),
    ("time_and_materials", {"rounding": {"default": {"increment": 0}}}),
    ("time_and_materials", {"rounding": {"default": {"incremento": 15}}}),
    ("time_and_materials", {"rounding": {"default": {"increment": 10**30, "minimum": 10**30}}}),
    ("time_and_materials", {"minimum_invoice": "1e999999"}),
    ("time_and_materials", {"clauses": ["1"]}),
    ("block_hours", {"drain_multipliers": {"business": "0"}}),
    ("block_hours", {"drain_multipliers": {"weekend": "0"}}),
    ("block_hours", {"block_minutes": "muchos"}),
    ("block_hours", {"valid_to": "mañana"}),
    ("retainer", {"block_amount": HUGE}),
    ("flat_fee", {"fee": HUGE}),
    ("flat_fee", {"fee": "1e999999"}),
    ("flat_fee", {"fee": "gratis"}),
    ("flat_fee", {"excluded_bands": 3}),
    ("per_seat", {"seats": 10**30}),
    ("per_seat", {"seat_changes": [{"on": "2026-10-40", "delta": 1}]}),
    ("per_ticket", {"fee": HUGE}),
    ("fixed_price", {"milestones": [{"name": "Fin", "due_on": "2026-10-15", "amount": HUGE}]}),
    ("fixed_price", {"milestones": [{"name": "Fin"}]}),
]
FAULTY_CLIENTS: list[Json] = [
    {"timezone": "Luna/Mar"},
    {"timezone": "../etc"},
    {"locale": "tlh"},
    {"tax_regime": "none"},
]


@pytest.fixture
def good(world: World) -> list[Client]:
    """Two clients with work to bill."""
    log(ticket_of(world), world.tomas, utc(6, 8), 60)
    log(ticket_of(world, world.azcarate), world.tomas, utc(6, 8), 120)
    return [world.lozano, world.azcarate]


def faulty(world: World, kind: str, terms: Json, *, code: str = "BAD") -> Client:
    """A client with work, and a contract whose stored terms were never validated."""
    client = client_of(world, code, name=f"Cliente {code}")
    contract = contract_of(world, client, kind, KINDS[kind], name="Soporte total")
    log(ticket_of(world, client, contract=contract), world.tomas, utc(6, 8), 90)
    spoil(contract, terms)
    return client


def spoil(contract: Contract, terms: Json) -> None:
    with work(Scope.system()) as session:
        session.execute(update(Contract).where(Contract.id == contract.id).values(terms=contract.terms | terms))
        session.execute(
            update(Ticket).where(Ticket.contract_id == contract.id).values(status="resolved", resolved_at=utc(7, 8))
        )


def told(made: InvoiceRun, client: Client) -> list[Json]:
    return [out["reason"] for out in made.left_out if out["client_id"] == str(client.id)]


def nets(drafts: list[Invoice]) -> dict[Any, int]:
    return {draft.client_id: draft.net for draft in drafts}


@pytest.mark.parametrize(("kind", "terms"), FAULTY_TERMS, ids=lambda value: str(value)[:50])
def test_terms_that_cannot_be_calculated_leave_out_that_client_and_are_named(
    world: World, good: list[Client], kind: str, terms: Json, caplog: pytest.LogCaptureFixture
) -> None:
    bad = faulty(world, kind, terms)
    with caplog.at_level(logging.ERROR):
        made, drafts = run(world, clients=[bad, *good])
    assert nets(drafts) == {world.lozano.id: 75_00, world.azcarate.id: 150_00}
    (reason,) = told(made, bad)
    assert reasons(made) == [reason["code"]]
    if reason["code"] == "fault.contract":
        (name,) = terms
        is_needed = name in ("block_minutes", "block_amount")  # without it nothing can be calculated
        assert is_needed or name in [one.partition(":")[0] for one in reason["params"]["terms"]]
    for locale in ("es", "en"):
        with reading_as(locale, "Europe/Madrid"):
            assert "Soporte total" in sentence(reason) or reason["code"] == "fault.amounts"
    assert [record.subject for record in caplog.records] == [str(bad.id)]  # type: ignore[attr-defined]
    assert caplog.records[0].exc_info


@pytest.mark.parametrize("values", FAULTY_CLIENTS, ids=str)
def test_a_client_whose_own_data_cannot_be_read_is_left_out(world: World, good: list[Client], values: Json) -> None:
    bad = client_of(world, "BAD")
    contract_of(world, bad, "flat_fee", KINDS["flat_fee"])
    log(ticket_of(world, bad), world.tomas, utc(6, 8), 90)
    with work(Scope.system()) as session:
        session.execute(update(Client).where(Client.id == bad.id).values(**values))
        bad = session.get_one(Client, bad.id)
    made, drafts = run(world, clients=[good[0], bad, good[1]])
    assert nets(drafts) == {world.lozano.id: 75_00, world.azcarate.id: 150_00}
    (reason,) = told(made, bad)
    assert reason["code"] == "fault.client"


def test_amounts_that_cannot_be_stored_leave_out_that_client(world: World, good: list[Client]) -> None:
    bad = client_of(world, "BAD")
    contract = contract_of(world, bad, "time_and_materials", {})
    with work(Scope.system()) as session:  # as an earlier version stored it
        session.execute(update(Rate).where(Rate.contract_id == contract.id).values(amount=10**13))
    log(ticket_of(world, bad, contract=contract), world.tomas, utc(6, 8), 60)
    made, drafts = run(world, clients=[bad, *good])
    assert nets(drafts) == {world.lozano.id: 75_00, world.azcarate.id: 150_00}
    assert [reason["code"] for reason in told(made, bad)] == ["fault.amounts"]


def test_every_client_with_a_fault_is_told_and_a_run_of_nothing_else_ends_well(world: World) -> None:
    first = faulty(world, "flat_fee", {"fee": HUGE}, code="ONE")
    second = faulty(world, "per_seat", {"seats": "x"}, code="TWO")
    made, drafts = run(world, clients=[first, second])
    assert drafts == []
    assert [out["client_id"] for out in made.left_out] == [str(first.id), str(second.id)]


def test_a_draft_that_can_no_longer_be_calculated_stays_says_so_and_is_not_issued(
    world: World, web: FlaskClient, good: list[Client]
) -> None:
    bad = client_of(world, "BAD", name="Cliente BAD")
    contract = contract_of(world, bad, "flat_fee", KINDS["flat_fee"], name="Soporte total", starts_on=OCTOBER.first)
    _, drafts = run(world, clients=[bad, *good])
    before = {draft.client_id: draft.id for draft in drafts}
    spoil(contract, {"labour_discount": "150"})
    made, drafts = run(world, clients=[bad, *good])
    assert {draft.client_id for draft in drafts} == {world.lozano.id, world.azcarate.id}
    assert reasons(made) == ["fault.contract"]
    with work(Scope.staff()) as session:
        kept = session.get_one(Invoice, before[bad.id])
        assert (kept.net, [one["code"] for one in kept.warnings]) == (
            100_00,
            ["draft.not_recalculated", "fault.contract"],
        )
    with pytest.raises(Conflict) as refused, work(Scope.staff()):
        issue(before[bad.id], at=clock.now())
    assert refused.value.params["reason"]["code"] == "fault.contract"  # type: ignore[index]
    browser = sign_in(web, world.carmen)
    page = browser.get(f"/billing/?period=2026-10&invoice={before[bad.id]}").text
    assert "El último cálculo ha fallado" in page and "Soporte total" in page and "labour_discount: 150" in page
    answer = browser.post("/billing/issue-ready", data={"period": "2026-10"}, follow_redirects=True)
    assert "2 facturas emitidas" in answer.text
    answer = browser.post(f"/billing/invoices/{before[bad.id]}/issue", follow_redirects=True)
    assert answer.status_code == 200 and "no se pueden calcular" in answer.text
    spoil(contract, {})
    made, (draft,) = run(world, clients=[bad])
    assert (draft.id, draft.warnings, made.left_out) == (before[bad.id], [], [])


def test_the_month_shows_who_is_left_out_and_why(world: World, web: FlaskClient, good: list[Client]) -> None:
    issued_first = faulty(world, "flat_fee", {}, code="ONE")
    _, (draft,) = run(world, clients=[issued_first])
    with work(Scope.staff()):
        issue(draft.id, at=clock.now())
    second = contract_of(world, issued_first, "per_seat", KINDS["per_seat"], name="Puestos")
    spoil(second, {"seats": "x"})
    faulty(world, "flat_fee", {"fee": "gratis"}, code="TWO")
    browser = sign_in(web, world.carmen)
    answer = browser.post("/billing/run", data={"period": "2026-10"}, follow_redirects=True)
    assert answer.status_code == 200
    rows = re.findall(r'<li class="close-row".*?</li>', answer.text, re.DOTALL)
    for name, term in (("Cliente ONE", "Puestos"), ("Cliente TWO", "fee: gratis")):
        assert any(name in row and term in row for row in rows), name
    assert any("Ferretería Lozano" in row for row in rows)


def test_the_api_answers_for_the_others_and_names_the_fault(
    world: World,
    program: Programs,  # noqa: F811
    good: list[Client],
) -> None:
    bad = faulty(world, "time_and_materials", {"labour_discount": "150"})
    carmen: Program = program(world.carmen)
    answer = carmen.post("/invoice-runs", {"period_start": "2026-10-01", "period_end": "2026-10-31"})
    assert answer.status_code == 201
    made = answer.get_json()
    assert {draft["client_id"] for draft in made["drafts"]} == {str(client.id) for client in good}
    (out,) = made["left_out"]
    assert (out["client_id"], out["reason"]["code"]) == (str(bad.id), "fault.contract")
    assert out["contract_id"] and "labour_discount: 150" in out["reason"]["text"]


def test_terms_that_an_earlier_version_took_stop_no_run(world: World, good: list[Client]) -> None:
    bad = faulty(world, "flat_fee", {"fee": HUGE, "labour_discount": "150"})
    made, drafts = run(world, clients=[bad, *good])
    assert len(drafts) == 2 and reasons(made) == ["fault.contract"]


def test_a_document_that_cannot_be_made_is_refused_with_a_sentence_and_spends_no_number(
    world: World, web: FlaskClient, good: list[Client]
) -> None:
    _, drafts = run(world, clients=good)
    mine = {draft.client_id: draft for draft in drafts}
    with work(Scope.system()) as session:
        session.execute(update(Client).where(Client.id == world.lozano.id).values(billing_address=["Calle Mayor 1"]))
        lozano = session.get_one(Client, world.lozano.id)
        with pytest.raises(Conflict) as refused:
            preview(session.get_one(Invoice, mine[lozano.id].id), lozano)
        assert refused.value.params["reason"] == {"code": "fault.document", "params": {}}
    browser = sign_in(web, world.carmen)
    page = browser.get(f"/billing/invoices/{mine[world.lozano.id].id}/pdf", follow_redirects=True)
    assert page.status_code == 200 and "No se puede generar el PDF" in page.text
    answer = browser.post("/billing/issue-ready", data={"period": "2026-10"}, follow_redirects=True)
    assert "Ferretería Lozano: No se puede generar el PDF" in answer.text and "1 factura emitida" in answer.text
    with work(Scope.staff()) as session:
        assert session.get_one(Invoice, mine[world.lozano.id].id).state == "draft"
        assert session.get_one(Invoice, mine[world.azcarate.id].id).number == "F26-000001"


def test_a_record_that_cannot_be_made_is_refused_with_its_reason(world: World, good: list[Client]) -> None:
    _, drafts = run(world, clients=good)
    with work(Scope.system()):
        settings.write("provider", settings.read("provider") | {"tax_id": 86561412})
    with pytest.raises(Conflict) as refused, work(Scope.staff()):
        issue(drafts[0].id, at=clock.now())
    assert refused.value.params["reason"]["code"] == "fault.record"  # type: ignore[index]


def test_a_person_without_a_name_stops_no_page(world: World, web: FlaskClient, good: list[Client]) -> None:
    with work(Scope.system()) as session:
        session.execute(update(Person).where(Person.id == world.tomas.id).values(name=" "))
    _, drafts = run(world, clients=good)
    assert sign_in(web, world.carmen).get(f"/billing/?period=2026-10&invoice={drafts[0].id}").status_code == 200


def test_a_stored_phrase_that_cannot_be_said_stops_neither_month_nor_run(
    world: World,
    web: FlaskClient,
    program: Programs,  # noqa: F811
    good: list[Client],
) -> None:
    _, drafts = run(world, clients=good)
    odd = [{"code": "warning.block_used", "params": {"left": None}}]
    with work(Scope.system()) as session:
        session.execute(update(Invoice).where(Invoice.id == drafts[0].id).values(warnings=odd))
        session.execute(update(InvoiceLine).where(InvoiceLine.invoice_id == drafts[0].id).values(reasons=odd))
    browser = sign_in(web, world.carmen)
    for address in ("/billing/?period=2026-10", f"/billing/?period=2026-10&invoice={drafts[0].id}"):
        page = browser.get(address)
        assert page.status_code == 200 and "Azcárate Abogados" in page.text
    assert program(world.carmen).get("/invoices").status_code == 200


def test_an_outage_of_the_database_is_no_fault_of_a_client(world: World, good: list[Client]) -> None:
    def run_on_a_connection_that_ends() -> None:
        with work(Scope.staff(actor_id=world.carmen.id)) as session:
            mine = session.connection().connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            with psycopg.connect(postgres.url(), autocommit=True) as root:
                root.execute("select pg_terminate_backend(%s)", [mine])
            run_invoices(OCTOBER, at=clock.now(), clients=good)

    with pytest.raises(OperationalError):
        run_on_a_connection_that_ends()
