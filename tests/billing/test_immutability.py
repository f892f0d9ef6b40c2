"""Issued documents cannot be changed by anybody, the database owner included, by row or in bulk."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from billing.credit_notes import credit
from billing.models import Invoice
from billing.payments import note_payment
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.money import Money
from tests.billing.desk import client_of, contract_of, issued, log, run, ticket_of, utc
from tests.world import World

ADDED_ONLY = ("invoice_record", "invoice_document", "block_movement", "payment_entry", "contract_terms")
NEVER_EMPTIED = (
    *ADDED_ONLY,
    "invoice",
    "invoice_line",
    "invoice_line_entry",
    "invoice_series",
    "billed_entry",
    "payment",
)


@pytest.fixture
def invoice(world: World) -> Invoice:
    """An issued invoice with a record, a document, movements of a block and a payment."""
    client = client_of(world)
    contract_of(world, client, "block_hours", {"block_minutes": 600, "fee": "700.00"})
    log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    _, (draft,) = run(world, clients=[client])
    bill = issued(world, draft)
    with work(Scope.staff()):
        day = date(2026, 11, 20)
        note_payment(bill.id, direction="received", amount=Money(1, "EUR"), method="transfer", on=day, at=clock.now())
    return bill


@pytest.fixture
def owner(settings: Settings) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("table", ADDED_ONLY)
def test_the_owner_changes_and_deletes_no_row(
    invoice: Invoice, owner: "psycopg.Connection[tuple[object, ...]]", table: str
) -> None:
    for statement in (f"update {table} set created_at = now()", f"delete from {table}"):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only ever added"):
            owner.execute(statement.encode())


@pytest.mark.parametrize("table", NEVER_EMPTIED)
def test_the_owner_empties_no_table(
    invoice: Invoice, owner: "psycopg.Connection[tuple[object, ...]]", table: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never emptied"):
        owner.execute(f"truncate {table} cascade".encode())


@pytest.mark.parametrize(
    "statement",
    [
        "update invoice set total = 1",
        "update invoice set state = 'draft', number = null",
        "delete from invoice",
        "update invoice_line set net = 1",
        "delete from invoice_line",
        "update invoice_line_entry set billed_minutes = 1",
        "delete from invoice_line_entry",
        "update invoice_series set last = 0",
        "delete from invoice_series",
        "delete from payment",
    ],
)
def test_the_owner_takes_nothing_back(
    invoice: Invoice, owner: "psycopg.Connection[tuple[object, ...]]", statement: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        owner.execute(statement.encode())


def test_what_the_desk_itself_does_goes_on(world: World, invoice: Invoice) -> None:
    with work(Scope.staff(actor_id=world.carmen.id)):
        assert credit(invoice.id, reason="Error", at=clock.now()).corrects_all
    client = client_of(world, "OTR")
    contract_of(world, client, "flat_fee", {"fee": "1.00"})
    _, (draft,) = run(world, clients=[client])
    assert issued(world, draft).number == "F26-000002"
