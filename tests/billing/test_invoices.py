"""Issuing: numbers without gaps, records in one chain, immutable, the same PDF each time; and corrections."""

import hashlib
import threading
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from billing.credit_notes import Part, credit
from billing.invoices import hold, issue
from billing.legal.huella import Record, broken_links
from billing.models import (
    BilledEntry,
    BlockMovement,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    InvoiceLineEntry,
    InvoiceRecord,
    Payment,
)
from billing.pdf import render
from billing.queries import access_document, invoices_for_client
from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.kernel import clock, settings
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.events import StoredEvent
from msp.kernel.ids import new_id
from msp.kernel.money import Money
from msp.worklog.actions import delete_time, edit_time
from msp.worklog.models import TimeEntry
from tests.billing.desk import (
    NOVEMBER,
    OCTOBER,
    client_of,
    contract_of,
    entry_state,
    issued,
    log,
    run,
    ticket_of,
    utc,
)
from tests.world import World


@pytest.fixture
def draft(world: World) -> Invoice:
    """October of Lozano: 2 h of remote work and half an hour at night, 206.25 net."""
    ticket = ticket_of(world)
    log(ticket, world.tomas, utc(6, 8), 110)
    log(ticket, world.irene, utc(7, 18), 20)
    _, (made,) = run(world)
    return made


def records() -> list[InvoiceRecord]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(InvoiceRecord).order_by(InvoiceRecord.position)))


def is_sound(rows: list[InvoiceRecord]) -> bool:
    chain = [Record(row.kind, row.fields, row.huella) for row in rows]  # type: ignore[arg-type]
    return not list(broken_links(chain))


def events_of(subject: UUID) -> list[str]:
    with work(Scope.staff()) as session:
        return list(
            session.scalars(select(StoredEvent.kind).where(StoredEvent.subject_id == subject).order_by(StoredEvent.seq))
        )


def test_an_issued_invoice_has_all_that_the_law_asks(world: World, draft: Invoice) -> None:
    invoice = issued(world, draft)
    assert (invoice.state, invoice.series, invoice.number) == ("issued", "F26", "F26-000001")
    assert (invoice.net, invoice.tax, invoice.total) == (206_25, 43_31, 249_56)
    assert invoice.issued_on is not None and invoice.due_on == invoice.issued_on + timedelta(days=30)
    assert invoice.issuer["tax_id"] == "B86561412" and invoice.customer["name"] == "Ferretería Lozano, S.L."
    (record,) = records()
    assert record.fields == {
        "IDEmisorFactura": "B86561412",
        "NumSerieFactura": "F26-000001",
        "FechaExpedicionFactura": "23-11-2026",
        "TipoFactura": "F1",
        "CuotaTotal": "43.31",
        "ImporteTotal": "249.56",
        "Huella": "",
        "FechaHoraHusoGenRegistro": "2026-11-23T10:00:00+01:00",
    }
    assert record.qr_url.endswith("nif=B86561412&numserie=F26-000001&fecha=23-11-2026&importe=249.56")
    assert events_of(invoice.id) == ["invoice.drafted", "invoice.issued"]
    with work(Scope.staff()) as session:
        payment = session.get_one(Payment, invoice.id)
        assert (payment.state, payment.stripe_invoice_id, payment.amount_paid) == ("pending", None, 0)


def test_its_entries_are_billed_and_change_no_more(world: World, draft: Invoice) -> None:
    invoice = issued(world, draft)
    with work(Scope.staff()) as session:
        claimed = session.scalars(select(BilledEntry.entry_id).where(BilledEntry.invoice_id == invoice.id)).all()
        assert len(claimed) == 2
        assert {entry_state(entry) for entry in claimed} == {"billed"}
        with pytest.raises(Conflict):
            edit_time(session.get_one(TimeEntry, claimed[0]), at=clock.now(), minutes=5)


def test_the_pdf_is_kept_as_it_was_made(world: World, draft: Invoice) -> None:
    invoice = issued(world, draft)
    with work(Scope.client(world.lozano.id)) as session:
        content = access_document(invoice.id).content
        kept = session.get_one(InvoiceDocument, invoice.id)
        assert content.startswith(b"%PDF-") and kept.sha256 == hashlib.sha256(content).hexdigest()
    with pytest.raises(DBAPIError), work(Scope.system()) as session:
        session.execute(update(InvoiceDocument).values(content=b"another"))


def test_the_same_invoice_gives_the_same_pdf(world: World, draft: Invoice) -> None:
    invoice = issued(world, draft)
    with work(Scope.staff()) as session:
        again = render(session.get_one(Invoice, invoice.id), timezone="Europe/Madrid", qr_url=None)
        assert again == access_document(invoice.id).content


def test_where_the_pdf_cannot_be_made_no_number_is_spent(world: World, draft: Invoice) -> None:
    with work(Scope.system()):
        sound = settings.read("provider")
        settings.write("provider", sound | {"address": "Calle de Alcalá 120"})
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "data_fault"
    assert records() == []
    with work(Scope.system()):
        settings.write("provider", sound)
    assert issued(world, draft).number == "F26-000001"


@pytest.mark.parametrize("scope", ["staff", "staff_some", "system", "client"])
def test_nobody_changes_what_was_issued(world: World, draft: Invoice, scope: str) -> None:
    invoice = issued(world, draft)
    line = {column.name: getattr(invoice.lines[0], column.name) for column in InvoiceLine.__table__.columns}
    more = line | {"id": new_id(), "position": 99, "description": {}, "reasons": []}
    mine, its_lines = Invoice.id == invoice.id, InvoiceLine.invoice_id == invoice.id
    scopes = {
        "staff": Scope.staff(),
        "staff_some": Scope.staff_some([world.lozano.id]),
        "system": Scope.system(),
        "client": Scope.client(world.lozano.id),
    }
    refusals = ("permission denied", "row-level security") if scope == "client" else ("an issued invoice is frozen",)
    for act in (
        update(Invoice).where(mine).values(total=1),
        update(Invoice).where(mine).values(state="draft", number=None),
        delete(Invoice).where(mine),
        update(InvoiceLine).where(its_lines).values(net=1),
        delete(InvoiceLine).where(its_lines),
        insert(InvoiceLine).values(more),
        update(InvoiceLineEntry).values(billed_minutes=1),
        delete(InvoiceLineEntry),
    ):
        with pytest.raises(DBAPIError) as refused, work(scopes[scope]) as session:
            session.execute(act)
        assert any(refusal in str(refused.value) for refusal in refusals)


@pytest.mark.parametrize("table", [InvoiceRecord, BlockMovement, InvoiceDocument])
def test_records_are_only_ever_added(world: World, draft: Invoice, table: type) -> None:
    issued(world, draft)
    for act in (delete(table), update(table).values(created_at=clock.now())):
        with pytest.raises(DBAPIError, match="permission denied"), work(Scope.system()) as session:
            session.execute(act)


def test_ten_issued_at_once_leave_no_gap_and_no_double(world: World, app: Flask) -> None:
    drafts = []
    for number in range(10):
        client = client_of(world, f"CL{number}")
        contract_of(world, client, "flat_fee", {"fee": f"{100 + number}.00"})
        drafts += run(world, clients=[client])[1]
    outcomes: list[str] = []
    begin = threading.Barrier(len(drafts) + 2)

    def press(draft: Invoice) -> None:
        with app.app_context():
            begin.wait()
            try:
                outcomes.append(issued(world, draft).number or "")
            except Conflict as refused:
                outcomes.append(refused.code)

    # Two of them are pressed twice.
    threads = [threading.Thread(target=press, args=[draft]) for draft in (*drafts, *drafts[:2])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [*(f"F26-{number:06d}" for number in range(1, 11)), "invoice_issued", "invoice_issued"]
    rows = records()
    assert [row.position for row in rows] == list(range(1, 11))
    assert is_sound(rows)


def test_the_chain_goes_over_all_clients_also_for_restricted_staff(world: World, draft: Invoice) -> None:
    log(ticket_of(world, world.azcarate), world.tomas, utc(6, 8), 60)
    _, drafts = run(world)
    theirs = next(each for each in drafts if each.client_id == world.azcarate.id)
    issued(world, draft)
    with work(Scope.staff_some([world.azcarate.id], actor_id=world.nuria.id)):
        assert issue(theirs.id, at=clock.now()).number == "F26-000002"
    rows = records()
    assert is_sound(rows) and rows[1].previous == rows[0].huella


def test_the_dates_of_a_series_follow_its_numbers(world: World, draft: Invoice) -> None:
    log(ticket_of(world, world.azcarate), world.tomas, utc(6, 8), 60)
    _, drafts = run(world)
    theirs = next(each for each in drafts if each.client_id == world.azcarate.id)
    issued(world, draft)
    with pytest.raises(Conflict) as refused, work(Scope.staff()):
        issue(theirs.id, at=clock.now() - timedelta(days=1))
    assert refused.value.code == "issue_date_before_last"
    clock.advance(timedelta(days=60))
    assert issued(world, theirs).number == "F27-000001"


def test_what_is_not_fit_to_be_issued_is_refused(world: World, draft: Invoice) -> None:
    with work(Scope.staff()) as session:
        edit_client(session.get_one(Client, world.lozano.id), tax_id=None, at=clock.now())
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "tax_id_missing"
    with work(Scope.staff()) as session:
        edit_client(session.get_one(Client, world.lozano.id), tax_id="B84562388", at=clock.now())
        hold(draft.id, at=clock.now())
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "invoice_held"
    run(world)
    with pytest.raises(Conflict):
        issued(world, draft)  # a hold stays after the next run
    with work(Scope.staff()):
        hold(draft.id, at=clock.now())
        settings.write("provider", settings.read("provider") | {"tax_id": ""})
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "provider_incomplete"


def test_a_draft_that_hours_left_behind_is_not_issued(world: World, draft: Invoice) -> None:
    entry = draft.lines[0].entries[0].entry_id
    with work(Scope.staff()) as session:
        edit_time(session.get_one(TimeEntry, entry), at=clock.now(), minutes=200)
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "draft_outdated"
    _, (again,) = run(world)
    assert issued(world, again).net == 318_75  # now three and a half hours
    assert records()[0].fields["ImporteTotal"] == str(Money(again.total, "EUR"))


def test_an_entry_taken_back_leaves_the_draft(world: World, draft: Invoice) -> None:
    entry = draft.lines[0].entries[0].entry_id
    with work(Scope.staff()) as session:
        delete_time(session.get_one(TimeEntry, entry), at=clock.now())
    with pytest.raises(Conflict):
        issued(world, draft)


def test_only_euros_are_recorded(world: World) -> None:
    client = client_of(world, currency="USD")
    contract_of(world, client, "flat_fee", {"fee": "99.00"}, currency="USD")
    _, (draft,) = run(world, clients=[client])
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "currency_not_euro"


def test_a_professional_withholds_irpf_and_the_record_does_not(world: World, draft: Invoice) -> None:
    with work(Scope.staff()):
        settings.write("provider", settings.read("provider") | {"withholding": "professional"})
    _, (again,) = run(world)
    invoice = issued(world, again)
    assert (invoice.net, invoice.total, invoice.withholding, invoice.payable) == (206_25, 249_56, 30_94, 218_62)
    assert records()[0].fields["ImporteTotal"] == "249.56"


def test_a_whole_credit_note_gives_everything_back(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "block_hours", {"block_minutes": 60, "fee": "70.00", "overage_rate": "85.00"})
    ticket = ticket_of(world, client)
    entry = log(ticket, world.tomas, utc(6, 8), 90)
    _, (draft,) = run(world, clients=[client])
    invoice = issued(world, draft)
    with work(Scope.staff(actor_id=world.carmen.id)):
        note = credit(invoice.id, reason="Bolsa pagada aparte", at=clock.now())
    assert (note.number, note.kind, note.corrects_id, note.record_type) == (
        "R26-000001",
        "credit_note",
        invoice.id,
        "R1",
    )
    assert (note.net, note.tax, note.total) == (-invoice.net, -invoice.tax, -invoice.total)
    assert records()[1].fields["TipoFactura"] == "R1" and is_sound(records())
    assert entry_state(entry) == "approved"
    with work(Scope.staff()) as session:
        assert session.get_one(Payment, invoice.id).state == "void"
        assert session.scalar(select(func.sum(BlockMovement.units))) == 0
        assert session.scalar(select(func.count()).select_from(BilledEntry)) == 0
    assert events_of(invoice.id)[-1] == "invoice.credited"
    with pytest.raises(Conflict), work(Scope.staff()):
        credit(invoice.id, reason="Otra vez", at=clock.now())
    _, (again,) = run(world, clients=[client])  # the same month can be billed again, with the same result
    second = issued(world, again)
    assert (second.number, second.net) == ("F26-000002", invoice.net)
    assert entry_state(entry) == "billed"


def test_part_of_a_line_is_credited_by_differences(world: World, draft: Invoice) -> None:
    invoice = issued(world, draft)
    line = invoice.lines[0]  # two hours at 75.00
    with work(Scope.staff()):
        note = credit(
            invoice.id, reason="Una hora de más", parts=[Part(line.id, minutes=60)], record_type="R4", at=clock.now()
        )
    assert (note.net, note.tax, note.total, note.record_type) == (-75_00, -15_75, -90_75, "R4")
    assert (note.lines[0].minutes, note.lines[0].quantity, note.lines[0].unit_price) == (
        -60,
        Decimal(-1),
        Decimal(75),
    )
    assert entry_state(line.entries[0].entry_id) == "billed"
    for too_much in (Part(line.id, minutes=61), Part(line.id, net=Money(75_01, "EUR")), Part(new_id())):
        with pytest.raises(Invalid), work(Scope.staff()):
            credit(invoice.id, reason="Demasiado", parts=[too_much], at=clock.now())
    with work(Scope.staff()):
        rest = credit(invoice.id, reason="El resto", at=clock.now())
    assert (rest.net + note.net, rest.tax + note.tax) == (-invoice.net, -invoice.tax)
    assert rest.corrects_all and entry_state(line.entries[0].entry_id) == "approved"


def test_a_draft_or_a_credit_note_cannot_be_credited(world: World, draft: Invoice) -> None:
    with pytest.raises(Conflict), work(Scope.staff()):
        credit(draft.id, reason="No", at=clock.now())
    invoice = issued(world, draft)
    with pytest.raises(Invalid), work(Scope.staff()):
        credit(invoice.id, reason=" ", record_type="R9", at=clock.now())
    with work(Scope.staff()):
        note = credit(invoice.id, reason="Sí", at=clock.now())
    with pytest.raises(Conflict), work(Scope.staff()):
        credit(note.id, reason="No", at=clock.now())


def test_a_client_sees_its_own_issued_invoices_only(world: World, draft: Invoice) -> None:
    log(ticket_of(world, world.azcarate), world.tomas, utc(6, 8), 60)
    run(world)
    invoice = issued(world, draft)
    run(world, NOVEMBER)
    with work(Scope.client(world.lozano.id)):
        assert [row.number for row in invoices_for_client(world.lozano.id, today=invoice.issued_on)] == [  # type: ignore[arg-type]
            "F26-000001"
        ]
    with work(Scope.client(world.azcarate.id)) as session:
        assert session.get(Invoice, invoice.id) is None
        assert invoices_for_client(world.azcarate.id, today=OCTOBER.last) == []
