"""The chain of records and the QR picture, beyond AEAT's own vectors."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from billing.legal.huella import (
    Record,
    alta,
    amount_text,
    anulacion,
    broken_links,
    day_text,
    moment_text,
    number_is_ours,
)
from billing.legal.qr import qr_png, qr_svg, qr_url

pytestmark = pytest.mark.unit

MADRID, CANARY = ZoneInfo("Europe/Madrid"), ZoneInfo("Atlantic/Canary")
START = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
URL = qr_url(issuer_nif="B12345674", number="F26-000001", issued_on=date(2026, 11, 22), total=Decimal("1025.48"))


def chain(length: int = 4) -> list[Record]:
    records: list[Record] = []
    for at in range(length):
        common: dict[str, Any] = {
            "issuer_nif": "B12345674",
            "number": f"F26-{at:06}",
            "issued_on": date(2026, 10, 25),
            "previous": records[-1].huella if records else None,
            "generated_at": START + timedelta(hours=at),
            "zone": MADRID,
        }
        if at == 2:
            records.append(anulacion(**common))
        else:
            records.append(alta(**common, invoice_type="F1", tax=Decimal("2.10"), total=Decimal("12.10")))
    return records


def test_a_sound_chain_holds_over_the_change_of_hour() -> None:
    assert list(broken_links(chain())) == []
    assert list(broken_links([])) == []


@given(st.integers(0, 3), st.sampled_from(["ImporteTotal", "NumSerieFactura", "FechaHoraHusoGenRegistro", "Huella"]))
def test_any_changed_text_is_found(position: int, name: str) -> None:
    records = chain()
    record = records[position]
    name = name if name in record.fields else "IDEmisorFacturaAnulada"
    changed = "2026-12-01T00:00:00+01:00" if name.startswith("Fecha") else "X"
    records[position] = replace(record, fields={**record.fields, name: changed})
    found = {(fault.position, fault.code) for fault in broken_links(records)}
    assert (position, "content") in found


def test_a_missing_a_swapped_and_a_foreign_first_record_are_found() -> None:
    records = chain()
    assert [(fault.position, fault.code) for fault in broken_links([records[0], *records[2:]])] == [(1, "link")]
    assert [(fault.position, fault.code) for fault in broken_links(records[1:])] == [(0, "first")]
    swapped = list(broken_links([records[0], records[2], records[1]]))
    assert {fault.code for fault in swapped} == {"link", "order"}


def test_a_record_with_a_field_less_is_found() -> None:
    (first, *rest) = chain(2)
    cut = replace(first, fields={name: text for name, text in first.fields.items() if name != "CuotaTotal"})
    assert [fault.code for fault in broken_links([cut, *rest])] == ["fields"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("41.4", "41.40"),
        ("0", "0.00"),
        ("-0.00", "0.00"),
        ("-15.75", "-15.75"),
        ("1E+3", "1000.00"),
        ("1.10000", "1.10"),
    ],
)
def test_amounts_have_two_decimals(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount)) == text


def test_what_is_finer_than_a_cent_is_refused() -> None:
    with pytest.raises(ValueError, match="cent"):
        amount_text(Decimal("1.005"))


def test_moments_carry_the_offset_of_the_place_of_issue() -> None:
    winter = datetime(2026, 11, 22, 18, 20, 30, 999999, tzinfo=UTC)
    assert moment_text(winter, zone=MADRID) == "2026-11-22T19:20:30+01:00"
    assert moment_text(winter, zone=CANARY) == "2026-11-22T18:20:30+00:00"
    assert moment_text(datetime(2026, 7, 1, 10, tzinfo=UTC), zone=MADRID) == "2026-07-01T12:00:00+02:00"
    with pytest.raises(ValueError, match="aware"):
        moment_text(datetime(2026, 7, 1, 10), zone=MADRID)


def test_days_are_written_day_first() -> None:
    assert day_text(date(2026, 1, 2)) == "02-01-2026"


@pytest.mark.parametrize("number", ["", "F26 1", "F26&1", "F26\n", "Ñ-1", "F26.1", "F" * 61])
def test_numbers_that_we_do_not_issue(number: str) -> None:
    assert not number_is_ours(number)


def test_the_qr_is_of_level_m_and_of_the_legal_size() -> None:
    code = segno.make(URL, error="m", boost_error=False, micro=False)
    assert code.error == "M"
    modules = code.symbol_size(border=0)[0]
    width = 35 * (modules + 8) / modules
    assert f'width="{width}mm"' in qr_svg(URL)
    assert 35 * 4 / modules >= 2
    assert qr_png(URL).startswith(b"\x89PNG")
    for wrong in (29, 41):
        with pytest.raises(ValueError, match="30 to 40"):
            qr_svg(URL, width_mm=wrong)


def test_the_picture_is_the_code_of_the_url() -> None:
    assert qr_svg(URL) == qr_svg(URL) != qr_svg(URL.replace("1025.48", "1025.49"))
