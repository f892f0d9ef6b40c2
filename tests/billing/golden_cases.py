"""Adapter between a billing case of the golden file and rating and tax, and back to the terms of the file."""

import json
import os
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from billing.rating import Block, Period, Rated, RatedEntry, RateRow, Rounding, Terms, Usage, rate_period
from billing.rating.terms import Band, PurchaseOrder, SeatChange, in_order
from billing.tax import settle, small_invoice, tax_for
from msp.calendars import WorkingCalendar, bands
from msp.contracts.kinds import KIND_CODES
from msp.kernel.money import Money
from tests.billing.golden_words import (
    EUR,
    Calculated,
    assert_rules,
    by_value,
    fixed,
    in_words,
    labour,
    of_lines,
    seen,
    wanted,
)

OWN = Path(__file__).resolve().parents[1] / "golden"
GIVEN = Path(os.environ.get("GOLDEN_DIR") or OWN)
DAY = date(2026, 11, 3)
BANDS = get_args(Band)
KINDS: Mapping[str, str] = {
    **{kind: kind for kind in KIND_CODES},
    "tm": "time_and_materials",
    "fixed_fee": "flat_fee",
    "recurring_block": "block_hours",
}


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Inputs that give work, counts or sales; cases without one only describe a document.
RATED = names("entries entry_minutes labour_minutes minutes raw_by_band raw_minutes start fee price hours seats_on_1st")
INPUTS = RATED | names(
    """balance band block_minutes blocks changes client_nif client_vat end entries_net expected_minutes km lines month
    original original_minutes original_net original_tax po_remaining_net rate right_minutes travel_minutes"""
)
DOCUMENT = names("lines taxes net tax total withholding payable state_after")
CASE = names("id title policy inputs expected traps note")
POLICY = names(
    """after_hours_multiplier bands credit_removals doc drain_multiplier excluded_bands excluded_rate
    excluded_work_types expires fee grouping increment irpf km_rate labour_discount method minimum minimum_invoice_net
    mode multipliers overage_multiplier overage_rate po po_cap_mode proration rate rates regime scope section_by split
    tax_rounding travel_time_multiplier type"""
)
STATE = names("block_minutes block_minutes_expired carried_net held held_net issued po_remaining_net")
ENTRY = names(
    """approved band bands billable date end entered id km minutes rate reason start ticket work_type worked
    write_down"""
)


def cases() -> list[dict[str, Any]]:
    path = GIVEN / "billing.json"
    return json.loads(path.read_text())["cases"] if path.exists() else []


ALL = cases()
HOUR = "75.00"
# Inputs of cases that only describe a document: taken from their titles and notes, never from the expected values.
WORK: Mapping[str, Mapping[str, Any]] = {
    "B26": {"labour_minutes": 240, "rate": HOUR, "exempt": "150.00"},
    "B27": {"labour_minutes": 600, "rate": HOUR},
    "B28": {"labour_minutes": 400, "rate": HOUR},
    "B29": {"labour_minutes": 750, "rate": "80.00"},
    "B30": {"labour_minutes": 800, "rate": HOUR},
    "B33": {"right_minutes": 540, "rate": HOUR},
    "B34": {"sections": [{"fee": "100.10"}, {"fee": "200.20", "labour_minutes": 50, "rate": HOUR}]},
}


def check(case: Mapping[str, Any]) -> None:
    """Compare all expected values of a case with the results for its inputs."""
    policy, expected = case["policy"], case["expected"]
    refuse_unknown(case)
    found = calculate(case)
    assert by_value(found.lines) == by_value(wanted(line) for line in expected["lines"])
    assert in_words(settle(found.taxed, currency=EUR, withholding=Decimal(policy.get("irpf", 0)))) == {
        name: expected[name] for name in ("taxes", "net", "tax", "total", "withholding", "payable")
    }
    lines = [line for rated in found.ratings for line in rated.lines]
    assert_rules(lines, expected["lines"])
    assert_state(case, found)
    if minutes := case["inputs"].get("expected_minutes"):
        billed = {share.entry: share.billed for line in lines for share in line.entries}
        assert [billed[entry["id"]] for entry in case["inputs"]["entries"]] == minutes


def calculate(case: Mapping[str, Any]) -> Calculated:
    """Calculate a case from its inputs; fails if they contain nothing to calculate."""
    inputs = {**case["inputs"], **WORK.get(case["id"], {})}
    policy, regime = case["policy"], case["policy"].get("regime", "national")
    usual = tax_for(regime, on=DAY)
    if "entries_net" in inputs:
        return Calculated([], [], [])  # no document shows what is carried over; assert_state checks it
    if "lines" in inputs:
        return of_lines([fixed(price, usual) for price in inputs["lines"]])
    if "right_minutes" in inputs:
        minutes = inputs["right_minutes"] - (inputs["original_minutes"] if policy["method"] == "I" else 0)
        return of_lines([labour(minutes, inputs["rate"], usual)])
    sections = inputs.pop("sections", None) or [inputs]
    exempt = inputs.pop("exempt", None)
    if not all(set(section) & RATED for section in sections):
        pytest.fail("nothing that this case bills can be calculated from its inputs")
    ratings = [rate({"policy": section_policy(policy, section, sections), "inputs": section}) for section in sections]
    more = [fixed(exempt, tax_for(regime, on=DAY, exempt=True))] if exempt else []
    lines = [seen(line) for rated in ratings for line in rated.lines]
    taxed = [taxed for rated in ratings for taxed in rated.taxed]
    extra = of_lines(more)
    return Calculated(lines + extra.lines, taxed + extra.taxed, ratings)


def section_policy(policy: Mapping[str, Any], section: Mapping[str, Any], sections: Sequence[Any]) -> dict[str, Any]:
    """A section of several has its own fee, and charges its work in addition."""
    if len(sections) == 1:
        return dict(policy)
    return {**policy, "type": "fixed_fee", "excluded_work_types": ["remote"]}


# --- from a case to the interface of rating -------------------------------------------------------------------------


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


def rates_of(policy: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[RateRow, ...]:
    general = inputs.get("rate") or policy.get("rate") or policy.get("excluded_rate")
    rows = [RateRow(per_hour=Decimal(general))] if general else []
    for row in policy.get("rates", ()):
        rows.append(RateRow(per_hour=Decimal(row["rate"]), valid_from=date.fromisoformat(row["from_"])))
    for entry in inputs.get("entries", ()):
        if "rate" in entry:
            rows.append(RateRow(per_hour=Decimal(entry["rate"]), work_type=entry["work_type"]))
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


def entries_of(inputs: Mapping[str, Any]) -> Iterator[RatedEntry]:
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


def entry_of(given: Mapping[str, Any]) -> RatedEntry:
    start = datetime.fromisoformat(given["start"]) if "start" in given else None
    worked = given.get("worked") or given.get("date")
    return RatedEntry(
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


def period_of(inputs: Mapping[str, Any], entries: Sequence[RatedEntry]) -> Period:
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
        "case": set(case) - CASE,
        "policy": set(policy) - POLICY - own,
        "inputs": set(case["inputs"]) - INPUTS,
        "entry": {name for entry in case["inputs"].get("entries", ()) for name in entry} - ENTRY,
        "expected": set(case["expected"]) - DOCUMENT,
        "state_after": set(case["expected"].get("state_after", ())) - STATE,
    }
    if any(unknown.values()):
        pytest.fail(f"the adapter does not know {unknown}")


def assert_state(case: Mapping[str, Any], calculated: Calculated) -> None:
    state = case["expected"].get("state_after", {})
    found = state_of(case, calculated)
    assert {name: found.get(name) for name in state} == state


def state_of(case: Mapping[str, Any], calculated: Calculated) -> dict[str, Any]:
    """Remaining blocks and orders, and what is carried over."""
    if "minimum_invoice_net" in case["policy"]:
        net = Money.parse(case["inputs"]["entries_net"], EUR)
        minimum = Money.parse(case["policy"]["minimum_invoice_net"], EUR)
        small = small_invoice(net, minimum=minimum, first_operation=DAY)
        return {"issued": small.issued, "carried_net": str(small.carried)}
    rated = calculated.ratings[0] if len(calculated.ratings) == 1 else None
    order = rated.purchase_order if rated else None
    blocks = rated.blocks if rated else ()
    return {
        "block_minutes": sum(block.remaining for block in blocks),
        "block_minutes_expired": sum(block.expired for block in blocks),
        "held": list(order.held) if order else [],
        "held_net": str(order.held_net) if order else None,
        "po_remaining_net": str(order.remaining) if order else None,
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
