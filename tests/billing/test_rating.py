"""Rating beyond the golden cases: explanations of lines, what is left out, and combinations of rules."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import Block, Period, Rated, RatedEntry, RatedLine, RateRow, Rounding, Terms, Usage, rate_period
from billing.rating.messages import CODES, RatingMessage, message
from billing.rating.segments import round_minutes
from billing.rating.terms import Band, Milestone, PurchaseOrder, SeatChange, in_order
from msp.kernel.money import Money

pytestmark = pytest.mark.unit

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
QUARTERS = Rounding("entry", 15, "up", 15)


def terms(**given: Any) -> Terms:
    usual: dict[str, Any] = {
        "contract": "c",
        "kind": "time_and_materials",
        "currency": "EUR",
        "starts_on": date(2026, 1, 1),
        "rates": (RateRow(per_hour=Decimal(80)),),
    }
    return Terms(**{**usual, **given})


def entry(name: str, minutes: int = 60, *, on: date = date(2026, 10, 5), **given: Any) -> RatedEntry:
    bands: tuple[tuple[Band, int], ...] = given.pop("bands", (("business", minutes),))
    return RatedEntry(id=name, worked_on=on, bands=bands, ticket=given.pop("ticket", f"T-{name}"), **given)


def hours_block(minutes: int, **given: Any) -> Block:
    usual: dict[str, Any] = {"id": "b", "granted": minutes, "remaining": minutes, "starts_on": date(2026, 1, 1)}
    return Block(**{**usual, **given})


def net(rated: Rated) -> str:
    return str(rated.net)


def nets(lines: Sequence[RatedLine]) -> list[str]:
    return [str(line.net) for line in lines]


def codes(phrases: Sequence[RatingMessage]) -> list[str]:
    return [phrase.code for phrase in phrases]


def said(phrases: Sequence[RatingMessage], code: str) -> dict[str, Any]:
    (phrase,) = [phrase for phrase in phrases if phrase.code == code]
    return dict(phrase.params)


# --- explanations of lines -----------------------------------------------------------------------------------------


def test_overage_tells_the_clause_the_rounding_and_when_the_block_ran_out() -> None:
    contract = terms(
        kind="block_hours",
        overage_rate=Decimal("85.00"),
        rounding={"*": QUARTERS},
        clauses={"overage": "4.2", "rounding": "4.3"},
    )
    work = [
        entry("a", 98, on=date(2026, 10, 28), started_at=datetime(2026, 10, 28, 10, 50, tzinfo=UTC)),
        entry("b", 26, on=date(2026, 10, 29)),
    ]
    rated = rate_period(contract, work, OCTOBER, blocks=[hours_block(1200, remaining=20)])
    covered, overage = rated.lines
    assert (covered.minutes, overage.minutes, str(overage.net)) == (20, 115, "162.92")
    assert said(overage.reason, "price.overage") == {"rate": "85.00", "currency": "EUR", "clause": "4.2"}
    assert said(overage.reason, "rounding") == {
        "scope": "entry",
        "mode": "up",
        "increment": 15,
        "minimum": 15,
        "clause": "4.3",
    }
    assert said(overage.reason, "multiplier.none")["bands"] == ["business"]
    assert said(overage.reason, "block.exhausted") == {
        "block": "b",
        "unit": "minutes",
        "granted": 1200,
        "on": "2026-10-28",
        "at": "2026-10-28T11:10:00Z",
        "entry": "a",
        "position": 1,
        "inside": True,
    }
    assert [(share.entry, share.worked, share.billed) for share in overage.entries] == [("a", 78, 85), ("b", 26, 30)]
    assert said(rated.warnings, "warning.block_exhausted")["overage_minutes"] == 115


def test_everything_said_is_json_and_in_the_vocabulary() -> None:
    contract = terms(kind="block_hours", fee=Decimal("10.50"), km_rate=Decimal("0.35"), labour_discount=Decimal(10))
    work = [entry("a", 90, km=Decimal("12.5"), write_down=5), entry("b", billable=False), entry("c", approved=False)]
    rated = rate_period(contract, work, OCTOBER, blocks=[hours_block(60, ends_on=date(2026, 10, 20))])
    phrases = [phrase for line in rated.lines for phrase in (line.description, *line.reason)]
    phrases += [*rated.warnings, *(left.reason for left in rated.left_out)]
    assert len(phrases) > 12
    for phrase in phrases:
        assert phrase.params.keys() == CODES[phrase.code]
        assert json.loads(json.dumps(phrase.to_json())) == phrase.to_json()


def test_a_phrase_takes_exactly_its_parameters() -> None:
    with pytest.raises(ValueError, match=r"line\.discount"):
        message("line.discount")
    with pytest.raises(ValueError, match="nonsense"):
        message("nonsense")


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("entry", "187.50"), ("ticket_day", "168.75"), ("ticket", "150.00"), ("invoice_line", "150.00")],
)
def test_the_scope_of_rounding_changes_the_bill(scope: Any, expected: str) -> None:
    work = [
        entry("1", 50, ticket="T1"),
        entry("2", 7, ticket="T1"),
        entry("3", 61, ticket="T1", on=date(2026, 10, 6)),
    ]
    rounding = {"*": Rounding(scope, 15)}
    assert net(rate_period(terms(rates=(RateRow(per_hour=Decimal(75)),), rounding=rounding), work, OCTOBER)) == expected


@given(st.integers(0, 2000), st.integers(1, 120), st.integers(0, 120))
def test_rounding_of_minutes(minutes: int, increment: int, minimum: int) -> None:
    up, nearest, down = (
        round_minutes(minutes, Rounding("entry", increment, mode)) for mode in ("up", "nearest", "down")
    )
    assert up % increment == nearest % increment == down % increment == 0
    assert minutes - increment < down <= minutes <= up < minutes + increment
    assert nearest == int(Fraction(minutes, increment) + Fraction(1, 2)) * increment
    least = round_minutes(minutes, Rounding("entry", increment, "down", minimum))
    assert least == (max(down, minimum) if minutes else 0)


def test_minutes_are_rounded_to_money_once_per_line() -> None:
    work = [entry(str(at), 20) for at in range(7)]
    assert net(rate_period(terms(), work, OCTOBER)) == "186.67"
    assert net(rate_period(terms(detail="entry"), work, OCTOBER)) == "186.69"


def test_the_added_minutes_belong_to_where_the_work_ended() -> None:
    minutes: dict[Band, int] = {"after_hours": 25, "business": 65}
    work = [entry("a", bands=in_order(minutes, ends_in="business"))]
    rated = rate_period(
        terms(rounding={"*": Rounding("entry", 60)}, multipliers={"after_hours": Decimal("1.5")}), work, OCTOBER
    )
    found = {tuple(line.description.params["bands"]): line.minutes for line in rated.lines}
    assert found == {("after_hours",): 25, (): 95}


def test_a_write_down_comes_off_the_end_and_no_more_than_is_there() -> None:
    work = [entry("a", bands=(("business", 30), ("after_hours", 30)), write_down=40), entry("b", 10, write_down=15)]
    rated = rate_period(terms(multipliers={"after_hours": Decimal(2)}), work, OCTOBER)
    assert [(line.minutes, str(line.net)) for line in rated.lines] == [(20, "26.67"), (0, "0.00")]
    assert said(rated.warnings, "warning.write_down_clipped") == {"entry": "b", "minutes": 5}


# --- prices ----------------------------------------------------------------------------------------------------------


def test_the_nearest_rate_wins() -> None:
    card = (
        RateRow(per_hour=Decimal(60)),
        RateRow(per_hour=Decimal(70), valid_from=date(2026, 10, 10)),
        RateRow(per_hour=Decimal(90), work_type="onsite"),
        RateRow(per_hour=Decimal(95), work_type="onsite", tier=3),
        RateRow(per_hour=Decimal(50), work_type="project", valid_to=date(2026, 10, 4)),
    )
    work = [
        entry("general"),
        entry("later", on=date(2026, 10, 10)),
        entry("onsite", work_type="onsite", tier=1),
        entry("onsite3", work_type="onsite", tier=3),
        entry("ended", work_type="project"),
        entry("override", rate=Decimal(10)),
    ]
    rated = rate_period(terms(rates=card, detail="entry"), work, OCTOBER)
    prices = {line.entries[0].entry: int(line.unit_price) for line in rated.lines}
    assert prices == {"general": 60, "later": 70, "onsite": 90, "onsite3": 95, "ended": 60, "override": 10}


def test_work_without_a_price_is_left_out_and_never_free() -> None:
    card = (RateRow(per_hour=Decimal(80), work_type="remote"),)
    rated = rate_period(terms(rates=card), [entry("a"), entry("b", work_type="onsite")], OCTOBER)
    assert net(rated) == "80.00"
    assert [(left.entry, left.reason.code) for left in rated.left_out] == [("b", "left_out.no_rate")]
    assert "warning.no_rate" in codes(rated.warnings)


def test_a_discount_is_a_line_for_each_tax() -> None:
    contract = terms(labour_discount=Decimal(10), exempt_work_types=frozenset({"project"}), fee=Decimal(100))
    rated = rate_period(contract, [entry("a"), entry("b", work_type="project")], OCTOBER)
    assert [(str(line.net), line.tax.category) for line in rated.lines] == [
        ("100.00", "S"),
        ("80.00", "S"),
        ("80.00", "E"),
        ("-8.00", "S"),
        ("-8.00", "E"),
    ]


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_overage_takes_the_multiplier_only_when_the_contract_says_so() -> None:
    work = [entry("a", bands=(("after_hours", 90),))]
    drain: dict[Band, Decimal] = {"after_hours": Decimal("1.5")}
    found = []
    for flag in (False, True):
        contract = terms(kind="block_hours", overage_rate=Decimal(85), drain_multipliers=drain, overage_multiplier=flag)
        found.append(net(rate_period(contract, work, OCTOBER, blocks=[hours_block(120)])))
    assert found == ["14.17", "21.25"]


def test_the_oldest_block_goes_first_and_work_may_span_two() -> None:
    blocks = [
        hours_block(60, id="new", starts_on=date(2026, 10, 5)),
        hours_block(30, id="old", ends_on=date(2026, 10, 5)),
    ]
    work = [entry("late", 50, on=date(2026, 10, 6)), entry("early", 60)]
    rated = rate_period(terms(kind="block_hours"), work, OCTOBER, blocks=blocks)
    assert [(move.block, move.entry, move.drained) for move in rated.movements] == [
        ("old", "early", 30),
        ("new", "early", 30),
        ("new", "late", 30),
    ]
    assert [(state.block, state.remaining) for state in rated.blocks] == [("old", 0), ("new", 0)]
    assert net(rated) == "26.67"


def test_drained_minutes_stay_whole_and_do_not_drift() -> None:
    contract = terms(kind="block_hours", drain_multipliers={"after_hours": Decimal("1.5")})
    work = [entry(str(at), bands=(("after_hours", 15),)) for at in range(4)]
    rated = rate_period(contract, work, OCTOBER, blocks=[hours_block(1000)])
    assert [move.drained for move in rated.movements] == [23, 22, 23, 22]
    assert rated.blocks[0].remaining == 910


def test_a_retainer_is_used_up_in_money() -> None:
    balance = hours_block(10000, unit="money")
    work = [entry("a", 60), entry("b", bands=(("weekend", 60),), on=date(2026, 10, 10))]
    contract = terms(kind="retainer", multipliers={"weekend": Decimal(2)})
    rated = rate_period(contract, work, OCTOBER, blocks=[balance])
    assert [(move.entry, move.minutes, move.drained) for move in rated.movements] == [("a", 60, 8000), ("b", 7, 2000)]
    assert rated.blocks[0].remaining == 0
    assert net(rated) == "140.00"
    assert said(rated.warnings, "warning.block_exhausted")["granted"] == "100.00"


def test_an_empty_block_and_no_block_say_so() -> None:
    contract = terms(kind="block_hours")
    empty = rate_period(contract, [entry("a")], OCTOBER, blocks=[hours_block(600, remaining=0)])
    assert said(empty.lines[0].reason, "block.exhausted")["on"] is None
    none = rate_period(contract, [entry("a")], OCTOBER)
    assert said(none.lines[0].reason, "block.none") == {"on": "2026-10-05"}


WORK = st.lists(
    st.tuples(st.integers(1, 300), st.sampled_from(["business", "after_hours"]), st.integers(1, 28)),
    min_size=1,
    max_size=8,
)


@given(WORK, st.integers(0, 900), st.sampled_from(["1", "1.5", "2"]))
def test_blocks_agree_with_a_minute_by_minute_walk(work: Any, granted: int, factor: str) -> None:
    contract = terms(kind="block_hours", drain_multipliers={"after_hours": Decimal(factor)})
    entries = [
        entry(str(at), bands=((band, minutes),), on=date(2026, 10, day)) for at, (minutes, band, day) in enumerate(work)
    ]
    rated = rate_period(contract, entries, OCTOBER, blocks=[hours_block(granted)])
    left, covered = Fraction(granted), 0
    for one in sorted(entries, key=lambda one: one.worked_on):
        ((band, minutes),) = one.bands
        each = Fraction(factor) if band == "after_hours" else Fraction(1)
        for _ in range(minutes):
            if left < each:
                break
            left -= each
            covered += 1
    assert sum(move.minutes for move in rated.movements) == covered
    assert abs(rated.blocks[0].remaining - left) <= Fraction(1, 2)
    assert (
        sum(move.drained for move in rated.movements) == rated.blocks[0].drained == granted - rated.blocks[0].remaining
    )


# --- fees ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "starts", "ends", "expected", "prorate"),
    [
        ("actual_days", date(2026, 2, 10), None, "610.71", (19, 28)),
        ("30", date(2026, 2, 10), None, "630.00", (21, 30)),
        ("none", date(2026, 2, 10), None, "900.00", None),
        ("actual_days", date(2025, 1, 1), date(2026, 2, 9), "289.29", (9, 28)),
        ("30", date(2025, 1, 1), date(2026, 2, 28), "900.00", None),
        ("actual_days", date(2026, 2, 1), date(2026, 2, 28), "900.00", None),
        ("actual_days", date(2026, 2, 5), date(2026, 2, 5), "32.14", (1, 28)),
    ],
)
def test_a_part_of_a_month(rule: Any, starts: date, ends: date | None, expected: str, prorate: Any) -> None:
    contract = terms(kind="flat_fee", fee=Decimal(900), starts_on=starts, ends_on=ends, proration=rule)
    (line,) = rate_period(contract, [], Period(date(2026, 2, 1), date(2026, 2, 28))).lines
    assert (str(line.net), line.prorate) == (expected, prorate)


@pytest.mark.parametrize(
    ("timing", "cadence", "billed"),
    [
        ("advance", "calendar", {1: "200.00", 4: "300.00", 7: "300.00", 10: "300.00"}),
        ("arrears", "calendar", {3: "200.00", 6: "300.00", 9: "300.00", 12: "300.00"}),
        ("advance", "anniversary", {1: "300.00", 4: "300.00", 7: "300.00", 10: "300.00"}),
    ],
)
def test_a_quarter_is_billed_once_when_it_is_due(timing: Any, cadence: Any, billed: dict[int, str]) -> None:
    contract = terms(
        kind="flat_fee",
        fee=Decimal(300),
        fee_period="quarter",
        fee_timing=timing,
        fee_cadence=cadence,
        starts_on=date(2026, 1, 31),
        proration="30" if cadence == "calendar" else "actual_days",
    )
    found = {}
    for month in range(1, 13):
        last = 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
        rated = rate_period(contract, [], Period(date(2026, month, 1), date(2026, month, last)))
        if rated.lines:
            found[month] = net(rated)
    if cadence == "calendar":
        first = min(found)
        assert found[first] == "203.33"
        found[first] = billed[first]
    assert found == billed


def test_seats_that_change_after_an_advance_are_put_right_in_their_own_month() -> None:
    contract = terms(kind="per_seat", fee=Decimal(90), fee_period="quarter", starts_on=date(2025, 1, 1))
    usage = Usage(seats=10, seat_changes=(SeatChange(date(2026, 11, 16), 2),))
    october, november = (rate_period(contract, [], month, usage=usage) for month in (OCTOBER, NOVEMBER))
    assert nets(october.lines) == ["900.00"]
    assert nets(november.lines) == ["90.00"]
    assert november.lines[0].prorate == (46, 92)
    assert said(november.warnings, "warning.seats_changed") == {"before": 10, "after": 12}


def test_tickets_and_milestones_are_counted_not_timed() -> None:
    per_ticket = terms(kind="per_ticket", fee=Decimal("35.00"))
    rated = rate_period(per_ticket, [entry("a")], OCTOBER, usage=Usage(counted=("T1", "T2")))
    assert nets(rated.lines) == ["70.00", "0.00"]
    parts = (
        Milestone("start", date(2026, 10, 1), Decimal(1000)),
        Milestone("end", date(2026, 11, 2), Decimal(2000)),
    )
    fixed = terms(kind="fixed_price", milestones=parts)
    assert nets(rate_period(fixed, [entry("a")], OCTOBER).lines) == ["1000.00", "0.00"]
    assert nets(rate_period(fixed, [], NOVEMBER).lines) == ["2000.00"]


# --- what is left out ------------------------------------------------------------------------------------------------


def test_what_is_left_out_says_why() -> None:
    contract = terms(starts_on=date(2026, 9, 15), print_non_billable=False)
    work = [
        entry("draft", approved=False),
        entry("free", billable=False),
        entry("future", on=date(2026, 11, 1)),
        entry("before", on=date(2026, 9, 1)),
        entry("late", on=date(2026, 9, 20)),
    ]
    rated = rate_period(contract, work, OCTOBER)
    assert {left.entry: left.reason.code for left in rated.left_out} == {
        "draft": "left_out.unapproved",
        "free": "left_out.non_billable",
        "future": "left_out.after_period",
        "before": "left_out.outside_contract",
    }
    assert [share.entry for line in rated.lines for share in line.entries] == ["late"]
    assert said(rated.warnings, "warning.late_entries")["oldest"] == "2026-09-20"


def test_two_entries_may_not_share_an_id() -> None:
    with pytest.raises(ValueError, match="id"):
        rate_period(terms(), [entry("a"), entry("a")], OCTOBER)


@pytest.mark.parametrize(
    ("cap", "mode", "expected", "held", "code"),
    [
        ("230.00", "hold", "160.00", ("c",), "warning.po_held"),
        ("230.00", "warn", "240.00", (), "warning.po_exceeded"),
        ("250.00", "warn", "240.00", (), "warning.po_near"),
        ("0.00", "hold", "0.00", ("a", "b", "c"), "warning.po_held"),
    ],
)
def test_a_purchase_order_holds_or_warns(cap: str, mode: Any, expected: str, held: Any, code: str) -> None:
    order = PurchaseOrder("PO-77", Money.parse(cap, "EUR"), mode)
    work = [entry(name) for name in "abc"]
    rated = rate_period(terms(purchase_order=order), [*work, entry("free", billable=False)], OCTOBER)
    assert rated.purchase_order is not None
    assert (net(rated), rated.purchase_order.held) == (expected, held)
    assert rated.purchase_order.remaining == Money.parse(cap, "EUR") - rated.net
    assert code in codes(rated.warnings)
    assert "free" in {share.entry for line in rated.lines for share in line.entries}


@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.integers(0, 200000))
def test_the_most_that_fits_an_order_is_found(minutes: list[int], cap: int) -> None:
    work = [entry(str(at), length) for at, length in enumerate(minutes)]
    order = PurchaseOrder("PO", Money(cap, "EUR"), "hold")
    rated = rate_period(terms(purchase_order=order, rounding={"*": QUARTERS}), work, OCTOBER)
    fits = max(
        count
        for count in range(len(work) + 1)
        if rate_period(terms(rounding={"*": QUARTERS}), work[:count], OCTOBER).net.amount <= cap
    )
    assert rated.purchase_order is not None
    assert rated.purchase_order.held == tuple(str(at) for at in range(fits, len(work)))


KINDS = ["time_and_materials", "block_hours", "retainer", "flat_fee", "per_seat", "per_ticket", "fixed_price"]
ENTRIES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        bands=st.lists(
            st.tuples(st.sampled_from(["business", "after_hours", "weekend", "holiday"]), st.integers(0, 200)),
            max_size=3,
        ).map(tuple),
        work_type=st.sampled_from(["remote", "onsite", "project", "travel"]),
        ticket=st.sampled_from([None, "T1", "T2"]),
        billable=st.booleans(),
        approved=st.booleans(),
        write_down=st.integers(0, 30),
        on=st.dates(date(2026, 9, 1), date(2026, 11, 30)),
        km=st.integers(0, 40).map(Decimal),
    ),
    max_size=8,
)


@given(
    st.sampled_from(KINDS),
    ENTRIES,
    st.sampled_from(["entry", "ticket", "ticket_day", "invoice_line"]),
    st.sampled_from(["up", "nearest", "down"]),
    st.sampled_from([1, 6, 15]),
    st.sampled_from(["summary", "ticket", "entry"]),
    st.booleans(),
)
def test_every_minute_is_accounted_for(
    kind: Any, work: Any, scope: Any, mode: Any, increment: int, detail: Any, km: bool
) -> None:
    contract = terms(
        kind=kind,
        fee=Decimal(100),
        rounding={"*": Rounding(scope, increment, mode)},
        multipliers={"after_hours": Decimal("1.5"), "holiday": Decimal(2)},
        drain_multipliers={"weekend": Decimal("1.75")},
        work_type_multipliers={"travel": Decimal("0.5")},
        excluded_work_types=frozenset({"project"}),
        excluded_bands=frozenset({"holiday"}),
        km_rate=Decimal("0.35") if km else None,
        detail=detail,
    )
    entries = [entry(str(at), **given) for at, given in enumerate(work)]
    unit: Any = "money" if kind == "retainer" else "minutes"
    rated = rate_period(contract, entries, OCTOBER, blocks=[hours_block(300, unit=unit)])
    shares = [share for line in rated.lines for share in line.entries]
    left_out = {left.entry for left in rated.left_out}
    assert {share.entry for share in shares} | left_out == {one.id for one in entries}
    assert not {share.entry for share in shares} & left_out
    for one in entries:
        own = [share for share in shares if share.entry == one.id]
        assert sum(share.worked for share in own) == (0 if one.id in left_out else one.minutes)
        assert all(share.billed <= share.billable for share in own)
        assert min((share.billed for share in own), default=0) >= 0
    for line in rated.lines:
        assert line.reason
        if line.kind == "labour" and line.description.code != "line.non_billable":
            assert line.minutes == sum(share.billed for share in line.entries)
    assert len({line.key for line in rated.lines}) == len(rated.lines)
