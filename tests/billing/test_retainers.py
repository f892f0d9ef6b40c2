"""A retainer's money is split to the cent: the covered part and the overage add up to the cost of the work."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.rating import Block, Period, Rated, RatedEntry, RateRow, Terms, rate_period
from msp.contracts.actions import RateLine
from msp.kernel.money import Money, half_up
from tests.billing.desk import client_of, contract_of, issued, log, run, ticket_of, utc
from tests.world import World

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
DAY = date(2026, 10, 6)
RATES = [RateLine("remote", date(2026, 1, 1), 90_00)]


def rated(cents: int, work: list[int], price: str, *, more: tuple[int, ...] = ()) -> Rated:
    terms = Terms(
        contract="c",
        kind="retainer",
        currency="EUR",
        starts_on=date(2026, 1, 1),
        rates=(RateRow(per_hour=Decimal(price)),),
    )
    blocks = [
        Block(id=f"b{at}", granted=money, remaining=money, starts_on=date(2026, 1, 1 + at), unit="money")
        for at, money in enumerate((cents, *more))
    ]
    entries = [
        RatedEntry(id=f"e{at}", worked_on=DAY, bands=(("business", minutes),)) for at, minutes in enumerate(work)
    ]
    return rate_period(terms, entries, OCTOBER, blocks=blocks)


def test_500_of_money_and_540_of_work_leave_40_to_pay() -> None:
    found = rated(500_00, [150, 210], "90.00")
    assert found.net == Money(40_00, "EUR")
    (over,) = [line for line in found.lines if line.net]
    assert (over.minutes, over.quantity, over.unit_price) == (27, Decimal("0.4444"), Decimal("90.00"))
    assert sum(move.drained for move in found.movements) == 500_00
    billed = [share.billed for line in found.lines for share in line.entries if share.entry == "e1"]
    assert sum(billed) == 210


def test_money_that_pays_less_than_a_minute_is_used_too() -> None:
    found = rated(1_00, [60], "90.00")
    assert found.net == Money(89_00, "EUR") and sum(move.drained for move in found.movements) == 1_00


@given(
    cents=st.integers(0, 200_00),
    more=st.lists(st.integers(1, 50_00), max_size=2),
    work=st.lists(st.integers(1, 300), min_size=1, max_size=5),
    price=st.sampled_from(("90.00", "75.00", "33.33", "0.01", "100.01", "7.77")),
)
def test_what_is_paid_and_what_is_charged_are_what_it_costs(
    cents: int, more: list[int], work: list[int], price: str
) -> None:
    found = rated(cents, work, price, more=tuple(more))
    cost = Fraction(sum(work)) * Fraction(price) * 100 / 60
    left = max(cost - cents - sum(more), Fraction(0))
    assert found.net == Money(int(half_up(left, 0)), "EUR")
    assert sum(move.drained for move in found.movements) == min(cents + sum(more), int(half_up(cost, 0)))
    shares = [share for line in found.lines for share in line.entries]
    assert sum(share.billed for share in shares) == sum(work) == sum(share.worked for share in shares)


def test_a_retainer_is_split_exactly_on_the_invoice(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "retainer", {"block_amount": "500.00", "fee": "500.00"}, rates=RATES)
    ticket = ticket_of(world, client)
    log(ticket, world.tomas, utc(6, 8), 150)
    log(ticket, world.tomas, utc(7, 8), 210)
    _, (draft,) = run(world, clients=[client])
    assert issued(world, draft).net == 540_00
