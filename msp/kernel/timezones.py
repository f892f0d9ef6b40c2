"""The time zones of the IANA database, looked for on the disk once a process."""

from __future__ import annotations

from functools import cache
from typing import TypeGuard
from zoneinfo import available_timezones


def is_known(name: object) -> TypeGuard[str]:
    """Whether this is a time zone's name, as «Europe/Madrid» is."""
    return name in _known()


def places() -> list[str]:
    """The zones that a person chooses from, named after a place, in the alphabet's order."""
    return sorted(zone for zone in _known() if "/" in zone)


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())
