"""Issuing locks the chain only for number and record: entries are claimed before, the PDF is made after the commit."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, select

from billing.models import Invoice, InvoiceDocument
from billing.queries import access_document
from msp.config import Settings
from msp.kernel.db import Scope, db, work
from msp.kernel.events import Delivery
from tests import postgres
from tests.billing.desk import issued, log, run, ticket_of, utc
from tests.world import World

CHAIN = b"select last from invoice_series where code = 'VERIFACTU' for update nowait"


@pytest.fixture
def draft(world: World) -> Invoice:
    """A draft of fifty entries; the chain already exists."""
    log(ticket_of(world, world.azcarate), world.tomas, utc(6, 8), 60)
    _, (first,) = run(world, clients=[world.azcarate])
    issued(world, first)
    ticket = ticket_of(world)
    for number in range(50):
        log(ticket, world.tomas, utc(1 + number % 28, 8, number % 60), 15)
    _, (made,) = run(world, clients=[world.lozano])
    return made


@pytest.fixture
def watched(app: Flask, settings: Settings) -> Iterator[list[tuple[str, bool]]]:
    """Each writing statement, with whether another transaction could lock the chain at that moment."""
    seen: list[tuple[str, bool]] = []
    address = postgres.url().replace("/postgres?", f"/{settings.database_name}?")

    def look(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        head = " ".join(statement.split()[:3]).lower()
        if head.startswith(("insert into", "update")):
            seen.append((head, is_free(address)))

    event.listen(db.engine, "before_cursor_execute", look)
    yield seen
    event.remove(db.engine, "before_cursor_execute", look)


def is_free(address: str) -> bool:
    with psycopg.connect(address) as other:
        try:
            other.execute(CHAIN)
        except psycopg.errors.LockNotAvailable:
            return False
        return True


def test_claims_and_the_pdf_leave_the_chain_free(world: World, draft: Invoice, watched: list[tuple[str, bool]]) -> None:
    issued(world, draft)
    free = {head for head, is_it in watched if is_it}
    held = {head for head, is_it in watched if not is_it}
    assert {"insert into billed_entry", "update time_entry set", "insert into invoice_document"} <= free
    assert {"insert into payment"} <= free
    assert {"insert into invoice_record", "update invoice_series set"} <= held
    assert not {"insert into billed_entry", "update time_entry set", "insert into invoice_document"} & held


def test_a_document_that_a_process_could_not_make_is_made_by_the_outbox(
    world: World, draft: Invoice, settings: Settings, drain: Callable[[], int]
) -> None:
    bill = issued(world, draft)
    lose_document(settings)
    drain()
    with work(Scope.staff()) as session:
        assert session.get(InvoiceDocument, bill.id) is not None
        states = session.scalars(select(Delivery.state).where(Delivery.subscriber == "invoice_documents"))
        assert set(states) == {"done"}


def test_a_document_that_is_missing_is_made_for_who_asks_and_is_the_same(
    world: World, draft: Invoice, settings: Settings
) -> None:
    bill = issued(world, draft)
    with work(Scope.client(world.lozano.id)):
        before = access_document(bill.id)
    lose_document(settings)
    with work(Scope.client(world.lozano.id)):
        assert access_document(bill.id).content == before.content
    with work(Scope.staff()) as session:
        assert session.scalar(select(func.count()).select_from(InvoiceDocument)) == 2


def lose_document(settings: Settings) -> None:
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(
            "delete from invoice_document where invoice_id = (select id from invoice where number = %s)", ["F26-000002"]
        )
