"""No charge is lost silently: order of blocks, months never run, seats and ends entered late, dated terms."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from billing.credit_notes import Part, credit
from billing.models import BlockMovement, Invoice, InvoiceLine
from billing.month import read_month
from billing.rating import Period
from msp.clients.models import Client
from msp.contracts.actions import Agreement, RateLine, edit_contract
from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.money import Money
from tests.billing.desk import NOVEMBER, OCTOBER, SEPTEMBER, client_of, contract_of, issued, log, run, ticket_of, utc
from tests.world import TARGETS, World

DECEMBER = Period(date(2026, 12, 1), date(2026, 12, 31))
SINCE = date(2026, 9, 1)
RATES = [RateLine("remote", date(2026, 1, 1), 80_00)]


def codes(draft: Invoice) -> list[str]:
    return [warning["code"] for warning in draft.warnings]


def said(lines: Sequence[InvoiceLine]) -> list[tuple[str, int]]:
    return [(line.description["code"], line.net) for line in lines]


def change(world: World, contract: Contract, **more: object) -> None:
    """Change a contract as the account manager."""
    with work(Scope.staff(actor_id=world.carmen.id)) as session:
        found = session.get_one(Contract, contract.id)
        details: Json = {
            "name": found.name, "kind": found.kind, "starts_on": found.starts_on, "ends_on": found.ends_on,
            "calendar_id": found.calendar_id, "currency": found.currency, "targets": TARGETS, "rates": RATES,
            "terms": found.terms,
        }  # fmt: skip
        edit_contract(found, Agreement(**(details | more)), at=clock.now())


def closed(world: World, client: Client, period: Period) -> Invoice:
    _, (draft,) = run(world, period, clients=[client])
    return issued(world, draft)


# --- E4: blocks in order


def blocks(world: World, *minutes: int, **more: object) -> Client:
    client = client_of(world)
    for number, each in enumerate(minutes, start=1):
        terms = {"block_minutes": each, "block_renewal": "once", "overage_rate": "80.00"}
        contract_of(world, client, "block_hours", terms, name=f"Bolsa {number}", starts_on=SINCE, rates=RATES, **more)
    return client


def test_a_second_block_goes_before_overage(world: World) -> None:
    client = blocks(world, 60, 600)
    log(ticket_of(world, client), world.tomas, utc(6, 8), 120)
    bill = closed(world, client, OCTOBER)
    assert bill.net == 0
    assert [(line.description["code"], line.minutes) for line in bill.lines] == [("line.covered_block", 60)] * 2
    log(ticket_of(world, client), world.tomas, utc(3, 9, month=11), 600)
    november = closed(world, client, NOVEMBER)  # nine hours were left
    assert november.net == 80_00


def test_blocks_are_drawn_in_the_order_in_which_they_were_declared(world: World) -> None:
    client = blocks(world, 60, 60, 600)
    log(ticket_of(world, client), world.tomas, utc(6, 8), 150)
    closed(world, client, OCTOBER)
    with work(Scope.staff()) as session:
        moves = session.query(BlockMovement.contract_id, BlockMovement.block, BlockMovement.units)
        contracts = session.query(Contract.id).filter(Contract.client_id == client.id).order_by(Contract.id).all()
        drained = {contract_id: units for contract_id, _, units in moves}
        assert [drained[id] for (id,) in contracts] == [-60, -60, -30]
        assert {block for _, block, _ in moves} == {"once"}


def test_a_ticket_of_the_second_block_draws_on_it_first_and_then_on_the_other(world: World) -> None:
    client = blocks(world, 600, 60)
    with work(Scope.staff()) as session:
        second = session.query(Contract).filter(Contract.name == "Bolsa 2", Contract.client_id == client.id).one()
    log(ticket_of(world, client, contract=second), world.tomas, utc(6, 8), 120)
    log(ticket_of(world, client), world.tomas, utc(7, 8), 540)
    assert closed(world, client, OCTOBER).net == 0
    log(ticket_of(world, client), world.tomas, utc(3, 9, month=11), 60)
    assert closed(world, client, NOVEMBER).net == 80_00


def test_another_block_is_drained_by_its_own_multipliers(world: World) -> None:
    client = blocks(world, 60)
    terms = {
        "block_minutes": 600, "block_renewal": "once", "overage_rate": "80.00", "drain_multipliers": {"business": "2"},
    }  # fmt: skip
    contract_of(world, client, "block_hours", terms, name="Doble", starts_on=SINCE, rates=RATES)
    log(ticket_of(world, client), world.tomas, utc(6, 8), 120)
    assert closed(world, client, OCTOBER).net == 0
    log(ticket_of(world, client), world.tomas, utc(3, 9, month=11), 270)  # 480 minutes are left for 240
    assert closed(world, client, NOVEMBER).net == 40_00


def test_retainers_follow_one_another_too_and_not_into_hours(world: World) -> None:
    client = blocks(world, 600)
    terms: Json = {"block_amount": "80.00", "block_renewal": "once"}
    first, _ = (
        contract_of(world, client, "retainer", terms, name=name, starts_on=SINCE, rates=RATES)
        for name in ("Saldo 1", "Saldo 2")
    )
    log(ticket_of(world, client, contract=first), world.tomas, utc(6, 8), 150)
    assert closed(world, client, OCTOBER).net == 40_00


def test_blocks_that_do_not_hold_on_the_day_are_left_alone(world: World) -> None:
    client = blocks(world, 60)
    terms = {"block_minutes": 600, "block_renewal": "once"}
    contract_of(world, client, "block_hours", terms, name="Después", starts_on=date(2026, 10, 20), rates=RATES)
    log(ticket_of(world, client), world.tomas, utc(6, 8), 120)
    assert closed(world, client, OCTOBER).net == 80_00


# --- E5: months and seats


def fee(world: World, terms: Json | None = None, kind: str = "flat_fee", **more: object) -> tuple[Client, Contract]:
    client = client_of(world)
    details: Json = {"starts_on": SINCE, "rates": RATES} | more
    agreed: Json = terms or {"fee": "310.00"}
    return client, contract_of(world, client, kind, agreed, **details)


def test_the_fee_of_a_month_that_was_never_run_is_caught_up_and_said(world: World) -> None:
    client, _ = fee(world)
    closed(world, client, SEPTEMBER)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert said(november.lines) == [("line.fee", 310_00), ("line.fee", 310_00)]
    assert "draft.fees_caught_up" in codes(november)
    with work(Scope.staff()):
        (place,) = read_month(NOVEMBER).places
        assert place.state == "check"
    issued(world, november)
    _, drafts = run(world, OCTOBER, clients=[client])  # run late: it is already billed
    assert drafts == []
    _, (december,) = run(world, DECEMBER, clients=[client])
    assert said(december.lines) == [("line.fee", 310_00)]


def test_a_month_on_the_draft_of_another_is_not_billed_twice(world: World) -> None:
    client, _ = fee(world)
    closed(world, client, SEPTEMBER)
    _, (october,) = run(world, OCTOBER, clients=[client])
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert said(november.lines) == [("line.fee", 310_00)]
    assert issued(world, november).net == 310_00
    assert issued(world, october).net == 310_00


@pytest.mark.parametrize("timing", ["advance", "arrears"])
def test_fees_in_arrears_are_caught_up_too(world: World, timing: str) -> None:
    client, _ = fee(world, {"fee": "310.00", "fee_timing": timing})
    closed(world, client, SEPTEMBER)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert november.net == 620_00


def test_months_before_the_first_invoice_are_said_and_not_billed_by_themselves(world: World) -> None:
    client, _ = fee(world)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert november.net == 310_00 and "draft.fees_before" in codes(november)
    with work(Scope.staff()):
        assert [place.state for place in read_month(NOVEMBER).places] == ["check"]


def test_a_milestone_of_a_month_that_was_never_run_is_caught_up(world: World) -> None:
    milestones = [
        {"name": name, "due_on": day, "amount": "100.00"}
        for name, day in (("Uno", "2026-09-15"), ("Dos", "2026-10-15"), ("Tres", "2026-11-15"))
    ]
    client, _ = fee(world, {"milestones": milestones}, "fixed_price")
    closed(world, client, SEPTEMBER)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert november.net == 200_00 and "draft.fees_caught_up" in codes(november)


SEATS: Json = {"fee": "31.00", "seats": 2}


def test_seats_noted_after_the_invoice_are_billed_in_the_next(world: World) -> None:
    client, contract = fee(world, SEATS, "per_seat")
    closed(world, client, OCTOBER)
    change(world, contract, terms=SEATS | {"seat_changes": [{"on": "2026-10-17", "delta": 1}]}, terms_from=SINCE)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert said(november.lines) == [("line.fee_adjusted", 15_00), ("line.seats", 93_00)]
    assert "draft.fees_adjusted" in codes(november)
    issued(world, november)
    _, (december,) = run(world, DECEMBER, clients=[client])
    assert said(december.lines) == [("line.seats", 93_00)]


def test_seats_taken_away_after_the_invoice_are_given_back(world: World) -> None:
    client, contract = fee(world, SEATS, "per_seat")
    closed(world, client, OCTOBER)
    change(world, contract, terms=SEATS | {"seat_changes": [{"on": "2026-10-17", "delta": -1}]}, terms_from=SINCE)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert said(november.lines) == [("line.fee_adjusted", -15_00), ("line.seats", 31_00)]


def test_a_contract_that_ended_after_its_fee_was_issued_is_given_back_or_said(world: World) -> None:
    client, contract = fee(world)
    closed(world, client, OCTOBER)
    change(world, contract, ends_on=date(2026, 10, 10))
    made, drafts = run(world, NOVEMBER, clients=[client])
    assert drafts == []
    (out,) = made.left_out
    assert out["reason"]["code"] == "left_out.negative"
    assert out["reason"]["params"]["net"] == "-210.00"  # 21 of 31 days
    with work(Scope.staff()):
        assert [loose.client_id for loose in read_month(NOVEMBER).loose] == [client.id]


def test_a_contract_that_goes_on_after_all_is_billed_to_its_new_end(world: World) -> None:
    client, contract = fee(world, ends_on=date(2026, 10, 10))
    assert closed(world, client, OCTOBER).net == 100_00
    change(world, contract, ends_on=None)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert said(november.lines) == [("line.fee_adjusted", 210_00), ("line.fee", 310_00)]


def test_a_month_that_a_credit_note_touched_is_left_to_people(world: World) -> None:
    client, contract = fee(world)
    bill = closed(world, client, OCTOBER)
    with work(Scope.staff()):
        credit(
            bill.id, reason="Buena voluntad", parts=[Part(bill.lines[0].id, net=Money(10_00, "EUR"))], at=clock.now()
        )
    change(world, contract, ends_on=date(2026, 11, 30))
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert said(november.lines) == [("line.fee", 310_00)]


# --- E10: dated terms


def test_a_fee_raised_today_leaves_earlier_months_at_the_old_one(world: World) -> None:
    client, contract = fee(world)
    change(world, contract, terms={"fee": "400.00"})  # on 23 November
    assert closed(world, client, SEPTEMBER).net == 310_00
    assert closed(world, client, OCTOBER).net == 310_00
    assert closed(world, client, NOVEMBER).net == 310_00
    clock.advance(timedelta(days=30))
    assert closed(world, client, DECEMBER).net == 400_00


def test_a_mistake_is_corrected_from_an_earlier_day(world: World) -> None:
    client, contract = fee(world)
    change(world, contract, terms={"fee": "400.00"}, terms_from=date(2026, 10, 1))
    assert closed(world, client, SEPTEMBER).net == 310_00
    assert closed(world, client, OCTOBER).net == 400_00


def test_a_price_for_the_future_waits_for_it(world: World) -> None:
    client, contract = fee(world)
    change(world, contract, terms={"fee": "400.00"}, terms_from=date(2026, 12, 1))
    assert closed(world, client, NOVEMBER).net == 310_00
    assert closed(world, client, DECEMBER).net == 400_00


def test_work_is_priced_by_the_terms_of_its_day(world: World) -> None:
    client, contract = fee(world, {"multipliers": {"business": "2"}}, "time_and_materials")
    change(world, contract, terms={"multipliers": {"business": "3"}}, terms_from=date(2026, 10, 15))
    ticket = ticket_of(world, client)
    log(ticket, world.tomas, utc(6, 8), 60)
    log(ticket, world.tomas, utc(20, 8), 60)
    bill = closed(world, client, OCTOBER)
    assert sorted(line.net for line in bill.lines) == [160_00, 240_00]
    log(ticket, world.tomas, utc(7, 8), 60)  # logged late
    assert closed(world, client, NOVEMBER).net == 160_00


def test_a_change_of_kind_counts_from_its_day(world: World) -> None:
    client, contract = fee(world)
    change(world, contract, kind="time_and_materials", terms={}, terms_from=date(2026, 11, 1))
    assert closed(world, client, OCTOBER).net == 310_00
    log(ticket_of(world, client), world.tomas, utc(3, 9, month=11), 60)
    assert closed(world, client, NOVEMBER).net == 80_00
