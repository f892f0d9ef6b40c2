"""Billing's pages for an account manager, refused to others."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from billing.models import Invoice, Payment
from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.worklog.actions import edit_time
from msp.worklog.models import TimeEntry
from tests.billing.desk import client_of, contract_of, issued, log, run, ticket_of, utc
from tests.world import World, sign_in


@pytest.fixture
def carmen(web: FlaskClient, world: World) -> FlaskClient:
    """The account manager's browser."""
    return sign_in(web, world.carmen)


@pytest.fixture
def october(world: World) -> None:
    """Work of October for both clients: Lozano's includes work at night."""
    ticket = ticket_of(world)
    log(ticket, world.tomas, utc(6, 8), 110)
    log(ticket, world.irene, utc(7, 18), 20, note="Copia de seguridad del TPV")
    log(ticket_of(world, world.azcarate), world.tomas, utc(8, 8), 60)


def stored(invoice_id: object) -> Invoice:
    with work(Scope.staff()) as session:
        return session.get_one(Invoice, invoice_id)


def test_from_hours_to_an_issued_invoice(carmen: FlaskClient, world: World, october: None) -> None:
    """Step 6 in the browser: unbilled hours, the run, the draft with explanations, the invoice with its PDF."""
    page = carmen.get("/billing/?period=2026-10").text
    assert "Ferretería Lozano" in page and "2 h 10 min".replace(" ", "\N{NO-BREAK SPACE}") in page
    answer = carmen.post("/billing/run", data={"period": "2026-10"}, follow_redirects=True)
    page = answer.text
    assert "Azcárate Abogados" in page and "206,25\N{NO-BREAK SPACE}€" in page
    _, drafts = run(world)
    lozano = next(each for each in drafts if each.client_id == world.lozano.id)
    page = carmen.get(f"/billing/?period=2026-10&invoice={lozano.id}").text
    for told in ("LOZ-1", "Irene · Copia de seguridad del TPV", "×1,5", "249,56\N{NO-BREAK SPACE}€", "Guardia 24"):
        assert told in page
    answer = carmen.post(f"/billing/invoices/{lozano.id}/issue", follow_redirects=True)
    assert answer.status_code == 200 and "F26-000001" in answer.text
    record = re.search(r"[0-9A-F]{16}", answer.text)
    assert record is not None
    document = carmen.get(f"/billing/invoices/{lozano.id}/pdf")
    assert document.mimetype == "application/pdf" and document.data.startswith(b"%PDF-")
    assert carmen.get(f"/billing/invoices/{lozano.id}/qr.svg").status_code == 404  # VERI*FACTU is off
    assert carmen.get(f"/billing/invoices/{lozano.id}/pdf").data == document.data
    listed = carmen.get("/billing/invoices").text
    assert "F26-000001" in listed and "Azcárate Abogados" in listed


def test_all_that_is_ready_is_issued_at_once_and_the_rest_is_not(
    carmen: FlaskClient, world: World, october: None
) -> None:
    _, drafts = run(world)
    held = next(each for each in drafts if each.client_id == world.azcarate.id)
    carmen.post(f"/billing/invoices/{held.id}/hold")
    answer = carmen.post("/billing/issue-ready", data={"period": "2026-10"}, follow_redirects=True)
    assert answer.status_code == 200
    assert [stored(draft.id).state for draft in drafts] == [
        "draft" if draft.id == held.id else "issued" for draft in drafts
    ]
    carmen.post(f"/billing/invoices/{held.id}/hold")
    carmen.post("/billing/issue-ready", data={"period": "2026-10"})
    assert stored(held.id).number == "F26-000002"


def test_a_button_pressed_twice_does_it_once(carmen: FlaskClient, world: World, october: None) -> None:
    _, drafts = run(world)
    form = {"idempotency_key": "one-press"}
    answers = [carmen.post(f"/billing/invoices/{drafts[0].id}/issue", data=form).status_code for _ in range(2)]
    assert answers == [303, 303] and stored(drafts[0].id).state == "issued"


def test_what_cannot_be_issued_says_why(carmen: FlaskClient, world: World, october: None) -> None:
    _, drafts = run(world)
    entry = drafts[0].lines[0].entries[0].entry_id
    with work(Scope.staff()) as session:
        edit_time(session.get_one(TimeEntry, entry), at=clock.now(), minutes=240)
    answer = carmen.post(f"/billing/invoices/{drafts[0].id}/issue", follow_redirects=True)
    assert 'class="flash' in answer.text or "notice" in answer.text
    assert stored(drafts[0].id).state == "draft"


def test_a_draft_has_a_preview_and_no_number(carmen: FlaskClient, world: World, october: None) -> None:
    _, drafts = run(world)
    assert carmen.get(f"/billing/invoices/{drafts[0].id}/pdf").data.startswith(b"%PDF-")
    assert stored(drafts[0].id).number is None
    assert carmen.get(f"/billing/invoices/{drafts[0].id}").status_code == 200
    assert carmen.get(f"/billing/invoices/{drafts[0].id}/qr.svg").status_code == 404


def test_a_credit_note_from_the_page(carmen: FlaskClient, world: World, october: None) -> None:
    _, drafts = run(world)
    invoice = issued(world, drafts[0])
    missing = carmen.post(f"/billing/invoices/{invoice.id}/credit", data={"reason": " "}, follow_redirects=True)
    assert "R26" not in missing.text
    answer = carmen.post(
        f"/billing/invoices/{invoice.id}/credit",
        data={"reason": "Duplicada", "record_type": "R4"},
        follow_redirects=True,
    )
    assert "R26-000001" in answer.text and "Duplicada" in answer.text
    assert "R26-000001" in carmen.get(f"/billing/invoices/{invoice.id}").text


def test_what_stripe_refused_can_be_sent_again(carmen: FlaskClient, world: World, october: None) -> None:
    _, drafts = run(world)
    invoice = issued(world, drafts[0])
    assert carmen.post(f"/billing/invoices/{invoice.id}/push").status_code == 404
    with work(Scope.staff()) as session:
        session.get_one(Payment, invoice.id).reason = "No such country"
    assert "No such country" in carmen.get(f"/billing/invoices/{invoice.id}").text
    assert carmen.post(f"/billing/invoices/{invoice.id}/push").status_code == 303
    assert "No such country" not in carmen.get(f"/billing/invoices/{invoice.id}").text


@pytest.mark.parametrize(
    ("today", "first_contract", "shown"),
    [
        (datetime(2026, 11, 20, 12, tzinfo=UTC), date(2026, 1, 1), "octubre"),
        (datetime(2026, 11, 21, 12, tzinfo=UTC), date(2026, 1, 1), "noviembre"),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), date(2026, 12, 1), "diciembre"),  # nothing to close in November
        (datetime(2026, 12, 1, 12, tzinfo=UTC), date(2026, 11, 30), "noviembre"),
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), date(2026, 12, 1), "diciembre"),  # 1 December in Madrid
    ],
)
def test_the_month_that_opens_is_the_one_being_closed(
    web: FlaskClient, world: World, today: datetime, first_contract: date, shown: str
) -> None:
    with work(Scope.staff()) as session:
        session.execute(update(Contract).values(starts_on=first_contract))
    clock.advance(today - clock.now())
    assert f"Facturación de {shown}" in sign_in(web, world.carmen).get("/billing/").text


PAGES = ("/billing/", "/billing/invoices", "/billing/invoices/{id}", "/billing/invoices/{id}/pdf")
ACTS = (
    "/billing/run",
    "/billing/issue-ready",
    *(f"/billing/invoices/{{id}}/{act}" for act in ("issue", "hold", "credit")),
)


@pytest.mark.parametrize(
    ("who", "expected"), [("tomas", 403), ("rosa", 403), ("dolores", 404), ("marta", 404), ("ana", 200)]
)
def test_pages_are_for_whoever_may_bill(web: FlaskClient, world: World, october: None, who: str, expected: int) -> None:
    _, drafts = run(world)
    browser = sign_in(web, getattr(world, who))
    for address in PAGES:
        assert browser.get(address.format(id=drafts[0].id)).status_code == expected
    if expected != 200:
        for address in ACTS:
            assert browser.post(address.format(id=drafts[0].id)).status_code == expected
        assert stored(drafts[0].id).state == "draft"


def test_strangers_sign_in_first(web: FlaskClient, world: World) -> None:
    assert web.get("/billing/").status_code == 302


@pytest.mark.parametrize(
    "address",
    ["/billing/?period=octubre", "/billing/?period=2026-13", "/billing/?invoice=x", "/billing/invoices?before=x"],
)
def test_addresses_that_mean_nothing_are_not_found(carmen: FlaskClient, address: str) -> None:
    assert carmen.get(address).status_code == 404


def test_a_month_takes_few_statements_however_many_clients(
    carmen: FlaskClient, world: World, statements: list[str]
) -> None:
    def seen() -> int:
        del statements[:]
        assert carmen.get("/billing/?period=2026-10").status_code == 200
        return len(statements)

    clients = []
    for number in range(6):
        clients.append(client_of(world, f"CL{number}", name=f"Cliente {number}"))
        contract_of(world, clients[-1], "flat_fee", {"fee": "100.00"})
        log(ticket_of(world, clients[-1]), world.tomas, utc(6, 8), 60)
    run(world, clients=clients[:3])
    few = seen()
    run(world, clients=clients)
    assert seen() <= few <= 32


def test_pages_of_invoices(carmen: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch, october: None) -> None:
    _, drafts = run(world)
    for draft in drafts:
        issued(world, draft)
    monkeypatch.setattr("billing.pages.PAGE", 1)
    first = carmen.get("/billing/invoices").text
    after = re.search(r'rel="next" href="([^"]+)"', first)
    assert after is not None
    second = carmen.get(after[1].replace("&amp;", "&")).text
    numbers: Callable[[str], set[str]] = lambda text: set(re.findall(r"F26-\d{6}", text))  # noqa: E731
    assert numbers(first) | numbers(second) == {"F26-000001", "F26-000002"}
    assert not numbers(first) & numbers(second)
