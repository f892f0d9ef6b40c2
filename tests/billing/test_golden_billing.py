"""The billing cases with exact answers, read from GOLDEN_DIR (default: tests/golden), against rating and tax.

Every case is settled: nets, taxes, totals and withholding from its expected lines. A case that describes work, seats,
blocks or fees is also rated from its inputs. A key that the adapter below does not know fails its case, so that no
new case passes unread.
"""

import json
import os
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from billing.rating import (
    Block,
    Entry,
    Line,
    Period,
    Rate,
    Rated,
    Rounding,
    Terms,
    Usage,
    hours,
    labour_net,
    rate_period,
)
from billing.rating.terms import Band, Kind, PurchaseOrder, SeatChange, in_order
from billing.tax import Taxed, Totals, rate_text, settle, small_invoice, tax_for
from msp.calendars import WorkingCalendar, bands
from msp.kernel.money import Money, plain

OWN = Path(__file__).resolve().parents[1] / "golden"
GIVEN = Path(os.environ.get("GOLDEN_DIR") or OWN)
EUR = "EUR"
DAY = date(2026, 11, 3)
BANDS = get_args(Band)
KINDS: Mapping[str, Kind] = {
    **{kind: kind for kind in get_args(Kind)},
    "tm": "time_and_materials",
    "fixed_fee": "flat_fee",
    "recurring_block": "block_hours",
}


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Inputs that say what was worked, counted or sold; cases without one only describe a document.
RATED = names("entries entry_minutes labour_minutes minutes raw_by_band raw_minutes start fee price hours seats_on_1st")
INPUTS = RATED | names(
    "balance band block_minutes blocks changes end expected_minutes km month po_remaining_net rate travel_minutes"
)
POLICY = names(
    """after_hours_multiplier bands credit_removals doc drain_multiplier excluded_bands excluded_rate
    excluded_work_types expires fee grouping increment irpf km_rate labour_discount method minimum mode multipliers
    overage_multiplier overage_rate po po_cap_mode proration rate rates regime scope section_by split tax_rounding
    travel_time_multiplier type"""
)
STATE = names("block_minutes block_minutes_expired held held_net po_remaining_net")
ENTRY = names(
    """approved band bands billable date end entered id km minutes rate reason start ticket work_type worked
    write_down"""
)
# Where a line's name in the file says which rule made it.
RULES: Mapping[str, str] = {
    "covered_by_block": "price.covered_block",
    "overage": "price.overage",
    "covered": "price.covered_fee",
    "non_billable": "price.non_billable",
    "discount": "price.discount",
    "km": "price.km",
    "fee": "fee.",
    "seats": "fee.",
    "added": "fee.prorated",
    "removed": "fee.prorated",
}


def cases() -> list[dict[str, Any]]:
    path = GIVEN / "billing.json"
    return json.loads(path.read_text())["cases"] if path.exists() else []


ALL = cases()
TO_RATE = [case for case in ALL if set(case["inputs"]) & RATED]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_settles(case: dict[str, Any]) -> None:
    policy, expected = case["policy"], case["expected"]
    for line in expected["lines"]:
        assert str(net_of(line)) == line["net"], line["key"]
        if line.get("minutes") is not None:
            assert plain(hours(line["minutes"])) == line["quantity"], line["key"]
    taxed = [taxed_line(line, policy) for line in expected["lines"]]
    assert in_words(settle(taxed, currency=EUR, withholding=Decimal(policy.get("irpf", 0)))) == {
        name: expected[name] for name in ("taxes", "net", "tax", "total", "withholding", "payable")
    }


@pytest.mark.parametrize("case", TO_RATE, ids=lambda case: case["id"])
def test_rates(case: dict[str, Any]) -> None:
    refuse_unknown(case)
    rated = rate(case)
    expected = case["expected"]
    assert by_value(seen(line) for line in rated.lines) == by_value(wanted(line) for line in expected["lines"])
    assert rated.net == Money.parse(expected["net"], EUR)
    assert str(settle(rated.taxed, currency=EUR).total) == expected["total"]
    assert_rules(rated.lines, expected["lines"])
    assert_state(rated, expected.get("state_after", {}))
    if minutes := case["inputs"].get("expected_minutes"):
        billed = {share.entry: share.billed for line in rated.lines for share in line.entries}
        assert [billed[entry["id"]] for entry in case["inputs"]["entries"]] == minutes


@pytest.mark.parametrize(
    "case", [case for case in ALL if "minimum_invoice_net" in case["policy"]], ids=lambda case: case["id"]
)
def test_carries_small_invoices(case: dict[str, Any]) -> None:
    net = Money.parse(case["inputs"]["entries_net"], EUR)
    minimum = Money.parse(case["policy"]["minimum_invoice_net"], EUR)
    small = small_invoice(net, minimum=minimum, first_operation=DAY)
    state = case["expected"]["state_after"]
    assert small.issued is state["issued"]
    assert str(small.carried) == state.get("carried_net", "0.00")


@pytest.mark.parametrize(
    "case", [case for case in ALL if "right_minutes" in case["inputs"]], ids=lambda case: case["id"]
)
def test_corrects_by_difference(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    minutes = inputs["right_minutes"] - inputs["original_minutes"]
    assert str(labour_net(minutes, Decimal(inputs["rate"]), currency=EUR)) == case["expected"]["net"]


def test_there_are_cases() -> None:
    if GIVEN == OWN:
        assert len(ALL) >= 28
        assert len(TO_RATE) >= 18


# --- from a case to the face of rating -----------------------------------------------------------------------------


def rate(case: Mapping[str, Any]) -> Rated:
    policy, inputs = case["policy"], case["inputs"]
    entries = list(entries_of(inputs))
    period = period_of(inputs, entries)
    return rate_period(
        terms_of(policy, inputs),
        entries,
        period,
        blocks=blocks_of(policy, inputs),
        usage=Usage(
            seats=inputs.get("seats_on_1st", 0),
            seat_changes=tuple(
                SeatChange(date.fromisoformat(change["date"]), change["delta"]) for change in inputs.get("changes", ())
            ),
        ),
        regime=policy.get("regime", "national"),
    )


def terms_of(policy: Mapping[str, Any], inputs: Mapping[str, Any]) -> Terms:
    after_hours = policy.get("after_hours_multiplier")
    fee = inputs.get("fee") or policy.get("fee") or (inputs.get("price") if "seats_on_1st" in inputs else None)
    is_contract = "fee" in inputs
    return Terms(
        contract="golden",
        kind=KINDS[policy.get("type", "time_and_materials")],
        currency=EUR,
        starts_on=day(inputs["start"]) if is_contract and "start" in inputs else date(2020, 1, 1),
        ends_on=day(inputs["end"]) if is_contract and "end" in inputs else None,
        fee=decimal(fee),
        proration=proration(policy.get("proration", "actual_days")),
        rates=rates_of(policy, inputs),
        rounding=rounding_of(policy),
        multipliers=decimals(policy.get("multipliers", {"after_hours": after_hours} if after_hours else {})),
        work_type_multipliers=decimals(
            {"travel": policy["travel_time_multiplier"]} if "travel_time_multiplier" in policy else {}
        ),
        labour_discount=Decimal(policy.get("labour_discount", 0)),
        km_rate=decimal(policy.get("km_rate")),
        excluded_work_types=frozenset(policy.get("excluded_work_types", ())),
        excluded_bands=frozenset(policy.get("excluded_bands", ())),
        drain_multipliers=decimals(policy.get("drain_multiplier", {})),
        overage_rate=decimal(policy.get("overage_rate")),
        overage_multiplier=policy.get("overage_multiplier", False),
        credit_removals=policy.get("credit_removals", True),
        purchase_order=order_of(policy, inputs),
        detail="entry" if "po" in policy else "summary",
    )


def rates_of(policy: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[Rate, ...]:
    general = inputs.get("rate") or policy.get("rate") or policy.get("excluded_rate")
    rows = [Rate(per_hour=Decimal(general))] if general else []
    for row in policy.get("rates", ()):
        rows.append(Rate(per_hour=Decimal(row["rate"]), valid_from=date.fromisoformat(row["from_"])))
    for entry in inputs.get("entries", ()):
        if "rate" in entry:
            rows.append(Rate(per_hour=Decimal(entry["rate"]), work_type=entry["work_type"]))
    return tuple(rows)


def rounding_of(policy: Mapping[str, Any]) -> dict[str, Rounding]:
    scope = policy.get("scope", "entry")
    own = {name: rules for name, rules in policy.items() if isinstance(rules, Mapping) and "increment" in rules}
    usual = {"*": {name: policy[name] for name in ("increment", "mode", "minimum") if name in policy}}
    return {name: Rounding(scope=scope, **rules) for name, rules in {**usual, **own}.items()}


def order_of(policy: Mapping[str, Any], inputs: Mapping[str, Any]) -> PurchaseOrder | None:
    if "po" not in policy:
        return None
    left = inputs.get("po_remaining_net")
    return PurchaseOrder(policy["po"], Money.parse(left, EUR) if left else None, policy.get("po_cap_mode", "warn"))


def blocks_of(policy: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[Block, ...]:
    begin = date(2026, 1, 1)
    if "hours" in inputs:
        minutes = int(Decimal(inputs["hours"]) * 60)
        price = Decimal(inputs["price"])
        return (Block(id="b", granted=minutes, remaining=minutes, starts_on=DAY, sold_on=DAY, hour_price=price),)
    if "blocks" in inputs:
        return tuple(block_of(given, at) for at, given in enumerate(inputs["blocks"]))
    if "balance" in inputs:
        cents = Money.parse(inputs["balance"], EUR).amount
        return (Block(id="b", granted=cents, remaining=cents, starts_on=begin, unit="money"),)
    if "block_minutes" not in inputs:
        return ()
    minutes, expires = inputs["block_minutes"], policy.get("expires")
    ends = date.fromisoformat(expires) if expires else None
    return (Block(id="b", granted=minutes, remaining=minutes, starts_on=begin, ends_on=ends),)


def block_of(given: Mapping[str, Any], at: int) -> Block:
    start = given.get("start") or given.get("from_")
    end = given.get("end") or given.get("expires")
    assert start, "a block has a first day"
    return Block(
        id=given.get("id", f"b{at}"),
        granted=given["minutes"],
        remaining=given["minutes"],
        starts_on=day(start),
        ends_on=day(end) if end else None,
    )


def entries_of(inputs: Mapping[str, Any]) -> Iterator[Entry]:
    for at, given in enumerate(inputs.get("entries", ())):
        yield entry_of({"id": f"e{at}", **given})
    if "entry_minutes" in inputs:
        yield entry_of({"id": "e", "minutes": inputs["entry_minutes"], "band": inputs.get("band", "business")})
    if "start" in inputs and "fee" not in inputs:
        yield entry_of({"id": "e", **inputs})
    if "labour_minutes" in inputs:
        yield entry_of({"id": "labour", "minutes": inputs["labour_minutes"]})
    if "travel_minutes" in inputs:
        km = inputs.get("km", 0)
        yield entry_of({"id": "travel", "minutes": inputs["travel_minutes"], "work_type": "travel", "km": km})
    for at, minutes in enumerate(as_list(inputs.get("minutes"))):
        yield entry_of({"id": f"m{at}", "minutes": minutes})


def entry_of(given: Mapping[str, Any]) -> Entry:
    start = datetime.fromisoformat(given["start"]) if "start" in given else None
    worked = given.get("worked") or given.get("date")
    return Entry(
        id=given["id"],
        worked_on=date.fromisoformat(worked) if worked else (start.date() if start else DAY),
        bands=bands_of(given),
        work_type=given.get("work_type", "remote"),
        ticket=given.get("ticket"),
        started_at=start,
        billable=given.get("billable", True),
        approved=given.get("approved", True),
        write_down=given.get("write_down", 0),
        km=Decimal(given.get("km", 0)),
    )


def bands_of(given: Mapping[str, Any]) -> tuple[tuple[Band, int], ...]:
    if split := given.get("raw_by_band") or given.get("bands"):
        return tuple(split.items())
    if "start" not in given:
        return ((given.get("band", "business"), given["minutes"]),)
    start, end = (datetime.fromisoformat(given[name]) for name in ("start", "end"))
    whole = bands(calendar(), start, end)
    if "raw_minutes" in given:
        assert sum(whole.values()) == given["raw_minutes"]
    (last,) = bands(calendar(), end - timedelta(minutes=1), end)
    return in_order(whole, ends_in=last)


@cache
def calendar() -> WorkingCalendar:
    path = GIVEN / "business_time.json"
    data = json.loads((path if path.exists() else OWN / "business_time.json").read_text())
    return WorkingCalendar.from_json(data["calendars"]["MAD-BANDS"])


def period_of(inputs: Mapping[str, Any], entries: Sequence[Entry]) -> Period:
    if "month" in inputs:
        days = [date.fromisoformat(f"{inputs['month']}-01")]
    elif "fee" in inputs and ("start" in inputs or "end" in inputs):
        days = [day(inputs.get("end") or inputs["start"])]
    else:
        days = [entry.worked_on for entry in entries] or [DAY]
    last = max(days)
    return Period(min(days).replace(day=1), last.replace(day=monthrange(last.year, last.month)[1]))


def refuse_unknown(case: Mapping[str, Any]) -> None:
    policy = case["policy"]
    own = {name for name, rules in policy.items() if isinstance(rules, Mapping) and "increment" in rules}
    unknown = {
        "policy": set(policy) - POLICY - own,
        "inputs": set(case["inputs"]) - INPUTS,
        "entry": {name for entry in case["inputs"].get("entries", ()) for name in entry} - ENTRY,
        "state_after": set(case["expected"].get("state_after", ())) - STATE,
    }
    if any(unknown.values()):
        pytest.fail(f"the adapter does not know {unknown}")


# --- from rating to the words of the file --------------------------------------------------------------------------


def seen(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "minutes": line.minutes,
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "unit_price": plain(line.unit_price, least=2),
        "net": str(line.net),
        "prorate": "{}/{}".format(*line.prorate) if line.prorate else None,
        "tax": {"category": line.tax.category, "rate": rate_text(line.tax), "tax_name": line.tax.name},
    }


def wanted(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"minutes": None, "prorate": None, **{name: value for name, value in line.items() if name != "key"}}


def by_value(lines: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """The order of lines is presentation; what they say is not."""
    return sorted(lines, key=lambda line: json.dumps(line, sort_keys=True))


def assert_rules(lines: Sequence[Line], expected: Sequence[Mapping[str, Any]]) -> None:
    for want in expected:
        if want["key"] in RULES:
            same = [line for line in lines if seen(line) == wanted(want)]
            assert any(line.reason[0].code.startswith(RULES[want["key"]]) for line in same), want["key"]


def assert_state(rated: Rated, state: Mapping[str, Any]) -> None:
    order = rated.purchase_order
    found = {
        "block_minutes": sum(block.remaining for block in rated.blocks),
        "block_minutes_expired": sum(block.expired for block in rated.blocks),
        "held": list(order.held) if order else [],
        "held_net": str(order.held_net) if order else None,
        "po_remaining_net": str(order.remaining) if order else None,
    }
    assert {name: found[name] for name in state} == state


def net_of(line: Mapping[str, Any]) -> Money:
    price = Fraction(line["unit_price"])
    if line.get("minutes") is not None:
        return labour_net(line["minutes"], price, currency=EUR)
    return Money.half_up(Fraction(line["quantity"]) * price * Fraction(line.get("prorate", "1")), EUR)


def taxed_line(line: Mapping[str, Any], policy: Mapping[str, Any]) -> Taxed:
    regime = policy.get("regime", "national")
    tax = tax_for(regime, on=DAY, exempt=line["tax"]["category"] == "E")
    assert {"category": tax.category, "rate": rate_text(tax), "tax_name": tax.name} == line["tax"]
    return Taxed(Money.parse(line["net"], EUR), tax)


def in_words(totals: Totals) -> dict[str, Any]:
    return {
        "taxes": [
            {
                "tax_name": row.tax.name,
                "category": row.tax.category,
                "rate": rate_text(row.tax),
                "base": str(row.base),
                "amount": str(row.amount),
            }
            for row in totals.taxes
        ],
        **{name: str(getattr(totals, name)) for name in ("net", "tax", "total", "withholding", "payable")},
    }


def proration(word: Any) -> Any:
    return "30" if "30" in str(word) else str(word)


def as_list(minutes: Any) -> list[int]:
    return minutes if isinstance(minutes, list) else [] if minutes is None else [minutes]


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def decimals(table: Mapping[Any, str]) -> dict[Any, Decimal]:
    return {name: Decimal(text) for name, text in table.items()}
