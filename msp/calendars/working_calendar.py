"""When a team works, as a value, and its local days as UTC instants."""

from bisect import bisect_right
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


@dataclass(frozen=True, slots=True)
class Timetable:
    """A week that applies from a local day (such as summer hours) until the next timetable."""

    weekly: Mapping[int, Windows]
    name: str = ""


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """When a team works, in local wall time; equal and hashable by content, so answers can be cached.

    `weekly` holds until the first of `timetables`, each of which holds from its local day on.

    Windows are (start, end) minutes after local midnight, [start, end); end 1440 is the end of the day. One
    that runs past midnight may be written (1320, 360) or (1320, 1800), which are equal. It belongs to the day
    it opens on; its tail is cut off where the next day is a holiday or has an override. An override replaces
    a day's windows and beats a holiday; a holiday closes the whole local day. A night that opens under one
    timetable is worked to its end under the next.
    """

    timezone: str
    weekly: Mapping[int, Windows]
    holidays: Mapping[date, str] | frozenset[date] = frozenset()
    overrides: Mapping[date, Windows] = field(default_factory=dict)
    timetables: Mapping[date, Timetable] = field(default_factory=dict)
    override_names: Mapping[date, str] = field(default_factory=dict)
    _from_days: tuple[date, ...] = field(init=False, repr=False, default=())
    _key: tuple[object, ...] = field(init=False, repr=False, default=())
    _hash: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        _zone(self.timezone)
        named = self.holidays if isinstance(self.holidays, Mapping) else dict.fromkeys(self.holidays, "")
        values: dict[str, dict[Any, Any]] = {
            "weekly": _tidy_week(self.weekly),
            "holidays": dict(named),
            "overrides": {day: _tidy(windows) for day, windows in self.overrides.items()},
            "timetables": {
                day: Timetable(MappingProxyType(_tidy_week(each.weekly)), each.name)
                for day, each in sorted(self.timetables.items())
            },
            "override_names": {day: name for day, name in self.override_names.items() if name},
        }
        for name, value in values.items():
            object.__setattr__(self, name, MappingProxyType(value))
        changes = tuple((day, each.name, tuple(sorted(each.weekly.items()))) for day, each in self.timetables.items())
        rest = (values[name] for name in ("weekly", "holidays", "overrides", "override_names"))
        key = (self.timezone, changes, *(tuple(sorted(each.items())) for each in rest))
        object.__setattr__(self, "_from_days", tuple(self.timetables))
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
        """The IANA zone of the windows."""
        return _zone(self.timezone)

    @property
    def holiday_names(self) -> Mapping[date, str]:
        """Holidays with their names ("" if unnamed)."""
        assert isinstance(self.holidays, Mapping)
        return self.holidays

    def timetable_on(self, day: date) -> Timetable | None:
        """The dated timetable that applies on a local day; None while `weekly` applies."""
        index = bisect_right(self._from_days, day)
        return self.timetables[self._from_days[index - 1]] if index else None

    @classmethod
    def from_rows(
        cls,
        *,
        timezone: str,
        weekly: Iterable[tuple[int | str, WrittenWindow]],
        holidays: Iterable[tuple[date, str]] = (),
        overrides: Iterable[tuple[date, Iterable[WrittenWindow]]] = (),
        timetables: Mapping[date, Timetable] | None = None,
        override_names: Mapping[date, str] | None = None,
    ) -> "WorkingCalendar":
        """Build from stored rows, one (weekday, window) a row.

        A window is "09:00-14:00", ("09:00", "14:00") or (540, 840) minutes; a weekday is 0-6 from Monday, or
        "mon"-"sun". An override without windows closes its day. Raises ValueError on an unknown zone, weekday
        or clock time.
        """
        return cls(
            timezone=timezone,
            weekly=week_of(weekly),
            holidays=dict(holidays),
            overrides={day: tuple(parse_window(w) for w in windows) for day, windows in overrides},
            timetables=timetables or {},
            override_names=override_names or {},
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "WorkingCalendar":
        """Build from {"tz", "weekly" (or "business"), "holidays", "overrides"} as the golden files write it.

        Days are keyed "mon"-"sun", dates are ISO 8601, holidays a list of dates or {date: name}. `versions` are
        dated timetables: a list of {"from", "weekly", "name"?}.
        """
        holidays = data.get("holidays") or ()
        named = holidays if isinstance(holidays, Mapping) else dict.fromkeys(holidays, "")
        overrides: Mapping[str, Any] = data.get("overrides") or {}
        return cls.from_rows(
            timezone=data.get("tz") or data["timezone"],
            weekly=_written_week(data),
            holidays=[(date.fromisoformat(day), name) for day, name in named.items()],
            overrides=[(date.fromisoformat(day), windows) for day, windows in overrides.items()],
            timetables={
                date.fromisoformat(each["from"]): Timetable(week_of(_written_week(each)), each.get("name", ""))
                for each in data.get("versions") or ()
            },
            override_names={date.fromisoformat(day): name for day, name in (data.get("override_names") or {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        """The same format, with windows in minutes; from_json reads back an equal calendar."""
        return {
            "tz": self.timezone,
            "weekly": _week_json(self.weekly),
            "versions": [
                {"from": day.isoformat(), "name": each.name, "weekly": _week_json(each.weekly)}
                for day, each in self.timetables.items()
            ],
            "holidays": {day.isoformat(): name for day, name in self.holiday_names.items()},
            "overrides": {day.isoformat(): [list(w) for w in windows] for day, windows in self.overrides.items()},
            "override_names": {day.isoformat(): name for day, name in self.override_names.items()},
        }


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One local day of a calendar in UTC: its bounds, its open spans in order, and the rule behind them.

    `name` is that of the rule: the holiday, the override, or the dated timetable; "" where it has none.
    """

    date: date
    start: datetime
    end: datetime
    spans: tuple[Span, ...]
    rule: DayRule
    name: str


@lru_cache(maxsize=32768)
def local_day(calendar: WorkingCalendar, day: date) -> LocalDay:
    """Lay out one local day as UTC instants; cached by calendar content and date."""
    zone = calendar.zone
    start, end = day_start(zone, day), day_start(zone, day + _ONE_DAY)
    spans = (_span(zone, day, window, bounds=(start, end)) for window in _windows_on(calendar, day))
    return LocalDay(day, start, end, _merge(spans), *_rule_on(calendar, day))


def _rule_on(calendar: WorkingCalendar, day: date) -> tuple[DayRule, str]:
    if day in calendar.overrides:
        return "override", calendar.override_names.get(day, "")
    if day in calendar.holiday_names:
        return "holiday", calendar.holiday_names[day]
    timetable = calendar.timetable_on(day)
    return "weekly", timetable.name if timetable else ""


def day_start(zone: ZoneInfo, day: date) -> datetime:
    """The UTC instant at which a local date begins, also if midnight is skipped or repeated."""
    return _resolve(zone, datetime.combine(day, time.min), fold=0)


def week_of(rows: Iterable[tuple[int | str, WrittenWindow]]) -> dict[int, Windows]:
    """The windows of each weekday from (weekday, window) rows."""
    days: dict[int, Windows] = {}
    for day, window in rows:
        weekday = _weekday(day)
        days[weekday] = (*days.get(weekday, ()), parse_window(window))
    return days


def parse_window(written: WrittenWindow) -> Window:
    """Read "09:00-14:00", ("09:00", "14:00") or (540, 840) into minutes; else raises ValueError."""
    parts: Sequence[str] | Sequence[int] = written.split("-") if isinstance(written, str) else written
    if len(parts) != 2:
        raise ValueError(f"not a window: {written!r}")
    return _minute(parts[0]), _minute(parts[1])


def to_end_of_day(window: Window) -> Window:
    """An end at 23:59 (or 47:59), from forms without 24:00, means midnight."""
    start, end = window
    return start, end + 1 if end % MINUTES_A_DAY == MINUTES_A_DAY - 1 else end


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


def _written_week(data: Mapping[str, Any]) -> list[tuple[str, WrittenWindow]]:
    days: Mapping[str, Any] = data.get("weekly") or data.get("business") or {}
    return [(day, window) for day, windows in days.items() for window in windows]


def _week_json(weekly: Mapping[int, Windows]) -> dict[str, list[list[int]]]:
    return {WEEKDAYS[day]: [list(window) for window in windows] for day, windows in weekly.items()}


def _tidy_week(weekly: Mapping[int, Windows]) -> dict[int, Windows]:
    return {_weekday(day): _tidy(windows) for day, windows in weekly.items()}


def _tidy(windows: Iterable[Window]) -> Windows:
    tidy = set()
    for start, end in windows:
        if not (0 <= start < MINUTES_A_DAY and 0 <= end <= 2 * MINUTES_A_DAY and start != end):
            raise ValueError(f"not a window: minutes {start} to {end}")
        tidy.add((start, end if end > start else end + MINUTES_A_DAY))
    return tuple(sorted(tidy))


def _windows_on(calendar: WorkingCalendar, day: date) -> Iterable[Window]:
    """The windows of one local day, cut at midnight, with the rest of the previous night's if it applies."""
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
    timetable = calendar.timetable_on(day) if calendar.timetables else None
    return (timetable or calendar).weekly.get(day.weekday(), ())


def _span(zone: ZoneInfo, day: date, window: Window, *, bounds: Span) -> Span:
    """A shift is continuous: it opens at the first occurrence of a repeated hour and closes at the second."""
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
    """The UTC instant of a wall time; a time skipped by a clock change is the instant of the change."""
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
