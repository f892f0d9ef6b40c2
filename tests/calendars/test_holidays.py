"""Seeded holidays against the hand-written golden calendars."""

import json
from datetime import date
from pathlib import Path

import pytest

from msp.calendars.holidays import seed_holidays

pytestmark = pytest.mark.unit

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "business_time.json").read_text())["calendars"]


@pytest.mark.parametrize(
    ("region", "calendar", "year"),
    [("MD", "MAD-STD", 2026), ("ES-MD", "MAD-STD", 2027), ("CT", "BCN-STD", 2026)],
)
def test_region_agrees_with_the_hand_written_list(region: str, calendar: str, year: int) -> None:
    written = {day for day in GOLDEN[calendar]["holidays"] if day.startswith(str(year))}
    assert {day.isoformat() for day in seed_holidays("ES", region, year)} == written


def test_names_in_both_languages() -> None:
    day = date(2026, 4, 2)
    assert seed_holidays("ES", "MD", 2026)[day] == "Jueves Santo"
    assert seed_holidays("ES", "MD", 2026, locale="en")[day] == "Maundy Thursday"
    assert seed_holidays("GB", "ENG", 2026, locale="es")[date(2026, 12, 25)] == "Christmas Day"


def test_unknown_places_are_refused() -> None:
    for country, region in (("ES", "XX"), ("QQ", None)):
        with pytest.raises(ValueError, match="no holidays known"):
            seed_holidays(country, region, 2026)
