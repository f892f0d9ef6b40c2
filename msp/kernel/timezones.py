"""The IANA time zones, read from disk once per process."""

from __future__ import annotations

from functools import cache
from typing import TypeGuard
from zoneinfo import available_timezones


def is_known(name: object) -> TypeGuard[str]:
    """Whether this is the name of a time zone, such as «Europe/Madrid»."""
    return name in _known()


def places() -> list[str]:
    """The zones offered for selection, named after places, sorted."""
    return sorted(zone for zone in _known() if "/" in zone)


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())
