"""AEAT's vectors for the huella and the QR URL, read from GOLDEN_DIR (default: tests/golden)."""

import json
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.legal.huella import (
    ALTA,
    ANULACION,
    Record,
    alta,
    anulacion,
    broken_links,
    canonical,
    huella,
    number_is_allowed,
    number_is_ours,
)
from billing.legal.qr import qr_url, qr_url_of_texts

pytestmark = pytest.mark.unit

GIVEN = Path(os.environ.get("GOLDEN_DIR") or Path(__file__).resolve().parents[1] / "golden") / "verifactu.json"
TABLE: dict[str, Any] = json.loads(GIVEN.read_text()) if GIVEN.exists() else {}
VECTORS: list[dict[str, Any]] = TABLE.get("vectors", [])
MADRID = ZoneInfo("Europe/Madrid")


def named(case: dict[str, Any]) -> str:
    return str(case["id"])


def texts(vector: dict[str, Any]) -> dict[str, str | None]:
    return {field["name"]: field["value"] for field in vector["fields"]}


def has_two_decimals(vector: dict[str, Any]) -> bool:
    amounts = [texts(vector).get(name) or "0.00" for name in ("CuotaTotal", "ImporteTotal")]
    return all(len(amount.partition(".")[2]) == 2 for amount in amounts)


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector["kind"] != "evento"], ids=named)
def test_huella_of_texts(vector: dict[str, Any]) -> None:
    assert canonical(vector["kind"], texts(vector)) == vector["canonical"]
    assert huella(vector["kind"], texts(vector)) == vector["huella"]


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if has_two_decimals(vector)], ids=named)
def test_huella_of_values(vector: dict[str, Any]) -> None:
    assert made(vector).huella == vector["huella"]


@pytest.mark.parametrize("wrong", TABLE.get("wrong", []), ids=named)
def test_known_mistakes_give_another_huella(wrong: dict[str, Any]) -> None:
    right = next(vector for vector in VECTORS if vector["id"] == wrong["of"])
    assert made(right).huella == right["huella"] != wrong["huella"]


def test_the_field_names_are_those_of_the_specification() -> None:
    if algorithm := TABLE.get("algorithm"):
        assert list(ALTA) == algorithm["alta"]
        assert list(ANULACION) == algorithm["anulacion"]


def test_derived_vectors_are_one_sound_chain() -> None:
    chain = [made(vector) for vector in VECTORS if vector["id"].startswith("D-")]
    assert list(broken_links(chain)) == []


@pytest.mark.parametrize("case", TABLE.get("qr", []), ids=named)
def test_qr_url(case: dict[str, Any]) -> None:
    environment, verifactu = case["env"], case["mode"] == "VERI*FACTU"
    written = {name: case[name] for name in ("nif", "numserie", "fecha", "importe")}
    assert qr_url_of_texts(**written, environment=environment, verifactu=verifactu) == case["url"]
    built = qr_url(
        issuer_nif=case["nif"],
        number=case["numserie"],
        issued_on=datetime.strptime(case["fecha"], "%d-%m-%Y").date(),
        total=Decimal(case["importe"]),
        environment=environment,
        verifactu=verifactu,
    )
    cents = f"{Decimal(case['importe']):.2f}"
    assert built == case["url"].replace(f"importe={case['importe']}", f"importe={cents}")


@pytest.mark.parametrize("number", TABLE.get("numserie", {}).get("valid", []))
def test_allowed_numbers(number: str) -> None:
    assert number_is_allowed(number)
    assert number_is_ours(number) is ("&" not in number)


@pytest.mark.parametrize("number", TABLE.get("numserie", {}).get("invalid", []))
def test_refused_numbers(number: str) -> None:
    assert not number_is_allowed(number)
    assert not number_is_ours(number)


def made(vector: dict[str, Any]) -> Record:
    """The record from typed values instead of texts, its time in UTC as stored."""
    text = {name.removesuffix("Anulada"): value or "" for name, value in texts(vector).items()}
    moment = datetime.fromisoformat(text["FechaHoraHusoGenRegistro"])
    common: dict[str, Any] = {
        "issuer_nif": text["IDEmisorFactura"],
        "number": text["NumSerieFactura"],
        "issued_on": datetime.strptime(text["FechaExpedicionFactura"], "%d-%m-%Y").date(),
        "previous": text["Huella"] or None,
        "generated_at": moment.astimezone(ZoneInfo("UTC")),
        "zone": MADRID,
    }
    if vector["kind"] == "anulacion":
        return anulacion(**common)
    return alta(
        **common,
        invoice_type=text["TipoFactura"],
        tax=Decimal(text["CuotaTotal"]),
        total=Decimal(text["ImporteTotal"]),
    )
