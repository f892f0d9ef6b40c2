"""Session timeouts (idle and absolute), as settings of the installation."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msp.kernel import settings
from msp.kernel.errors import Invalid

SETTING = "sessions"
DEFAULT_IDLE_HOURS = 72  # from Friday evening to Monday morning
DEFAULT_ABSOLUTE_DAYS = 30
MOST_IDLE_HOURS = 720
MOST_ABSOLUTE_DAYS = 365


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """A session ends `idle_hours` after its last use, and `absolute_days` after its start."""

    idle_hours: int = DEFAULT_IDLE_HOURS
    absolute_days: int = DEFAULT_ABSOLUTE_DAYS

    @property
    def idle(self) -> timedelta:
        """The idle timeout."""
        return timedelta(hours=self.idle_hours)

    @property
    def absolute(self) -> timedelta:
        """The absolute timeout."""
        return timedelta(days=self.absolute_days)


def limits_of(value: dict[str, Any] | None) -> SessionLimits:
    """The limits in a stored setting; defaults for missing or invalid values."""
    kept = value or {}
    usual = SessionLimits()
    found = SessionLimits(kept.get("idle_hours", usual.idle_hours), kept.get("absolute_days", usual.absolute_days))
    return usual if _faults(found) else found


def read_session_limits() -> SessionLimits:
    """The current limits."""
    return limits_of(settings.read(SETTING))


def set_session_limits(*, idle_hours: int, absolute_days: int) -> None:
    """Change the limits, also for open sessions; raises Invalid if out of range or if idle exceeds absolute."""
    wanted = SessionLimits(idle_hours, absolute_days)
    faults = _faults(wanted)
    if faults:
        raise Invalid(fields=faults)
    settings.write(SETTING, {"idle_hours": idle_hours, "absolute_days": absolute_days})


def _faults(limits: SessionLimits) -> dict[str, list[str]]:
    faults = {}
    if not _is_within(limits.absolute_days, MOST_ABSOLUTE_DAYS):
        faults["absolute_days"] = ["out_of_range"]
    if not _is_within(limits.idle_hours, MOST_IDLE_HOURS):
        faults["idle_hours"] = ["out_of_range"]
    elif not faults and limits.idle > limits.absolute:
        faults["idle_hours"] = ["beyond_absolute"]
    return faults


def _is_within(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
