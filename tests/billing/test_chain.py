"""An altered chain of records is not extended, and the doctor reports where it was altered."""

from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from flask.testing import FlaskClient

from billing.credit_notes import credit
from billing.invoices import issue
from billing.models import Invoice
from msp.config import Settings
from msp.doctor import records
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict
from tests.billing.desk import client_of, contract_of, issued, run
from tests.world import World, sign_in

Past = psycopg.Connection[tuple[object, ...]]
SET = "update invoice_record set fields = jsonb_set(fields, '{%s}', '\"%s\"') where position = (%s)"
LAST, MIDDLE = "select max(position) from invoice_record", "2"
ALTERED = [
    (SET % ("ImporteTotal", "1.00", "{which}"), "content"),
    (SET % ("CuotaTotal", "0.00", "{which}"), "content"),
    (SET % ("NumSerieFactura", "F26-000009", "{which}"), "content"),
    (SET % ("Huella", "F00", "{which}"), "content"),
    ("update invoice_record set huella = repeat('A', 64) where position = ({which})", "content"),
    ("update invoice_record set previous = repeat('A', 64) where position = ({which})", "link"),
    ("update invoice set total = 1 where number = (select i.number from invoice i join invoice_record r"
     " on r.invoice_id = i.id where r.position = ({which}))", "invoice"),
    ("delete from invoice_record where position = ({which})", None),
]  # fmt: skip


@pytest.fixture
def past(settings: Settings) -> Iterator[Past]:
    """Disable the triggers and write to the database directly."""
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


@pytest.fixture
def drafts(world: World) -> list[Invoice]:
    """Four drafts, of which the first three are issued."""
    made = []
    for number in range(4):
        client = client_of(world, f"CL{number}")
        contract_of(world, client, "flat_fee", {"fee": f"{100 + number}.00"})
        made += run(world, clients=[client])[1]
    for draft in made[:3]:
        issued(world, draft)
    return made


def told(settings: Settings) -> list[str]:
    return [finding.what for finding in records.record_chain_is_intact(settings) if finding.level == "fault"]


@pytest.mark.parametrize(("statement", "code"), ALTERED, ids=lambda value: str(value)[:60])
def test_nothing_is_issued_after_an_altered_last_record(
    world: World, drafts: list[Invoice], past: Past, settings: Settings, statement: str, code: str | None
) -> None:
    past.execute(statement.replace("{which}", LAST).encode())
    for act, subject in ((partial(issued, world), drafts[3]), (credited, drafts[0])):
        with pytest.raises(Conflict) as refused:
            act(subject)
        assert refused.value.code == "chain_broken"
        assert code in (None, refused.value.params["fault"])
    assert told(settings)
    with work(Scope.staff()) as session:
        assert session.get_one(Invoice, drafts[3].id).state == "draft"


def credited(invoice: Invoice) -> Invoice:
    with work(Scope.staff()):
        return credit(invoice.id, reason="Error", at=clock.now())


@pytest.mark.parametrize(("statement", "code"), ALTERED, ids=lambda value: str(value)[:60])
def test_the_doctor_finds_an_altered_record_in_the_middle(
    world: World, drafts: list[Invoice], past: Past, settings: Settings, statement: str, code: str | None
) -> None:
    assert told(settings) == []
    past.execute(statement.replace("{which}", MIDDLE).encode())
    found = told(settings)
    assert found and all("F26-00000" in each for each in found)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update invoice_series set huella = repeat('A', 64) where code = 'VERIFACTU'", "at which the chain goes on"),
        ("update invoice_series set last = 2 where code = 'VERIFACTU'", "at which the chain goes on"),
        ("delete from invoice_series where code = 'VERIFACTU'", "at which the chain goes on"),
        ("update invoice_series set last = 9 where code = 'F26'", "another count of invoices"),
        ("delete from invoice_document where sha256 = (select min(sha256) from invoice_document)", "PDF is missing"),
        ("update invoice_document set content = 'x'", "PDF is missing, or is not the one"),
    ],
    ids=str,
)
def test_the_doctor_finds_what_lies_beside_the_records(
    world: World, drafts: list[Invoice], past: Past, settings: Settings, statement: str, said: str
) -> None:
    past.execute(statement.encode())
    assert any(said in each for each in told(settings))


def test_a_chain_whose_end_was_moved_is_not_extended(world: World, drafts: list[Invoice], past: Past) -> None:
    past.execute("update invoice_series set huella = repeat('A', 64) where code = 'VERIFACTU'")
    with pytest.raises(Conflict, match="chain_broken"):
        issued(world, drafts[3])


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_chain_whose_last_records_were_removed_with_its_end_is_not_extended(
    world: World, drafts: list[Invoice], past: Past, left: int
) -> None:
    past.execute("delete from invoice_record where position > %s", [left])
    end = "select huella from invoice_record where position = %s"
    rewound = f"update invoice_series set last = %s, huella = ({end}) where code = 'VERIFACTU'"
    past.execute(rewound.encode(), [left, left])
    for act, subject in ((partial(issued, world), drafts[3]), (credited, drafts[0])):
        with pytest.raises(Conflict, match="chain_broken"):
            act(subject)


def test_restricted_staff_check_the_end_of_the_chain_too(world: World, drafts: list[Invoice], past: Past) -> None:
    theirs = drafts[3].client_id
    past.execute((SET % ("ImporteTotal", "1.00", LAST)).encode())
    with pytest.raises(Conflict, match="chain_broken"), work(Scope.staff_some([theirs], actor_id=world.nuria.id)):
        issue(drafts[3].id, at=clock.now())


def test_the_page_says_what_to_do(world: World, web: FlaskClient, drafts: list[Invoice], past: Past) -> None:
    past.execute((SET % ("ImporteTotal", "1.00", LAST)).encode())
    answer = sign_in(web, world.carmen).post(f"/billing/invoices/{drafts[3].id}/issue", follow_redirects=True)
    assert "cadena de registros" in answer.text and "msp doctor" in answer.text


def test_a_whole_chain_is_extended_and_the_doctor_is_content(
    world: World, drafts: list[Invoice], settings: Settings
) -> None:
    credited(drafts[0])
    assert issued(world, drafts[3]).number == "F26-000004"
    (finding,) = records.record_chain_is_intact(settings)
    assert (finding.level, finding.what) == ("ok", "the chain of 5 invoice records is whole")
