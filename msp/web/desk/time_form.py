"""The form that logs time: a day with start and end times, or a duration."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from msp.kernel.errors import Invalid
from msp.words import formats
from msp.worklog.models import TimeEntry
from msp.worklog.overlaps import full_days, overlaps_of

_MINUTE = timedelta(minutes=1)
_ROUNDED_UP = timedelta(minutes=15)  # people who have just ended round up


class Span(NamedTuple):
    """Start of work and its duration in minutes."""

    started_at: datetime
    minutes: int


def read_span(posted: "MultiDict[str, str]", *, at: datetime, zone: ZoneInfo) -> Span:
    """The period of the form in the technician's zone; an end before the start is on the next day.

    Two of start, end and minutes are enough. Minutes alone for today are taken to end now; for another day a start or
    an end is required, since the hour decides the price. Raises Invalid naming the field.
    """
    today = at.astimezone(zone).date()
    on, minutes = _day(posted.get("on", ""), today), _minutes(posted.get("minutes", ""))
    start, end = _time(posted, "start"), _time(posted, "end")
    if start is not None and end is not None:
        return _between(on, start, end, minutes, zone=zone)
    if minutes is None:
        raise Invalid(fields={"end" if start is not None else "minutes": ["required"]})
    if start is not None:
        return Span(_instant(on, start, zone, fold=0), minutes)
    if end is not None:
        return Span(_instant(on, end, zone, fold=1) - minutes * _MINUTE, minutes)
    if on != today:
        raise Invalid(fields={"start": ["required"]})
    return Span(at.replace(second=0, microsecond=0) - minutes * _MINUTE, minutes)


def _between(on: date, start: time, end: time, minutes: int | None, *, zone: ZoneInfo) -> Span:
    if start == end and minutes is None:  # more likely a slip than a whole day, which minutes can say
        raise Invalid(fields={"end": ["equals_start"]})
    begun = _instant(on, start, zone, fold=0)
    ended = _instant(on if end > start else _day_after(on), end, zone, fold=1)
    worked = int((ended - begun) / _MINUTE)
    if minutes not in (None, worked):
        raise Invalid(fields={"minutes": ["differs_from_times"]})
    return Span(begun, worked)


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as wrong:
        raise Invalid(fields={"on": ["invalid"]}) from wrong


def _day_after(day: date) -> date:
    try:
        return day + timedelta(days=1)
    except OverflowError as wrong:
        raise Invalid(fields={"on": ["invalid"]}) from wrong


def _minutes(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise Invalid(fields={"minutes": ["invalid"]})
    if len(text) > 4:
        raise Invalid(fields={"minutes": ["out_of_range"]})
    return int(text)


def _time(posted: "MultiDict[str, str]", name: str) -> time | None:
    text = posted.get(name, "").strip()
    if not text:
        return None
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 (a time of day has no zone yet)
    except ValueError as wrong:
        raise Invalid(fields={name: ["invalid"]}) from wrong


def _instant(on: date, at: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """A local time as an instant; an ambiguous time is the first one for a start and the second one for an end."""
    try:
        return datetime.combine(on, at, zone).replace(fold=fold).astimezone(UTC)
    except OverflowError as wrong:  # the first and last day of the date type
        raise Invalid(fields={"on": ["invalid"]}) from wrong


def doubts(entry: TimeEntry, *, at: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Warnings about implausible time: an end in the future, overlapping entries, days of over 24 hours."""
    end = entry.started_at + entry.minutes * _MINUTE
    if end > at + _ROUNDED_UP:
        yield gettext(
            "This time ends in the future, %(day)s at %(end)s. Correct it if needed.",
            day=formats.day(formats.here(end).date()),
            end=formats.time_of_day(end),
        )
    for other in overlaps_of(entry):
        end = other.started_at + other.minutes * _MINUTE
        yield gettext(
            "This time overlaps with %(ticket)s, %(day)s from %(start)s to %(end)s. Correct it if needed.",
            ticket=other.ticket,
            day=formats.day(formats.here(other.started_at).date()),
            start=formats.time_of_day(other.started_at),
            end=formats.time_of_day(end),
        )
    for full in full_days(entry, zone=zone):
        yield gettext(
            "You have logged %(minutes)s for %(day)s, more than 24 h. Correct it if needed.",
            minutes=formats.minutes(full.minutes, full=True),
            day=formats.day(full.began_at.astimezone(zone).date()),
        )
