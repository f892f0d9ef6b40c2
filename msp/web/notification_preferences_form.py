"""Conversion of notification preferences to and from form fields."""

from datetime import time
from typing import Any

from werkzeug.datastructures import MultiDict

from msp.kernel.errors import Invalid
from msp.notify.preferences import NotificationPreferences


def preference_values(preferences: NotificationPreferences) -> dict[str, Any]:
    """Preferences as form values."""
    night = preferences.quiet.night
    return {
        "by_chat": preferences.by_chat,
        "by_mail": preferences.by_mail,
        "allow_urgent": preferences.allow_urgent,
        "by_mention": preferences.by_mention,
        "quiet_from": wall(night[0]) if night else "",
        "quiet_until": wall(night[1]) if night else "",
        "quiet_days": [str(day) for day in sorted(preferences.quiet.days)],
    }


def read_preferences(posted: "MultiDict[str, str]") -> dict[str, Any]:
    """The arguments of `set_preferences`; raises Invalid for invalid times, or quiet hours with one end only."""
    start, end = (_minute(posted, name) for name in ("quiet_from", "quiet_until"))
    if (start is None) != (end is None):
        raise Invalid(fields={"quiet_from" if start is None else "quiet_until": ["required"]})
    days = [int(day) for day in posted.getlist("quiet_days") if day.isdecimal() and day.isascii()]
    flags = {name: bool(posted.get(name)) for name in ("by_chat", "by_mail", "allow_urgent", "by_mention")}
    return {**flags, "night": None if start is None or end is None else (start, end), "days": days}


def wall(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(written: str) -> int:
    """HH:MM as a minute of the day; raises ValueError."""
    at = time.fromisoformat(written)
    return at.hour * 60 + at.minute


def _minute(posted: "MultiDict[str, str]", name: str) -> int | None:
    written = posted.get(name, "").strip()
    if not written:
        return None
    try:
        return minute_of(written)
    except ValueError as wrong:
        raise Invalid(fields={name: ["invalid"]}) from wrong
