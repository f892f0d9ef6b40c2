"""Table of quiet hours: nights, days, both, zones, and the nights of clock changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.notify.quiet_hours import QuietHours, is_quiet, next_allowed_at

pytestmark = pytest.mark.unit

NIGHT = QuietHours((20 * 60, 8 * 60))
SIESTA = QuietHours((14 * 60, 16 * 60))
WEEKEND = QuietHours((20 * 60, 8 * 60), frozenset({5, 6}))
MADRID = "Europe/Madrid"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zone", "at", "heard"),
    [
        (QuietHours(), MADRID, "2026-11-24 02:00", "2026-11-24 02:00"),
        (NIGHT, MADRID, "2026-11-23 18:59", "2026-11-23 18:59"),
        (NIGHT, MADRID, "2026-11-23 19:00", "2026-11-24 07:00"),
        (NIGHT, MADRID, "2026-11-24 06:59", "2026-11-24 07:00"),
        (NIGHT, MADRID, "2026-11-24 07:00", "2026-11-24 07:00"),
        (NIGHT, "Atlantic/Canary", "2026-11-24 07:00", "2026-11-24 08:00"),
        (SIESTA, MADRID, "2026-11-24 13:30", "2026-11-24 15:00"),
        (SIESTA, MADRID, "2026-11-24 02:00", "2026-11-24 02:00"),
        (WEEKEND, MADRID, "2026-11-27 19:30", "2026-11-30 07:00"),  # Friday evening to Monday morning
        (WEEKEND, MADRID, "2026-11-29 12:00", "2026-11-30 07:00"),
        (QuietHours(None, frozenset({6})), MADRID, "2026-11-29 12:00", "2026-11-29 23:00"),
        (NIGHT, MADRID, "2026-10-24 20:00", "2026-10-25 07:00"),  # the night in which summer time ends: 13 hours
        (NIGHT, MADRID, "2027-03-27 20:00", "2027-03-28 06:00"),  # the one in which it begins: 11
        (QuietHours((60, 150)), MADRID, "2027-03-28 00:30", "2027-03-28 01:30"),  # until 2:30, which is skipped
    ],
)
def test_when_somebody_may_be_disturbed(quiet: QuietHours, zone: str, at: str, heard: str) -> None:
    assert next_allowed_at(quiet, utc(at), timezone=zone) == utc(heard)
    assert is_quiet(quiet, utc(at), timezone=zone) == (at != heard)


def test_a_week_that_is_quiet_on_all_its_days_is_none() -> None:
    with pytest.raises(ValueError, match="not quiet"):
        QuietHours(None, frozenset(range(7)))


@settings(max_examples=400, deadline=None)
@given(
    start=st.integers(0, 1439),
    end=st.integers(0, 1439),
    days=st.frozensets(st.integers(0, 6), max_size=6),
    minutes=st.integers(0, 60 * 24 * 400),
    zone=st.sampled_from([MADRID, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Atlantic/Canary"]),
)
def test_it_always_ends_and_what_it_ends_at_is_not_quiet(
    start: int, end: int, days: frozenset[int], minutes: int, zone: str
) -> None:
    quiet = QuietHours((start, end), days)
    at = utc("2026-01-01 00:00") + timedelta(minutes=minutes)
    heard = next_allowed_at(quiet, at, timezone=zone)
    assert at <= heard <= at + timedelta(days=9) and not is_quiet(quiet, heard, timezone=zone)
