"""Conversion between calendars and the text that people edit. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from msp.calendars.working_calendar import MINUTES_A_DAY, parse_window, to_end_of_day
from msp.kernel.errors import Invalid
from msp.web.admin.forms import Form
from msp.web.admin.forms import day as read_day

Window = tuple[int, int]


def windows_of(text: str) -> list[Window]:
    """The windows of "9:00-14:00, 16:00-19:00" in minutes, sorted; a window past midnight ends after 1440.

    En and em dashes and whole hours ("9-14") are accepted; 23:59 means the end of the day. Raises ValueError for
    invalid or overlapping windows.
    """
    tidy = text.replace("–", "-").replace("—", "-").replace(".", ":").replace(";", ",")
    found = sorted(_window(part) for part in tidy.split(",") if part.strip())
    for before, after in pairwise(found):
        if after[0] < before[1]:
            raise ValueError(text)
    return found


def read_week(form: Form) -> dict[int, list[Window]]:
    """The windows of day_0 to day_6; unreadable fields and an empty week are added to the form's errors."""
    weekly = {i: form.read(f"day_{i}", windows_of) or [] for i in range(7)}
    for codes in form.errors.values():
        codes[:] = ["window_shape" if code == "invalid" else code for code in codes]
    if not any(weekly.values()) and not form.errors:
        form.fault("day_0", "required")
    return weekly


def by_day(wrong: Invalid) -> dict[str, list[str]]:
    """The errors of a refusal by form field; errors of the week are shown at its first day."""
    return {("day_0" if name == "weekly" else name): codes for name, codes in wrong.fields.items()}


def text_of(windows: Iterable[Window], *, dash: str = "-") -> str:
    """Windows as text: "9:00-14:00, 16:00-19:00"."""
    return ", ".join(f"{_clock(start)}{dash}{_clock(end)}" for start, end in windows)


def holidays_of(text: str) -> dict[date, str]:
    """Closed days from lines "2026-12-25 Navidad"; raises ValueError for a line without date or name."""
    days = {}
    for line in _lines(text):
        written, _, name = line.partition(" ")
        if not name.strip():
            raise ValueError(line)
        days[read_day(written)] = name.strip()[:120]
    return days


def exceptions_of(text: str) -> dict[date, tuple[list[Window], str | None]]:
    """Exceptions from lines "2026-12-24 9:00-14:00 Nochebuena"; a day without hours is closed."""
    days = {}
    for line in _lines(text):
        written, *rest = line.split()
        windows = []
        while rest and rest[0][0].isdigit():
            windows.append(rest.pop(0).strip(","))
        days[read_day(written)] = (windows_of(",".join(windows)), " ".join(rest)[:120] or None)
    return days


def holidays_text(holidays: Mapping[date, str]) -> str:
    """Closed days as text, one per line, sorted."""
    return "\n".join(f"{day.isoformat()} {holidays[day]}" for day in sorted(holidays))


def exceptions_text(exceptions: Iterable[tuple[date, Sequence[Window], str | None]]) -> str:
    """Exceptions as text, one per line."""
    lines = (f"{day.isoformat()} {text_of(windows)} {name or ''}" for day, windows, name in exceptions)
    return "\n".join(" ".join(line.split()) for line in lines)


def days_alike(weekly: Mapping[int, Sequence[Window]]) -> list[tuple[int, int, tuple[Window, ...]]]:
    """Runs of consecutive weekdays with the same windows: (first, last, windows); closed days are omitted."""
    runs: list[tuple[int, int, tuple[Window, ...]]] = []
    for day in range(7):
        windows = tuple(weekly.get(day, ()))
        if not windows:
            continue
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == windows:
            runs[-1] = (runs[-1][0], day, windows)
        else:
            runs.append((day, day, windows))
    return runs


def _window(text: str) -> Window:
    hours = [part.strip() if ":" in part else f"{part.strip()}:00" for part in text.split("-")]
    start, end = parse_window(hours)
    if start >= MINUTES_A_DAY or start == end:
        raise ValueError(text)
    return to_end_of_day((start, end if end > start else end + MINUTES_A_DAY))


def _clock(minute: int) -> str:
    within = minute if minute <= MINUTES_A_DAY else minute - MINUTES_A_DAY
    return f"{within // 60}:{within % 60:02d}"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
