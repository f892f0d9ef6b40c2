"""Fixed lines of contracts that change within a month or after an invoice, and tickets of months never run."""

from collections.abc import Sequence
from datetime import date, datetime

import pytest

from billing.credit_notes import credit
from billing.models import Invoice, InvoiceLine
from billing.rating import Period
from billing.runs import run_invoices
from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.clients.queries import all_clients
from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.tickets.models import Ticket
from tests.billing.desk import NOVEMBER, OCTOBER, SEPTEMBER, client_of, contract_of, issued, log, run, ticket_of, utc
from tests.billing.test_missed_charges import DECEMBER, RATES, SEATS, SINCE, change, closed, codes, fee
from tests.world import World

MIDDLE = date(2026, 10, 16)


def said(lines: Sequence[InvoiceLine]) -> list[tuple[str, int]]:
    return [(line.description["code"], line.net) for line in lines]


def drafted(world: World, client: Client, period: Period) -> Invoice:
    _, (draft,) = run(world, period, clients=[client])
    return draft


def completed(world: World, client: Client, contract: Contract, at: datetime) -> Ticket:
    ticket = ticket_of(world, client, contract=contract)
    with work(Scope.staff()) as session:
        found = session.get_one(Ticket, ticket.id)
        found.status, found.resolved_at = "resolved", at
    return ticket


# --- per ticket


def by_ticket(world: World, price: str = "20.00") -> tuple[Client, Contract]:
    client = client_of(world)
    return client, contract_of(world, client, "per_ticket", {"fee": price}, starts_on=SINCE)


def test_tickets_of_a_month_that_was_never_run_are_caught_up(world: World) -> None:
    client, contract = by_ticket(world)
    for day, month in ((10, 9), (10, 10), (12, 10), (5, 11)):
        completed(world, client, contract, utc(day, 9, month=month))
    assert codes(drafted(world, client, SEPTEMBER)) == []
    assert closed(world, client, SEPTEMBER).net == 20_00
    november = drafted(world, client, NOVEMBER)
    assert said(november.lines) == [("line.tickets", 40_00), ("line.tickets", 20_00)]
    assert "draft.fees_caught_up" in codes(november)
    issued(world, november)
    assert run(world, OCTOBER, clients=[client])[1] == run(world, DECEMBER, clients=[client])[1] == []


def test_a_ticket_completed_after_its_months_invoice_is_billed_in_the_next(world: World) -> None:
    client, contract = by_ticket(world)
    completed(world, client, contract, utc(10, 9))
    closed(world, client, OCTOBER)
    late = completed(world, client, contract, utc(30, 22, 30))
    november = drafted(world, client, NOVEMBER)
    assert said(november.lines) == [("line.tickets", 20_00)]
    assert november.lines[0].description["params"]["tickets"] == [f"NOR-{late.number}"]


def test_tickets_before_the_first_invoice_are_said_and_those_of_nothing_are_not(world: World) -> None:
    client, contract = by_ticket(world)
    completed(world, client, contract, utc(5, 9, month=11))
    assert "draft.fees_before" not in codes(drafted(world, client, NOVEMBER))
    completed(world, client, contract, utc(5, 9))
    assert "draft.fees_before" in codes(drafted(world, client, NOVEMBER))


def test_tickets_that_were_credited_wholly_wait_for_their_own_month(world: World) -> None:
    client, contract = by_ticket(world)
    completed(world, client, contract, utc(10, 9))
    bill = closed(world, client, OCTOBER)
    with work(Scope.staff()):
        credit(bill.id, reason="Error", at=clock.now())
    assert run(world, NOVEMBER, clients=[client])[1] == []
    assert closed(world, client, OCTOBER).net == 20_00


def test_a_ticket_costs_what_was_agreed_for_its_day(world: World) -> None:
    client, contract = by_ticket(world)
    for day in (15, 16):
        completed(world, client, contract, utc(day, 9))
    change(world, contract, terms={"fee": "25.00"}, terms_from=MIDDLE)
    assert said(drafted(world, client, OCTOBER).lines) == [("line.tickets", 20_00), ("line.tickets", 25_00)]


def test_tickets_of_days_before_the_kind_changed_are_billed(world: World) -> None:
    client, contract = by_ticket(world)
    completed(world, client, contract, utc(10, 9))
    change(world, contract, kind="time_and_materials", terms={}, terms_from=date(2026, 11, 1))
    assert said(drafted(world, client, OCTOBER).lines) == [("line.tickets", 20_00)]


# --- terms that change within a month


@pytest.mark.parametrize("timing", ["advance", "arrears"])
def test_another_fee_inside_a_month_begins_with_the_next_and_is_said(world: World, timing: str) -> None:
    client, contract = fee(world, {"fee": "310.00", "fee_timing": timing})
    closed(world, client, SEPTEMBER)
    change(world, contract, terms={"fee": "620.00", "fee_timing": timing}, terms_from=MIDDLE)
    october = drafted(world, client, OCTOBER)
    assert october.net == 310_00 and "draft.fee_changes" in codes(october)
    issued(world, october)
    assert said(drafted(world, client, NOVEMBER).lines) == [("line.fee", 620_00)]


@pytest.mark.parametrize(("before", "after"), [("advance", "arrears"), ("arrears", "advance")])
def test_another_timing_inside_a_month_bills_its_fee_once(world: World, before: str, after: str) -> None:
    client, contract = fee(world, {"fee": "310.00", "fee_timing": before})
    closed(world, client, SEPTEMBER)
    change(world, contract, terms={"fee": "310.00", "fee_timing": after}, terms_from=MIDDLE)
    assert closed(world, client, OCTOBER).net == 310_00
    assert closed(world, client, NOVEMBER).net == 310_00


@pytest.mark.parametrize("timing", ["advance", "arrears"])
def test_another_kind_inside_a_month_divides_its_fee(world: World, timing: str) -> None:
    client, contract = fee(world, {"fee": "310.00", "fee_timing": timing})
    closed(world, client, SEPTEMBER)
    change(world, contract, kind="time_and_materials", terms={}, terms_from=MIDDLE)
    assert said(drafted(world, client, OCTOBER).lines) == [("line.fee", 150_00)]  # 15 of 31 days
    change(world, contract, kind="flat_fee", terms={"fee": "310.00"}, terms_from=date(2026, 11, 16))
    closed(world, client, OCTOBER)
    assert said(drafted(world, client, NOVEMBER).lines) == [("line.fee", 155_00)]  # 15 of 30 days


def test_a_retainer_agreed_inside_a_month_is_sold_from_that_day_once(world: World) -> None:
    client = client_of(world)
    contract = contract_of(world, client, "time_and_materials", {}, starts_on=SINCE, rates=RATES)
    terms: Json = {"block_amount": "500.00", "block_renewal": "once"}
    change(world, contract, kind="retainer", terms=terms, terms_from=MIDDLE)
    october = closed(world, client, OCTOBER)
    assert said(october.lines) == [("line.block_sale", 500_00)]
    assert run(world, NOVEMBER, clients=[client])[1] == []


def test_seats_stated_anew_inside_a_month_count_from_their_day(world: World) -> None:
    client, contract = fee(world, SEATS, "per_seat")
    closed(world, client, OCTOBER)
    change(world, contract, terms=SEATS | {"seats": 3}, terms_from=date(2026, 11, 16))
    november = closed(world, client, NOVEMBER)
    assert said(november.lines) == [("line.seats", 62_00), ("line.seats_added", 15_50)]
    assert said(drafted(world, client, DECEMBER).lines) == [("line.seats", 93_00)]


def test_seats_stated_anew_for_a_day_of_an_issued_month_are_billed_in_the_next(world: World) -> None:
    client, contract = fee(world, SEATS, "per_seat")
    closed(world, client, OCTOBER)
    change(world, contract, terms=SEATS | {"seats": 3}, terms_from=date(2026, 10, 17))
    assert said(drafted(world, client, NOVEMBER).lines) == [("line.fee_adjusted", 15_00), ("line.seats", 93_00)]


def test_months_of_one_run_have_each_their_own_seats(world: World) -> None:
    seats = SEATS | {"seat_changes": [{"on": "2026-10-17", "delta": 1}]}
    client, _ = fee(world, seats, "per_seat", starts_on=OCTOBER.first)
    both = drafted(world, client, Period(OCTOBER.first, NOVEMBER.last))
    assert said(both.lines) == [("line.seats", 62_00), ("line.seats_added", 15_00), ("line.seats", 93_00)]


# --- items with dates of their own, entered with terms that apply from today


def test_seats_noted_late_count_from_their_own_day_whenever_the_terms_are_dated(world: World) -> None:
    client, contract = fee(world, SEATS, "per_seat")
    closed(world, client, OCTOBER)
    change(world, contract, terms=SEATS | {"seat_changes": [{"on": "2026-10-17", "delta": 1}]})  # 23 November
    assert said(drafted(world, client, NOVEMBER).lines) == [("line.fee_adjusted", 15_00), ("line.seats", 93_00)]


def test_milestones_noted_late_are_billed_whenever_the_terms_are_dated(world: World) -> None:
    first = {"name": "Uno", "due_on": "2026-09-15", "amount": "100.00"}
    client, contract = fee(world, {"milestones": [first]}, "fixed_price")
    closed(world, client, SEPTEMBER)
    more = [
        {"name": name, "due_on": day, "amount": amount}
        for name, day, amount in (("S", "2026-09-20", "5.00"), ("O", "2026-10-10", "30.00"), ("N", "2026-11-10", "70"))
    ]
    change(world, contract, terms={"milestones": [first, *more]})  # 23 November
    assert [net for _, net in said(drafted(world, client, NOVEMBER).lines)] == [5_00, 30_00, 70_00]


@pytest.mark.parametrize(("name", "due_on"), [("Uno", "2026-11-25"), ("Primera", "2026-09-15")])
def test_a_billed_milestone_with_another_day_or_name_is_not_billed_again(world: World, name: str, due_on: str) -> None:
    client, contract = fee(
        world, {"milestones": [{"name": "Uno", "due_on": "2026-09-15", "amount": "100.00"}]}, "fixed_price"
    )
    closed(world, client, SEPTEMBER)
    moved = {"name": name, "due_on": due_on, "amount": "100.00"}
    last = {"name": "Fin", "due_on": "2026-11-30", "amount": "10.00"}
    change(world, contract, terms={"milestones": [moved, last]})
    november = drafted(world, client, NOVEMBER)
    assert said(november.lines) == [("line.milestone", 10_00)]
    assert ("draft.milestone_billed" in codes(november)) == (due_on > "2026-11")


def test_a_milestone_that_costs_more_after_its_invoice_is_adjusted(world: World) -> None:
    milestone = {"name": "Uno", "due_on": "2026-09-15", "amount": "100.00"}
    client, contract = fee(world, {"milestones": [milestone]}, "fixed_price")
    closed(world, client, SEPTEMBER)
    change(world, contract, terms={"milestones": [milestone | {"amount": "130.00"}]})
    assert said(closed(world, client, OCTOBER).lines) == [("line.fee_adjusted", 30_00)]
    assert run(world, NOVEMBER, clients=[client])[1] == []


def test_a_milestone_before_the_contract_is_refused(world: World) -> None:
    early = [{"name": "Uno", "due_on": "2026-08-31", "amount": "100.00"}]
    with pytest.raises(Invalid) as refused:
        fee(world, {"milestones": early}, "fixed_price")
    assert refused.value.fields == {"terms.milestones": ["before_start"]}


def test_a_fee_corrected_for_an_issued_month_is_adjusted_and_said(world: World) -> None:
    client, contract = fee(world)
    closed(world, client, OCTOBER)
    change(world, contract, terms={"fee": "400.00"}, terms_from=date(2026, 10, 1))
    november = drafted(world, client, NOVEMBER)
    assert said(november.lines) == [("line.fee_adjusted", 90_00), ("line.fee", 400_00)]
    assert "draft.fees_adjusted" in codes(november)


# --- blocks whose sale was never run


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("retainer", {"block_amount": "800.00", "block_renewal": "month"}),
        ("block_hours", {"block_minutes": 600, "block_renewal": "month", "fee": "800.00"}),
    ],
)
def test_a_block_of_a_month_that_was_never_run_is_sold_with_the_next(world: World, kind: str, terms: Json) -> None:
    client, _ = fee(world, terms, kind)
    closed(world, client, SEPTEMBER)
    log(ticket_of(world, client), world.tomas, utc(6, 8), 60)  # of October, covered by that month's block
    november = drafted(world, client, NOVEMBER)
    assert november.net == 1600_00 and "draft.fees_caught_up" in codes(november)


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("retainer", {"block_amount": "800.00", "block_renewal": "once"}),
        ("block_hours", {"block_minutes": 600, "block_renewal": "once", "fee": "800.00"}),
    ],
)
def test_a_block_sold_once_is_missed_where_its_month_was_not_run_and_only_there(
    world: World, kind: str, terms: Json
) -> None:
    client, _ = fee(world, terms, kind)
    log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    october = drafted(world, client, OCTOBER)
    assert october.net == 0 and codes(october) == ["draft.fees_before"]
    assert closed(world, client, SEPTEMBER).net == 800_00
    assert codes(drafted(world, client, OCTOBER)) == []


# --- clients


def test_a_client_that_is_switched_off_is_billed_for_its_last_months_by_a_person(world: World) -> None:
    client, _ = fee(world)
    closed(world, client, SEPTEMBER)
    with work(Scope.staff()) as session:
        edit_client(session.get_one(Client, client.id), at=clock.now(), active=False)
        clients = [each for each in all_clients(active=False) if each.id == client.id]
    _, (october,) = run(world, OCTOBER, clients=clients)
    assert october.net == 310_00 and codes(october) == ["draft.client_inactive"]
    with work(Scope.staff(actor_id=world.carmen.id)):
        made = run_invoices(NOVEMBER, at=clock.now(), clients=clients)
        assert made.left_out == []


def test_a_client_that_moves_between_draft_and_issue_is_not_invoiced_with_the_words_of_before(world: World) -> None:
    canaries = {"line1": "Calle Real 8", "postcode": "35001", "city": "Las Palmas", "country": "ES"}
    client = client_of(world, billing_address=canaries, tax_regime="canarias_b2b")
    contract_of(world, client, "flat_fee", {"fee": "60.00"})
    draft = drafted(world, client, OCTOBER)
    with work(Scope.staff()) as session:
        abroad = {"line1": "5th Avenue 1", "postcode": "10001", "city": "New York", "country": "US"}
        found = session.get_one(Client, client.id)
        edit_client(found, at=clock.now(), tax_id="123456789", tax_regime="outside_eu", billing_address=abroad)
        session.flush()
        session.refresh(found)
        moved = found
    with pytest.raises(Conflict, match="draft_outdated"):
        issued(world, draft)
    again = issued(world, drafted(world, moved, OCTOBER))
    assert [row["mention"] for row in again.taxes] == ["not_subject_outside_eu"]


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "0001-01-31"), ("9999-12-01", "9999-12-31")])
def test_periods_in_which_nothing_can_be_calculated_are_refused(world: World, first: str, last: str) -> None:
    with pytest.raises(Invalid) as refused:
        run(world, Period(date.fromisoformat(first), date.fromisoformat(last)))
    assert refused.value.fields == {"period_start": ["invalid"], "period_end": ["invalid"]}
