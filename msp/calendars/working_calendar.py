"""The value that says when a team works, and its local days laid out as UTC instants."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Window: TypeAlias = tuple[int, int]
Windows: TypeAlias = tuple[Window, ...]
Span: TypeAlias = tuple[datetime, datetime]
WrittenWindow: TypeAlias = str | Sequence[str] | Sequence[int]
DayRule: TypeAlias = Literal["weekly", "override", "holiday"]

MINUTES_A_DAY = 1440
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """When a team works, in local wall time; equal and hashable by content, so answers can be cached.

    Windows are (start, end) minutes after local midnight, [start, end); end 1440 is the end of the day. One
    that runs past midnight may be written (1320, 360) or (1320, 1800), which are equal. It belongs to the day
    it opens on; its tail is cut off where the next day is a holiday or has an override. An override replaces
    a day's windows and beats a holiday; a holiday closes the whole local day.
    """

    timezone: str
    weekly: Mapping[int, Windows]
    holidays: Mapping[date, str] | frozenset[date] = frozenset()
    overrides: Mapping[date, Windows] = field(default_factory=dict)
    _key: tuple[object, ...] = field(init=False, repr=False, default=())
    _hash: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        _zone(self.timezone)
        named = self.holidays if isinstance(self.holidays, Mapping) else dict.fromkeys(self.holidays, "")
        weekly = {_weekday(day): _tidy(windows) for day, windows in self.weekly.items()}
        overrides = {day: _tidy(windows) for day, windows in self.overrides.items()}
        key = (
            self.timezone,
            tuple(sorted(weekly.items())),
            tuple(sorted(named.items())),
            tuple(sorted(overrides.items())),
        )
        for name, value in (("weekly", weekly), ("holidays", dict(named)), ("overrides", overrides)):
            object.__setattr__(self, name, MappingProxyType(value))
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "_hash", hash(key))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, WorkingCalendar) and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    @property
    def zone(self) -> ZoneInfo:
        """The IANA zone that the windows are written in."""
        return _zone(self.timezone)

    @property
    def holiday_names(self) -> Mapping[date, str]:
        """Holidays with their names ("" where none was given)."""
        assert isinstance(self.holidays, Mapping)
        return self.holidays

    @classmethod
    def from_rows(
        cls,
        *,
        timezone: str,
        weekly: Iterable[tuple[int | str, WrittenWindow]],
        holidays: Iterable[tuple[date, str]] = (),
        overrides: Iterable[tuple[date, Iterable[WrittenWindow]]] = (),
    ) -> "WorkingCalendar":
        """Build from stored rows, one (weekday, window) a row.

        A window is "09:00-14:00", ("09:00", "14:00") or (540, 840) minutes; a weekday is 0-6 from Monday, or
        "mon"-"sun". An override without windows closes its day. Raises ValueError on an unknown zone, weekday
        or clock time.
        """
        days: dict[int, list[Window]] = {}
        for day, window in weekly:
            days.setdefault(_weekday(day), []).append(parse_window(window))
        return cls(
            timezone=timezone,
            weekly={day: tuple(windows) for day, windows in days.items()},
            holidays=dict(holidays),
            overrides={day: tuple(parse_window(w) for w in windows) for day, windows in overrides},
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "WorkingCalendar":
        """Build from {"tz", "weekly" (or "business"), "holidays", "overrides"} as the golden files write it.

        Days are keyed "mon"-"sun", dates are ISO 8601, holidays a list of dates or {date: name}.
        """
        days: Mapping[str, Any] = data.get("weekly") or data.get("business") or {}
        holidays = data.get("holidays") or ()
        named = holidays if isinstance(holidays, Mapping) else dict.fromkeys(holidays, "")
        overrides: Mapping[str, Any] = data.get("overrides") or {}
        return cls.from_rows(
            timezone=data.get("tz") or data["timezone"],
            weekly=[(day, window) for day, windows in days.items() for window in windows],
            holidays=[(date.fromisoformat(day), name) for day, name in named.items()],
            overrides=[(date.fromisoformat(day), windows) for day, windows in overrides.items()],
        )


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One local day of a calendar in UTC: its bounds, its open spans in order, and the rule behind them."""

    date: date
    start: datetime
    end: datetime
    spans: tuple[Span, ...]
    rule: DayRule
    holiday: str


@lru_cache(maxsize=32768)
def local_day(calendar: WorkingCalendar, day: date) -> LocalDay:
    """Lay out one local day as UTC instants; cached by calendar content and date."""
    zone = calendar.zone
    start, end = day_start(zone, day), day_start(zone, day + _ONE_DAY)
    spans = (_span(zone, day, window, bounds=(start, end)) for window in _windows_on(calendar, day))
    rule: DayRule = "weekly"
    if day in calendar.overrides:
        rule = "override"
    elif day in calendar.holiday_names:
        rule = "holiday"
    return LocalDay(day, start, end, _merge(spans), rule, calendar.holiday_names.get(day, ""))


def day_start(zone: ZoneInfo, day: date) -> datetime:
    """The UTC instant at which a local date begins, also where midnight is skipped or comes twice."""
    return _resolve(zone, datetime.combine(day, time.min), fold=0)


def parse_window(written: WrittenWindow) -> Window:
    """Read "09:00-14:00", ("09:00", "14:00") or (540, 840) into minutes; else raises ValueError."""
    parts: Sequence[str] | Sequence[int] = written.split("-") if isinstance(written, str) else written
    if len(parts) != 2:
        raise ValueError(f"not a window: {written!r}")
    return _minute(parts[0]), _minute(parts[1])


def _minute(written: str | int) -> int:
    if isinstance(written, int):
        return written
    hours, _, minutes = written.strip().partition(":")
    if not (hours.isdecimal() and minutes[:2].isdecimal() and minutes[2:] in ("", ":00")):
        raise ValueError(f"not a clock time: {written!r}")
    minute = int(hours) * 60 + int(minutes[:2])
    if int(minutes[:2]) > 59 or minute > MINUTES_A_DAY:
        raise ValueError(f"not a clock time: {written!r}")
    return minute


def _weekday(day: int | str) -> int:
    if day in WEEKDAYS:
        return WEEKDAYS.index(str(day))
    if str(day).isdecimal() and int(day) < 7:
        return int(day)
    raise ValueError(f"not a weekday: {day!r}")


def _tidy(windows: Iterable[Window]) -> Windows:
    tidy = set()
    for start, end in windows:
        if not (0 <= start < MINUTES_A_DAY and 0 <= end <= 2 * MINUTES_A_DAY and start != end):
            raise ValueError(f"not a window: minutes {start} to {end}")
        tidy.add((start, end if end > start else end + MINUTES_A_DAY))
    return tuple(sorted(tidy))


def _windows_on(calendar: WorkingCalendar, day: date) -> Iterable[Window]:
    """The windows of one local day, cut at its midnights, with the tail of the night before if it holds."""
    before = day - _ONE_DAY
    closed = day in calendar.holiday_names
    if day not in calendar.overrides and (before in calendar.overrides or not closed):
        for _, end in _own_windows(calendar, before):
            if end > MINUTES_A_DAY:
                yield 0, end - MINUTES_A_DAY
    for start, end in _own_windows(calendar, day):
        yield start, min(end, MINUTES_A_DAY)


def _own_windows(calendar: WorkingCalendar, day: date) -> Windows:
    if day in calendar.overrides:
        return calendar.overrides[day]
    if day in calendar.holiday_names:
        return ()
    return calendar.weekly.get(day.weekday(), ())


def _span(zone: ZoneInfo, day: date, window: Window, *, bounds: Span) -> Span:
    """A shift is continuous: it opens at the first pass of a repeated hour and closes at the second."""
    midnight = datetime.combine(day, time.min)
    start = _resolve(zone, midnight + timedelta(minutes=window[0]), fold=0)
    if window[1] == MINUTES_A_DAY:
        return max(start, bounds[0]), bounds[1]
    end = _resolve(zone, midnight + timedelta(minutes=window[1]), fold=1)
    return max(start, bounds[0]), min(end, bounds[1])


def _merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return tuple(merged)


def _resolve(zone: ZoneInfo, wall: datetime, *, fold: int) -> datetime:
    """The UTC instant of a wall time; one that a jump skips is the instant of the jump."""
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return instant
    low, high = sorted(wall.replace(tzinfo=zone, fold=side).astimezone(UTC) for side in (0, 1))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError(f"unknown time zone: {name!r}") from unknown
