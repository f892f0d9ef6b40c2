"""Check that the calendars in use have holidays; otherwise SLA clocks run on holidays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import psycopg

from msp.calendars.gaps import missing_in_use
from msp.config import Settings
from msp.doctor.finding import Check, Finding
from msp.kernel import clock


def holidays_are_known(settings: Settings) -> Iterator[Finding]:
    """Calendars in use have verified holidays for this year and the next."""
    today = clock.now().date()
    try:
        with psycopg.connect(settings.app_database_url.replace("+psycopg", "", 1), connect_timeout=5) as connection:
            connection.execute("set local role msp_system")
            missing = list(missing_in_use(connection, on=today))
    except psycopg.Error:
        return  # the database check reports database errors
    for name, year in missing:
        level: Literal["note", "fault"] = "fault" if year == today.year else "note"
        fix = "Settings → Calendars: choose its place, look the year over, freeze it"
        yield Finding(level, f"calendar «{name}» has no frozen holidays for {year}", fix)
    if not missing:
        yield Finding("ok", f"every calendar in use knows its holidays of {today.year} and {today.year + 1}")


CHECKS: list[Check] = [holidays_are_known]
