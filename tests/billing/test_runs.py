"""Invoice runs: what is gathered for which client, what it costs, and that a second run changes nothing."""

from datetime import date

import pytest
from sqlalchemy import func, select

from billing.models import Invoice, InvoiceLine, InvoiceLineEntry
from billing.rating import Period
from billing.runs import run_invoices
from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.contracts.actions import RateLine
from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.tickets.models import Ticket
from msp.worklog.models import TimeEntry
from tests.billing.desk import (
    NOVEMBER,
    OCTOBER,
    client_of,
    contract_of,
    entry_state,
    issued,
    log,
    reasons,
    run,
    ticket_of,
    utc,
)
from tests.world import World


def lines_of(invoice: Invoice) -> list[tuple[str, int | None, int]]:
    return [(line.description["code"], line.minutes, line.net) for line in invoice.lines]


def codes(invoice: Invoice) -> list[str]:
    return [warning["code"] for warning in invoice.warnings]


def test_hours_of_the_month_become_lines_by_price(world: World) -> None:
    ticket = ticket_of(world)
    log(ticket, world.tomas, utc(6, 8), 50)  # Tuesday 10:00 in Madrid: business, an hour after rounding
    log(ticket, world.irene, utc(7, 18), 20)  # 20:00: after hours, half an hour at 1.5
    log(ticket, world.irene, utc(10, 9), 60)  # a Saturday
    log(ticket, world.tomas, utc(20, 8), 30, work_type="onsite")
    made, drafts = run(world)
    assert made.left_out == []
    (draft,) = drafts
    assert draft.client_id == world.lozano.id
    assert lines_of(draft) == [
        ("line.labour", 60, 75_00),
        ("line.labour", 30, 56_25),
        ("line.labour", 60, 112_50),
        ("line.labour", 30, 45_00),
    ]
    assert (draft.net, draft.tax, draft.total, draft.payable) == (288_75, 60_64, 349_39, 349_39)
    assert draft.warnings == []
    assert {reason["code"] for reason in draft.lines[1].reasons} == {"price.rate", "multiplier", "rounding"}


def test_a_day_is_the_clients_own(world: World) -> None:
    """23:30 UTC of 30 September is October in Madrid, and September in the Canaries."""
    address = {"line1": "Calle Real 2", "postcode": "35530", "city": "Teguise", "country": "ES"}
    canaries = client_of(world, timezone="Atlantic/Canary", billing_address=address)
    contract_of(world, canaries, "time_and_materials", {})
    with work(Scope.staff()) as session:
        session.get_one(Client, world.lozano.id).timezone = "Europe/Madrid"
    in_october = log(ticket_of(world), world.tomas, utc(30, 22, 30, month=9), 60)
    contract = contract_of(world, canaries, "flat_fee", {"fee": "10.00"}, starts_on=OCTOBER.first)
    still_september = log(ticket_of(world, canaries, contract=None), world.tomas, utc(30, 22, 30, month=9), 60)
    _, drafts = run(world, clients=[world.lozano, canaries])
    on = {share.entry_id: draft.client_id for draft in drafts for line in draft.lines for share in line.entries}
    assert on[in_october] == world.lozano.id
    theirs = next(draft for draft in drafts if draft.client_id == canaries.id)
    assert contract.id in {line.contract_id for line in theirs.lines}
    assert [warning["code"] for warning in theirs.warnings] == ["warning.late_entries"]
    assert on[still_september] == canaries.id
    assert theirs.tax == 0 and theirs.taxes[0]["mention"] == "not_subject_canarias"


def test_the_ticket_names_the_contract_that_pays(world: World) -> None:
    project = contract_of(world, world.lozano, "time_and_materials", {}, name="Proyecto", starts_on=date(2026, 3, 1))
    log(ticket_of(world, contract=project), world.tomas, utc(6, 8), 20)
    log(ticket_of(world), world.tomas, utc(6, 9), 20)
    _, (draft,) = run(world)
    assert [(line.contract_name, line.minutes) for line in draft.lines] == [("Guardia 24", 30), ("Proyecto", 20)]


def test_a_contract_that_ended_leaves_the_work_to_the_one_in_force(world: World) -> None:
    old = contract_of(world, world.lozano, "time_and_materials", {}, name="Viejo", ends_on=date(2026, 9, 30))
    log(ticket_of(world, contract=old), world.tomas, utc(6, 8), 60)
    _, (draft,) = run(world)
    assert [line.contract_name for line in draft.lines] == ["Guardia 24"]


def test_work_before_any_contract_is_left_out_and_told(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "flat_fee", {"fee": "450.00"}, starts_on=date(2026, 10, 10))
    entry = log(ticket_of(world, client), world.tomas, utc(6, 8), 90)
    made, (draft,) = run(world, clients=[client])
    assert made.left_out == [
        {
            "client_id": str(client.id),
            "contract_id": None,
            "time_entry_id": str(entry),
            "reason": {"code": "left_out.without_contract", "params": {"on": "2026-10-06"}},
        }
    ]
    assert codes(draft) == ["draft.without_contract"]
    assert draft.net == 319_35  # 22 of 31 days


def test_what_is_not_approved_waits(world: World) -> None:
    entry = log(ticket_of(world), world.tomas, utc(6, 8), 60)
    with work(Scope.staff()) as session:
        session.get_one(TimeEntry, entry).state = "draft"
    made, drafts = run(world)
    assert (drafts, reasons(made)) == ([], ["left_out.unapproved"])


def test_running_again_rebuilds_the_draft_in_place(world: World) -> None:
    ticket = ticket_of(world)
    first = log(ticket, world.tomas, utc(6, 8), 60)
    _, (before,) = run(world)
    log(ticket, world.tomas, utc(7, 8), 60)
    _, (after,) = run(world)
    assert after.id == before.id and after.net == 150_00
    _, (again,) = run(world)
    assert (again.id, again.net, len(again.lines)) == (after.id, after.net, 1)
    with work(Scope.staff()) as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 1
        assert session.scalar(select(func.count()).select_from(InvoiceLine)) == 1
        assert session.scalar(select(func.count()).select_from(InvoiceLineEntry)) == 2
    assert entry_state(first) == "approved"


def test_a_draft_with_nothing_left_goes(world: World) -> None:
    entry = log(ticket_of(world), world.tomas, utc(6, 8), 60)
    run(world)
    with work(Scope.staff()) as session:
        session.delete(session.get_one(TimeEntry, entry))
    _, drafts = run(world)
    assert drafts == []
    with work(Scope.staff()) as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 0


def test_an_issued_invoice_is_left_alone_and_late_work_goes_to_the_next_month(world: World) -> None:
    ticket = ticket_of(world)
    log(ticket, world.tomas, utc(6, 8), 60)
    _, (draft,) = run(world)
    issued(world, draft)
    late = log(ticket, world.tomas, utc(8, 8), 60)
    made, drafts = run(world)
    assert (drafts, reasons(made)) == ([], ["left_out.already_issued"])
    log(ticket, world.tomas, utc(3, 9, month=11), 60)
    _, (november,) = run(world, NOVEMBER)
    assert november.net == 150_00
    assert codes(november) == ["warning.late_entries", "draft.twice_before", "draft.period_open"]
    assert late in {share.entry_id for share in november.lines[0].entries}


def test_work_on_the_draft_of_another_month_is_not_taken_twice(world: World) -> None:
    log(ticket_of(world), world.tomas, utc(6, 8), 60)
    run(world)
    made, drafts = run(world, NOVEMBER)
    assert (drafts, reasons(made)) == ([], ["left_out.on_other_draft"])


def test_a_period_that_overlaps_what_was_issued_bills_no_fee_again(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "flat_fee", {"fee": "450.00"})
    _, (draft,) = run(world, clients=[client])
    issued(world, draft)
    made, drafts = run(world, Period(date(2026, 10, 1), date(2026, 10, 15)), clients=[client])
    assert drafts == [] and made.left_out == []


def test_a_block_is_drawn_on_by_worked_day_and_replayed(world: World) -> None:
    client = client_of(world)
    contract_of(
        world,
        client,
        "block_hours",
        {"block_minutes": 120, "fee": "140.00", "overage_rate": "85.00", "clauses": {"overage": "4.2"}},
        starts_on=OCTOBER.first,
    )
    ticket = ticket_of(world, client)
    log(ticket, world.tomas, utc(20, 8), 60)
    _, (draft,) = run(world, clients=[client])
    assert [line[0] for line in lines_of(draft)] == ["line.fee", "line.covered_block"]
    log(ticket, world.tomas, utc(6, 8), 90)  # logged later, worked earlier
    _, (draft,) = run(world, clients=[client])
    assert lines_of(draft) == [
        ("line.fee", None, 140_00),
        ("line.covered_block", 120, 0),
        ("line.overage", 30, 42_50),
    ]
    assert codes(draft) == ["warning.block_exhausted"]
    ran_out = next(reason for reason in draft.lines[2].reasons if reason["code"] == "block.exhausted")
    assert (ran_out["params"]["on"], ran_out["params"]["at"]) == ("2026-10-20", "2026-10-20T08:30:00Z")
    issued(world, draft)
    log(ticket, world.tomas, utc(28, 8), 30)
    log(ticket, world.tomas, utc(3, 9, month=11), 30)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert lines_of(november) == [
        ("line.fee", None, 140_00),
        ("line.overage", 30, 42_50),  # October's block is used up
        ("line.covered_block", 30, 0),  # November's is full
    ]


def test_a_block_sold_once_is_paid_once_and_lasts(world: World) -> None:
    client = client_of(world)
    terms = {"block_minutes": 600, "block_renewal": "once", "fee": "700.00", "valid_to": "2026-12-31"}
    contract_of(world, client, "block_hours", terms, starts_on=date(2026, 10, 1))
    ticket = ticket_of(world, client)
    log(ticket, world.tomas, utc(6, 8), 400)
    _, (october,) = run(world, clients=[client])
    assert lines_of(october) == [("line.block_sale", None, 700_00), ("line.covered_block", 400, 0)]
    issued(world, october)
    log(ticket, world.tomas, utc(3, 8, month=11), 240)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert lines_of(november) == [("line.covered_block", 200, 0), ("line.overage", 40, 50_00)]


def test_seats_tickets_and_parts_of_a_price(world: World) -> None:
    client = client_of(world)
    changes = [{"on": "2026-10-01", "delta": 2}, {"on": "2026-10-17", "delta": 3}]
    contract_of(
        world, client, "per_seat", {"fee": "31.00", "seats": 10, "seat_changes": changes}, starts_on=OCTOBER.first
    )
    per_ticket = contract_of(world, client, "per_ticket", {"fee": "20.00"}, starts_on=OCTOBER.first)
    parts = [{"name": "Puesta en marcha", "due_on": "2026-10-15", "amount": "1000.00"}]
    contract_of(world, client, "fixed_price", {"milestones": parts}, starts_on=OCTOBER.first)
    done, _open = ticket_of(world, client, contract=per_ticket), ticket_of(world, client, contract=per_ticket)
    with work(Scope.staff()) as session:
        ticket = session.get_one(Ticket, done.id)
        ticket.status, ticket.resolved_at = "resolved", utc(14, 10)
    _, (draft,) = run(world, clients=[client])
    assert lines_of(draft) == [
        ("line.seats", None, 12 * 31_00),
        ("line.seats_added", None, 45_00),
        ("line.tickets", None, 20_00),
        ("line.milestone", None, 1000_00),
    ]
    assert draft.lines[2].description["params"]["tickets"] == ["NOR-1"]
    assert codes(draft) == ["warning.seats_changed"]


def test_a_ticket_opened_again_is_paid_for_once(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "per_ticket", {"fee": "20.00"})
    done = ticket_of(world, client)
    with work(Scope.staff()) as session:
        ticket = session.get_one(Ticket, done.id)
        ticket.status, ticket.resolved_at = "resolved", utc(14, 10)
    _, (draft,) = run(world, clients=[client])
    issued(world, draft)
    with work(Scope.staff()) as session:
        session.get_one(Ticket, done.id).resolved_at = utc(3, 10, month=11)
    _, drafts = run(world, NOVEMBER, clients=[client])
    assert drafts == []


def test_another_order_or_currency_is_another_invoice(world: World) -> None:
    with_order = contract_of(
        world, world.lozano, "time_and_materials", {"po_limit": "200.00", "po_mode": "hold"}, po_number="PO-77"
    )
    dollars = contract_of(world, world.lozano, "flat_fee", {"fee": "99.00"}, currency="USD")
    log(ticket_of(world), world.tomas, utc(6, 8), 60)
    ordered = ticket_of(world, contract=with_order)
    for day in (6, 7, 8):
        log(ordered, world.tomas, utc(day, 8), 60)
    made, drafts = run(world)
    assert {(draft.po_number, draft.currency): draft.net for draft in drafts} == {
        (None, "EUR"): 75_00,
        ("PO-77", "EUR"): 150_00,
        (None, "USD"): 99_00,
    }
    held = next(draft for draft in drafts if draft.po_number)
    assert codes(held) == ["warning.po_held"]
    assert reasons(made) == ["left_out.held_by_po"]
    issued(world, held)
    made, _ = run(world, NOVEMBER)
    assert "left_out.held_by_po" in reasons(made)  # 50.00 of the order is left, and the entry costs 75.00
    assert dollars.currency == "USD"


def test_below_the_minimum_it_waits_as_long_as_the_law_lets_it(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "time_and_materials", {"minimum_invoice": "30.00"})
    log(ticket_of(world, client), world.tomas, utc(16, 9, month=11), 15)
    made, drafts = run(world, NOVEMBER, clients=[client])
    assert drafts == []
    (out,) = made.left_out
    assert out["reason"] == {
        "code": "left_out.carried",
        "params": {"net": "18.75", "minimum": "30.00", "currency": "EUR", "issue_by": "2026-12-15"},
    }
    clock.advance(utc(15, 9, month=12) - clock.now())
    made, (draft,) = run(world, NOVEMBER, clients=[client])
    assert (draft.net, made.left_out) == (18_75, [])


def test_a_draft_warns_of_what_is_missing(world: World) -> None:
    with work(Scope.staff()) as session:
        edit_client(session.get_one(Client, world.lozano.id), tax_id=None, at=clock.now())
    log(ticket_of(world), world.tomas, utc(6, 8), 60)
    with work(Scope.staff()) as session:
        lozano = session.get_one(Client, world.lozano.id)
    _, (draft,) = run(world, clients=[lozano])
    assert codes(draft) == ["draft.tax_id_missing"]


def test_work_without_a_price_is_told_and_never_billed_at_nothing(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "time_and_materials", {}, rates=[RateLine("onsite", date(2026, 1, 1), 90_00)])
    log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    log(ticket_of(world, client), world.tomas, utc(6, 10), 60, work_type="onsite")
    made, (draft,) = run(world, clients=[client])
    assert (draft.net, codes(draft), reasons(made)) == (90_00, ["warning.no_rate"], ["left_out.no_rate"])


def test_restricted_staff_close_for_their_clients_only(world: World) -> None:
    log(ticket_of(world), world.tomas, utc(6, 8), 60)
    log(ticket_of(world, world.azcarate), world.tomas, utc(6, 8), 60)
    with work(Scope.staff_some([world.azcarate.id], actor_id=world.nuria.id)) as session:
        mine = session.scalars(select(Client)).all()
        run_invoices(OCTOBER, at=clock.now(), clients=mine)
        assert {invoice.client_id for invoice in session.scalars(select(Invoice))} == {world.azcarate.id}


def test_a_period_runs_forward_and_not_for_ever(world: World) -> None:
    for wrong in (Period(date(2026, 10, 2), date(2026, 10, 1)), Period(date(2025, 1, 1), date(2026, 10, 1))):
        with pytest.raises(Invalid) as refused, work(Scope.staff()):
            run_invoices(wrong, at=clock.now(), clients=[])
        assert "period_end" in refused.value.fields


def test_closing_for_many_takes_few_statements(world: World, statements: list[str]) -> None:
    for number in range(8):
        client = client_of(world, f"CL{number}")
        contract_of(world, client, "flat_fee", {"fee": "100.00"})
        log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    with work(Scope.staff()) as session:
        clients = session.scalars(select(Client)).all()
        list(session.scalars(select(Contract)))
    del statements[:]
    run(world, clients=list(clients))
    reads = [one for one in statements if one.lstrip().lower().startswith("select") and "for update" not in one.lower()]
    assert len(reads) < 30
