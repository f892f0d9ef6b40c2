"""Credit notes never exceed what was charged and never have the wrong sign; prepaid hours follow."""

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.credit_notes import Part, Share, credit, next_share
from billing.models import Invoice
from msp.contracts.actions import RateLine
from msp.kernel import clock, settings
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.kernel.money import Money
from tests.billing.desk import NOVEMBER, OCTOBER, client_of, contract_of, issued, log, run, ticket_of, utc
from tests.world import World


def bill_of(world: World, fees: list[str]) -> Invoice:
    client = client_of(world)
    for fee in fees:
        contract_of(world, client, "flat_fee", {"fee": fee}, name=f"Cuota {fee}")
    _, (draft,) = run(world, clients=[client])
    return issued(world, draft)


def credited(bill: Invoice, *parts: Part) -> Invoice:
    with work(Scope.staff()):
        return credit(bill.id, reason="Error", parts=list(parts), at=clock.now())


def sound(notes: list[Invoice]) -> bool:
    """No amount of a credit note has the sign of a charge."""
    return all(
        note.net <= 0 and note.tax <= 0 and note.total <= 0
        and all(line.net <= 0 for line in note.lines)
        and all(row["amount"] <= 0 and row["base"] <= 0 for row in note.taxes)
        for note in notes
    )  # fmt: skip


def test_three_credits_of_3_cents_give_back_no_more_tax_than_was_charged(world: World) -> None:
    bill = bill_of(world, ["0.10", "0.02"])
    first, second = bill.lines
    assert (bill.net, bill.tax) == (12, 3)
    three_cents = Money(3, "EUR")
    notes = [credited(bill, Part(first.id, net=three_cents)) for _ in range(3)]
    assert -sum(note.tax for note in notes) <= 2  # 9 cents have 1.89 of tax
    notes.append(credited(bill, Part(second.id)))
    notes.append(credited(bill, Part(first.id)))
    assert sound(notes)
    assert (sum(note.net for note in notes), sum(note.tax for note in notes)) == (-12, -3)
    with pytest.raises(Invalid):
        credited(bill, Part(first.id, net=Money(1, "EUR")))


@pytest.mark.parametrize("seed", range(3))
def test_random_splits_give_back_what_was_charged(world: World, seed: int) -> None:
    dice = random.Random(seed)
    bill = bill_of(world, [f"{dice.randint(1, 40) / 100:.2f}" for _ in range(3)])
    left = {line.id: line.net for line in bill.lines}
    notes: list[Invoice] = []
    while any(left.values()):
        line = dice.choice([id for id, net in left.items() if net])
        part = min(dice.randint(1, 9), left[line])
        left[line] -= part
        notes.append(credited(bill, Part(line, net=Money(part, "EUR"))))
        assert -sum(note.tax for note in notes) <= bill.tax
    assert sound(notes) and notes[-1].corrects_all
    assert (sum(note.net for note in notes), sum(note.tax for note in notes)) == (-bill.net, -bill.tax)


@given(
    base=st.integers(1, 10**6),
    rate=st.sampled_from((Decimal(21), Decimal(7), Decimal(15), Decimal(0))),
    cuts=st.lists(st.integers(0, 10**6), max_size=8),
    sign=st.sampled_from((1, -1)),
)
def test_shares_of_any_split_add_up(base: int, rate: Decimal, cuts: list[int], sign: int) -> None:
    charged = Share(sign * base, Money(sign * base, "EUR").percent(rate).amount)
    ends = sorted({min(cut, base) for cut in cuts} | {base})
    given_back, before = Share(0, 0), 0
    for end in ends:
        part = sign * (end - before)
        share = next_share(charged, given_back, of=part, whole=end == base)
        assert share * sign >= 0
        given_back, before = Share(given_back.base + part, given_back.amount + share), end
        assert abs(given_back.amount) <= abs(charged.amount)
    assert given_back == charged


def test_a_line_is_not_credited_without_the_discount_that_was_given_on_it(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "time_and_materials", {"labour_discount": "50"})
    log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    _, (draft,) = run(world, clients=[client])
    bill = issued(world, draft)
    labour, discount = bill.lines
    assert (labour.net, discount.net, bill.tax) == (75_00, -37_50, 7_88)
    with pytest.raises(Invalid):
        credited(bill, Part(labour.id))
    with pytest.raises(Invalid):
        credited(bill, Part(discount.id))
    note = credited(bill, Part(labour.id, minutes=30), Part(discount.id, net=Money(-18_75, "EUR")))
    assert (note.net, note.tax) == (-18_75, -3_94)
    assert note.tax + credited(bill, Part(labour.id), Part(discount.id)).tax == -7_88


def test_withholding_is_given_back_once(world: World) -> None:
    with work(Scope.system()):
        settings.write("provider", settings.read("provider") | {"withholding": "professional"})
    bill = bill_of(world, ["0.10", "0.02"])
    notes = [credited(bill, Part(bill.lines[0].id, net=Money(2, "EUR"))) for _ in range(5)]
    notes.append(credited(bill, Part(bill.lines[1].id)))
    assert sum(note.withholding for note in notes) == -bill.withholding == -2
    assert all(note.withholding <= 0 for note in notes)


ONCE = {"block_minutes": 600, "block_renewal": "once", "fee": "700.00", "overage_rate": "80.00"}
RATES = [RateLine("remote", date(2026, 1, 1), 80_00)]


@pytest.mark.parametrize(
    ("terms", "since"), [(ONCE, date(2026, 10, 1)), (ONCE | {"block_renewal": "month"}, date(2026, 10, 1))], ids=str
)
def test_half_of_a_blocks_price_credited_leaves_half_of_its_hours(
    world: World, terms: dict[str, object], since: date
) -> None:
    client = client_of(world)
    contract_of(world, client, "block_hours", terms, starts_on=since, rates=RATES)
    _, (draft,) = run(world, clients=[client])
    bill = issued(world, draft)
    credited(bill, Part(bill.lines[0].id, net=Money(350_00, "EUR")))
    log(ticket_of(world, client), world.tomas, utc(20, 8), 360)  # six hours of October, logged late
    _, (later,) = run(world, NOVEMBER, clients=[client])
    overage = [line for line in later.lines if line.description["code"] == "line.overage"]
    assert [(line.minutes, line.net) for line in overage] == [(60, 80_00)]


def test_a_block_whose_sale_is_taken_back_is_there_again_when_it_is_sold_again(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "block_hours", ONCE, starts_on=date(2026, 10, 1), rates=RATES)
    _, (draft,) = run(world, clients=[client])
    bill = issued(world, draft)
    with work(Scope.staff()):
        credit(bill.id, reason="Error", at=clock.now())
    log(ticket_of(world, client), world.tomas, utc(3, 9, month=11), 60)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert november.net == 80_00  # those hours were not paid
    _, (again,) = run(world, OCTOBER, clients=[client])
    assert issued(world, again).net == 700_00
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert november.net == 0


def test_money_of_a_retainer_follows_its_sale(world: World) -> None:
    client = client_of(world)
    contract_of(
        world, client, "retainer", {"block_amount": "800.00", "block_renewal": "once"}, starts_on=date(2026, 10, 1),
        rates=RATES,
    )  # fmt: skip
    _, (draft,) = run(world, clients=[client])
    bill = issued(world, draft)
    credited(bill, Part(bill.lines[0].id, net=Money(400_00, "EUR")))
    log(ticket_of(world, client), world.tomas, utc(3, 9, month=11), 360)
    _, (november,) = run(world, NOVEMBER, clients=[client])
    assert november.net == 80_00


def test_a_credit_note_over_nothing_is_not_issued(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "flat_fee", {"fee": "10.00"})
    contract_of(world, client, "time_and_materials", {}, rates=[RateLine("remote", date(2026, 1, 1), 10)])
    log(ticket_of(world, client), world.tomas, utc(6, 8), 120)
    _, (draft,) = run(world, clients=[client])
    bill = issued(world, draft)
    covered = next(line for line in bill.lines if line.description["code"] == "line.covered_fee")
    with pytest.raises(Invalid):
        credited(bill, Part(covered.id, minutes=30))
    with pytest.raises(Invalid):
        credited(bill, Part(covered.id))
