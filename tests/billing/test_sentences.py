"""Every code of rating and billing has a sentence in both languages."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask

from billing.phrases import MILD, OWN_CODES
from billing.rating.messages import CODES
from billing.sentences import SAID, paragraph, sentence, title
from msp.kernel.i18n import reading_as

ALL: Mapping[str, frozenset[str]] = {**CODES, **OWN_CODES}
SAMPLE: dict[str, Any] = {
    "after": 31,
    "at": "2026-10-28T11:10:00Z",
    "bands": ["after_hours"],
    "base": "150.00",
    "before": 28,
    "block": "2026-10",
    "clause": "4.2",
    "contract": "Guardia 24",
    "billed": "100.00",
    "currency": "EUR",
    "days": 22,
    "due": "50.00",
    "due_on": "2026-10-15",
    "billed_on": "2026-10-15",
    "entries": ["a", "b"],
    "entry": "a",
    "factor": "1.5",
    "first": "2026-10-01",
    "given": "national",
    "granted": 1200,
    "increment": 15,
    "inside": True,
    "issue_by": "2026-11-15",
    "kind": "flat_fee",
    "last": "2026-10-31",
    "left": 300,
    "minimum": 15,
    "minutes": 135,
    "missing": ["line1", "city"],
    "mode": "up",
    "name": "Puesta en marcha",
    "net": "18.75",
    "number": "F26-000001",
    "of": 31,
    "oldest": "2026-09-02",
    "on": "2026-10-28",
    "over": "12.50",
    "overage_minutes": 180,
    "percent": 96,
    "period": "month",
    "po": "PO-77",
    "position": 1,
    "price": "20.00",
    "rate": "85.00",
    "role": None,
    "rule": "actual_days",
    "scope": "entry",
    "seats": 12,
    "since": "2026-01-01",
    "stated": "eu_b2b",
    "sold_on": "2026-10-01",
    "terms": ["labour_discount: 150"],
    "tickets": ["AZC-71", "AZC-72"],
    "tier": 2,
    "unit": "minutes",
    "why": "tax_territory",
    "work_type": "remote",
    "work_types": ["travel"],
}
# Codes for which a parameter name means something else than elsewhere.
OTHERWISE: dict[str, dict[str, Any]] = {
    "draft.twice_before": {"before": "1960.00"},
    "left_out.carried": {"minimum": "30.00"},
    "warning.po_near": {"left": "8.80"},
    "line.discount": {"percent": "10"},
    "price.discount": {"percent": "10"},
}


def phrase(code: str, **more: object) -> dict[str, Any]:
    params = {name: SAMPLE[name] for name in ALL[code]} | OTHERWISE.get(code, {}) | more
    return {"code": code, "params": params}


def test_nothing_is_left_unsaid_and_nothing_said_that_is_never_meant() -> None:
    assert SAID.keys() == ALL.keys()
    assert ALL.keys() >= MILD


@pytest.mark.parametrize("code", sorted(ALL))
def test_each_code_is_a_sentence_in_both_languages(app: Flask, code: str) -> None:
    said = {}
    for locale in ("es", "en"):
        with reading_as(locale, "Europe/Madrid"):
            said[locale] = sentence(phrase(code))
        assert said[locale] and not re.search(r"%\(|\bNone\b|\{|\}", said[locale])
        assert said[locale][0] == said[locale][0].upper() and not said[locale].endswith(".")
    if code != "line.milestone":  # with the arguments that the contract passes
        assert said["es"] != said["en"]


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("block.exhausted", {"on": None, "at": None, "inside": False, "position": None}),
        ("block.exhausted", {"at": None, "inside": False, "position": None}),
        ("block.exhausted", {"block": "once", "unit": "money", "granted": "500.00"}),
        ("warning.block_exhausted", {"on": None, "at": None, "overage_minutes": 0}),
        ("warning.block_expired", {"unit": "money", "left": "120.50"}),
        ("line.covered_block", {"block": "once", "tier": None}),
        ("line.block_sale", {"last": None}),
        ("line.block_sale", {"unit": "money", "granted": "500.00"}),
        ("line.block_sale", {"unit": "money", "granted": "500.00", "last": None}),
        ("line.milestone", {"name": None}),
        ("line.fee", {"kind": "block_hours", "first": "2026-10-10"}),
        ("line.labour", {"bands": [], "work_type": "onsite"}),
        ("price.rate", {"since": "0001-01-01", "clause": None}),
        ("rounding", {"scope": "ticket_day", "mode": "nearest", "minimum": 0}),
        ("rounding", {"scope": "invoice_line", "mode": "down"}),
        ("rounding", {"scope": "ticket"}),
        ("left_out.outside_contract", {"last": None}),
    ],
)
def test_what_may_be_missing_may_be_missing(app: Flask, code: str, more: dict[str, Any]) -> None:
    for locale in ("es", "en"):
        with reading_as(locale, "Europe/Madrid"):
            assert not re.search(r"%\(|\bNone\b", sentence(phrase(code, **more)))


def test_the_reason_of_a_line_reads_as_a_person_would_say_it(app: Flask) -> None:
    reasons = [phrase("price.overage"), phrase("rounding", clause=None, minimum=0), phrase("block.exhausted")]
    with reading_as("es", "Europe/Madrid"):
        told = paragraph(reasons).replace("\N{NO-BREAK SPACE}", " ")
    assert told == (
        "Exceso de bolsa a 85,00 € por hora (cláusula 4.2)."
        " Tiempo de cada imputación redondeado hacia arriba a 15 min."
        " La bolsa de horas de octubre 2026, de 20 h, se agotó el 28 oct a las 12:10, dentro de la imputación 1."
    )


def test_a_line_by_ticket_names_its_ticket(app: Flask) -> None:
    with reading_as("en", "Europe/Madrid"):
        by_ticket = phrase("line.labour", bands=[], tier=None) | {"by_ticket": True}
        assert title(by_ticket, ["LOZ-1", "LOZ-1"]) == "Remote support · LOZ-1"
        assert title(phrase("line.labour", bands=[], tier=None), ["LOZ-1"]) == "Remote support"
