"""One schema of contract terms: refused everywhere alike, and accepted terms can be calculated with."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import Period, RatedEntry, rate_period
from billing.terms import blocks_of, minimum_of, terms_of
from billing.terms_in_force import seats_in
from msp.contracts.actions import RateLine
from msp.contracts.kinds import KINDS
from msp.contracts.models import WORK_TYPES, Contract, Rate
from msp.contracts.terms import ALLOWED, BANDS, check_terms
from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from tests.billing.desk import client_of, contract_of
from tests.web.api.conftest import Programs, program  # noqa: F401 (a fixture)
from tests.web.forms import posted
from tests.world import TARGETS, World, sign_in

SOUND: dict[str, Json] = {
    "time_and_materials": {},
    "block_hours": {"block_minutes": 600, "fee": "700.00"},
    "retainer": {"block_amount": "500.00"},
    "flat_fee": {"fee": "100.00"},
    "per_seat": {"fee": "10.00", "seats": 3},
    "per_ticket": {"fee": "20.00"},
    "fixed_price": {"milestones": [{"name": "Fin", "due_on": "2026-10-15", "amount": "100.00"}]},
}
MONEY = ["1e30", "10000000.01", "-1", "NaN", "Infinity", "1e2", " 5", "1_000", "٥", "", 5, 5.0, None, True, "0.00001"]
FACTORS = ["100.1", "1e30", "-0.5", "NaN", "x2", 2]
WRONG: list[tuple[str, Json]] = [
    *(("flat_fee", {"fee": value}) for value in MONEY),
    *(("per_seat", {"fee": value}) for value in MONEY),
    *(("per_ticket", {"fee": value}) for value in MONEY),
    *(("retainer", {"block_amount": value}) for value in (*MONEY, "0", "0.00")),
    *(("time_and_materials", {name: "1e30"}) for name in ("km_rate", "minimum_invoice", "po_limit")),
    *(("block_hours", {"overage_rate": value}) for value in MONEY),
    *(("time_and_materials", {"labour_discount": value}) for value in ("150", "100.01", "-1", "NaN", 10)),
    *(("time_and_materials", {"multipliers": {"weekend": value}}) for value in FACTORS),
    *(("time_and_materials", {"work_type_multipliers": {"travel": value}}) for value in FACTORS),
    *(("block_hours", {"drain_multipliers": {"weekend": value}}) for value in (*FACTORS, "0", "0.0", "0.0000")),
    *(("block_hours", {"block_minutes": value}) for value in (0, -60, 10**30, 6_000_001, 1.5, "600", True, None)),
    *(("per_seat", {"seats": value}) for value in (-1, 10**30, 2.5, "3", False)),
    ("per_seat", {"seat_changes": [{"on": "2026-10-05", "delta": -4}]}),
    ("per_seat", {"seat_changes": [{"on": "2026-10-05", "delta": -3}, {"on": "2026-10-06", "delta": -1}]}),
    ("per_seat", {"seat_changes": [{"on": "2026-10-05", "delta": 10**30}]}),
    ("per_seat", {"seat_changes": [{"on": "0001-01-01", "delta": 1}]}),
    ("per_seat", {"seat_changes": [{"on": "20261005", "delta": 1}]}),
    ("per_seat", {"seat_changes": [{"on": "2026-10-05", "delta": 1}] * 501}),
    ("time_and_materials", {"rounding": {"default": {"increment": 0}}}),
    ("time_and_materials", {"rounding": {"default": {"increment": 1441}}}),
    ("time_and_materials", {"rounding": {"default": {"minimum": 10**30}}}),
    ("time_and_materials", {"rounding": {"default": {"scope": ["entry"]}}}),
    ("time_and_materials", {"multipliers": {"night": "2"}}),
    ("time_and_materials", {"exempt_work_types": [["remote"]]}),
    ("time_and_materials", {"detail": ["entry"]}),
    ("time_and_materials", {"clauses": {"fee": "\x00"}}),
    ("time_and_materials", {"clauses": {"fee": "4" * 10_001}}),
    ("fixed_price", {"milestones": [{"name": " ", "due_on": "2026-10-15", "amount": "1"}]}),
    ("block_hours", {"valid_to": "9999-12-31"}),
    ("block_hours", {"valid_to": "2026-W40"}),
    ("fixed_price", {"milestones": [{"name": "Fin", "due_on": "9999-12-31", "amount": "1"}]}),
    ("fixed_price", {"milestones": [{"name": "Fin", "due_on": "2026-10-15", "amount": "1e30"}]}),
]
SHORT = st.sampled_from(
    ("0", "0.01", "1", "1.5", "99.9999", "100", "9999999.99", "10000000", "150", "-1", "1e30", "NaN")
)
WHOLE = st.sampled_from((0, 1, 15, 60, 1440, 1441, 100_000, 6_000_000, 10**30, -1))
DAYS = st.sampled_from(("1990-01-01", "2026-10-01", "2026-10-15", "2199-12-31", "0001-01-01", "9999-12-31"))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("multipliers", "drain_multipliers"), st.dictionaries(st.sampled_from(BANDS), SHORT, max_size=4)),
    "work_type_multipliers": st.dictionaries(st.sampled_from(WORK_TYPES), SHORT, max_size=4),
    "rounding": st.dictionaries(
        st.sampled_from(("default", *WORK_TYPES)),
        st.fixed_dictionaries(
            {"scope": st.sampled_from(("entry", "ticket", "ticket_day", "invoice_line"))},
            optional={"increment": WHOLE, "minimum": WHOLE, "mode": st.sampled_from(("up", "nearest", "down"))},
        ),
        max_size=2,
    ),
    **dict.fromkeys(("block_minutes", "seats"), WHOLE),
    "seat_changes": st.lists(st.fixed_dictionaries({"on": DAYS, "delta": WHOLE}), max_size=3),
    "milestones": st.lists(
        st.fixed_dictionaries({"name": st.just("Fin"), "due_on": DAYS, "amount": SHORT}), max_size=3
    ),
    "valid_to": DAYS,
    "detail": st.sampled_from(("summary", "ticket", "entry")),
    "po_mode": st.sampled_from(("warn", "hold")),
    "fee_timing": st.sampled_from(("advance", "arrears")),
    "proration": st.sampled_from(("actual_days", "30", "none")),
    "block_renewal": st.sampled_from(("month", "once")),
    **dict.fromkeys(("overage_multiplier", "credit_removals"), st.booleans()),
    **dict.fromkeys(("excluded_work_types", "exempt_work_types"), st.lists(st.sampled_from(WORK_TYPES), max_size=2)),
    "excluded_bands": st.lists(st.sampled_from(BANDS), max_size=2),
    "clauses": st.just({"fee": "4.2"}),
}


@pytest.mark.parametrize(("kind", "terms"), WRONG, ids=lambda value: str(value)[:60])
def test_terms_that_make_no_sense_are_refused_by_the_schema(kind: str, terms: Json) -> None:
    check_terms(kind, SOUND[kind])
    with pytest.raises(Invalid) as refused:
        check_terms(kind, SOUND[kind] | terms)
    assert set(refused.value.fields) == {f"terms.{name}" for name in terms}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_whatever_the_schema_takes_can_be_rated(kind: str, data: st.DataObject) -> None:
    optional = {name: VALUES.get(name, SHORT) for name in ALLOWED[kind]}
    needed = {name: optional.pop(name) for name in KINDS[kind].required}
    terms = data.draw(st.fixed_dictionaries(needed, optional=optional))
    try:
        check_terms(kind, terms)
    except Invalid:
        return
    contract = Contract(
        id=uuid4(), kind=kind, terms=terms, currency="EUR", starts_on=date(2026, 1, 1), ends_on=None, po_number="P-1"
    )
    contract.rates = [Rate(work_type="remote", valid_from=date(2026, 1, 1), amount=100_000_000)]
    october = Period(date(2026, 10, 1), date(2026, 10, 31))
    work = RatedEntry(id="e", worked_on=date(2026, 10, 6), bands=(("business", 700), ("weekend", 740)))
    rated = rate_period(
        terms_of(contract),
        [work],
        october,
        blocks=blocks_of(contract, october, worked_on=[work.worked_on], moved={}),
        usage=replace(seats_in((), contract, october), counted=("LOZ-1",)),
    )
    assert minimum_of(contract) is None or rated.net.amount < 10**17


def test_what_pages_api_and_verbs_refuse_is_the_same(
    world: World,
    web: FlaskClient,
    program: Programs,  # noqa: F811
) -> None:
    client = client_of(world)
    with pytest.raises(Invalid):
        contract_of(world, client, "flat_fee", {"fee": "1e30"})
    targets = {
        name: {"first_response_minutes": each.first_response_minutes, "resolution_minutes": each.resolution_minutes}
        for name, each in TARGETS.items()
    }
    body: Json = {
        "client_id": str(client.id),
        "kind": "flat_fee",
        "starts_on": "2026-01-01",
        "calendar_id": str(world.calendar.id),
        "sla_targets": targets,
    }
    admin = program(world.ana)
    for terms in ({"fee": "1e30"}, {"fee": {"amount": "99999999.00", "currency": "EUR"}}, {"fee": "NaN"}):
        answer = admin.post("/contracts", body | {"terms": terms})
        assert (answer.status_code, answer.get_json()["errors"]) == (422, {"terms.fee": ["invalid"]})
    for wrong, name in (
        ({"fee": "1.00", "labour_discount": "150"}, "labour_discount"),
        ({"fee": "1.00", "multipliers": {"weekend": "-1"}}, "multipliers"),
    ):
        answer = admin.post("/contracts", body | {"terms": wrong})
        assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {f"terms.{name}"})
    browser = sign_in(web, world.ana)
    form = posted(browser.get(f"/admin/contracts/new?client_id={client.id}").text)
    form |= {"name": "Cuota", "kind": "flat_fee", "fee": "99999999999", "calendar_id": str(world.calendar.id)}
    refused = browser.post("/admin/contracts/new", data=form)
    assert refused.status_code == 422 and "No es válido" in refused.text


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"name": "x" * 10_001}, {"name": ["invalid"]}),
        ({"name": "a\x00b"}, {"name": ["invalid"]}),
        ({"po_number": "\n"}, {"po_number": ["invalid"]}),
        ({"po_number": "x" * 10_001}, {"po_number": ["invalid"]}),
        ({"currency": "ABC"}, {"currency": ["invalid"]}),
        ({"starts_on": date(1, 1, 1)}, {"starts_on": ["invalid"]}),
        ({"ends_on": date(9999, 12, 31)}, {"ends_on": ["invalid"]}),
        ({"rates": [RateLine("remote", date(2026, 1, 1), 10**30)]}, {"rates": ["invalid"]}),
        ({"rates": [RateLine("remote", date(1, 1, 1), 1)]}, {"rates": ["invalid"]}),
        (
            {"kind": "block_hours", "terms": {"block_minutes": 60, "valid_to": "2025-12-31"}},
            {"terms.valid_to": ["before_start"]},
        ),
    ],
    ids=str,
)
def test_a_contract_whose_data_cannot_be_calculated_with_is_refused(world: World, more: Json, fields: Json) -> None:
    kind, terms = more.pop("kind", "flat_fee"), more.pop("terms", {"fee": "1.00"})
    with pytest.raises(Invalid) as refused:
        contract_of(world, client_of(world), kind, terms, **more)
    assert refused.value.fields == fields
