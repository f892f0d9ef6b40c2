"""Explains a due date in the reader's language and zone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.lists import format_list
from flask_babel import gettext, ngettext

from msp.calendars.business_time import DeadlineStep
from msp.sla.explanation import Explanation
from msp.words import formats
from msp.words.vocabulary import word

SHOWN = 8
NAMED = 2  # skips of one kind that the short form lists one by one
_SATURDAY = 5


class Prioritised(Protocol):
    """A ticket, as model or row."""

    @property
    def priority(self) -> str: ...


class NamedContract(Protocol):
    """A contract, as model or row."""

    @property
    def name(self) -> str: ...


def sentences(ticket: Prioritised, contract: NamedContract | None, explanation: Explanation) -> list[str]:
    """Contract and budget, then the windows used, what was skipped and why, and each pause."""
    named = gettext(
        "Contract “%(name)s”, %(priority)s: %(minutes)s of business time",
        name=contract.name if contract else "–",
        priority=word(ticket.priority, "priority"),
        minutes=formats.minutes(int(explanation.budget.total_seconds()) // 60),
    )
    return [named, *trail(explanation)]


def trail(explanation: Explanation) -> list[str]:
    """The path from start to due date in a few lines; consecutive ordinary days are combined."""
    steps = explanation.steps
    lines = _shortened([line for part in _parts(_without_plain_days(steps)) for line in _lines(part)])
    first = steps[0] if steps else None
    if first and first.code != "pause" and _counted_from(steps) > explanation.started_at:
        lines.insert(
            0,
            gettext(
                "Created outside business hours: counted from %(start)s", start=formats.moment(_counted_from(steps))
            ),
        )
    if _is_read_elsewhere(explanation):
        lines.append(gettext("Times are in your time zone; the calendar uses %(zone)s", zone=explanation.timezone))
    if all(step.code == "window" or step.rule in ("closed", "break") for step in steps) and steps:
        lines.append(gettext("No pauses or holidays in between"))
    return lines


def skipped_words(steps: Iterable[DeadlineStep]) -> str:
    """The time that does not count between start and due date, as part of a sentence; empty if all of it counts."""
    left_out = [step for step in steps if step.code != "window"]
    parts = [*_breaks(left_out), *_holidays(left_out), *_closings(left_out), *_stood(left_out)]
    return str(format_list(parts, locale=formats.reader_locale())) if parts else ""


def _breaks(steps: Sequence[DeadlineStep]) -> Iterator[str]:
    found = [step for step in steps if step.rule == "break" and step.end]
    if len(found) > 1:
        yield ngettext("%(num)d break", "%(num)d breaks", len(found))
    for step in found if len(found) == 1 else ():
        end = formats.time_of_day(step.end) if step.end else ""
        yield gettext("the break from %(start)s to %(end)s", start=formats.time_of_day(step.start), end=end)


def _holidays(steps: Sequence[DeadlineStep]) -> Iterator[str]:
    found = [step for step in steps if step.rule in ("holiday", "override")]
    if len(found) > NAMED:
        yield ngettext("%(num)d holiday", "%(num)d holidays", len(found))
        return
    for step in found:
        if step.name:
            yield gettext("%(day)s (%(holiday)s)", day=_weekday(step.day), holiday=step.name)
        else:
            yield gettext("%(day)s (closed)", day=_weekday(step.day))


def _closings(steps: Sequence[DeadlineStep]) -> Iterator[str]:
    found = [step for step in steps if step.rule == "closed"]
    if not found:
        return
    if len(found) <= 2 and all(step.day.weekday() >= _SATURDAY for step in found):
        yield gettext("the weekend")
    else:
        yield ngettext("%(num)d non-working day", "%(num)d non-working days", len(found))


def _stood(steps: Sequence[DeadlineStep]) -> Iterator[str]:
    pauses = [step for step in steps if step.code == "pause"]
    if any(step.end is None for step in pauses):
        yield gettext("the current pause")
    elif minutes := sum(step.minutes for step in pauses):  # whole minutes: shorter pauses count as none
        yield gettext("%(minutes)s paused", minutes=formats.minutes(minutes))


def _is_read_elsewhere(explanation: Explanation) -> bool:
    there = explanation.started_at.astimezone(ZoneInfo(explanation.timezone))
    return formats.here(explanation.started_at).utcoffset() != there.utcoffset()


def _counted_from(steps: Sequence[DeadlineStep]) -> datetime:
    return next((step.start for step in steps if step.code == "window"), steps[0].start)


def _without_plain_days(steps: Iterable[DeadlineStep]) -> list[DeadlineStep]:
    """Without closed weekend days and breaks, which the windows already show; holidays and exceptions stay."""
    return [step for step in steps if step.code != "skipped" or step.rule in ("holiday", "override")]


def _parts(steps: Iterable[DeadlineStep]) -> Iterator[list[DeadlineStep]]:
    """Consecutive ordinary windows of one timetable combined, everything else separately."""
    for (code, rule, _), group in groupby(steps, key=lambda step: (step.code, step.rule, step.name)):
        if code == "window" and rule == "weekly":
            yield list(group)
        else:
            yield from ([step] for step in group)


def _lines(part: list[DeadlineStep]) -> Iterator[str]:
    if part[0].code != "window":
        yield _left_out(part[0])
        return
    days = [list(group) for _, group in groupby(part, key=lambda step: step.day)]
    if len(days) <= 3:
        yield from map(_day_line, days)
        return
    yield _day_line(days[0])
    between = [step for day in days[1:-1] for step in day]
    yield gettext(
        "%(first)s → %(last)s, %(num)d working days (%(minutes)s)",
        first=formats.day(days[1][0].day),
        last=formats.day(days[-2][0].day),
        num=len(days) - 2,
        minutes=formats.minutes(_total(between)),
    )
    yield _day_line(days[-1])


def _day_line(windows: Sequence[DeadlineStep]) -> str:
    first, *others = windows
    spans = [_span(first), *(f"{formats.time_of_day(each.start)} → {_end(each)}" for each in others)]
    line = gettext("%(spans)s (%(minutes)s)", spans=", ".join(spans), minutes=formats.minutes(_total(windows)))
    return f"{line} · {first.name}" if first.name else line


def _left_out(step: DeadlineStep) -> str:
    if step.code == "skipped":
        if step.rule == "holiday" or step.name:
            name = step.name or gettext("holiday")
            return gettext("%(day)s closed: %(holiday)s", day=formats.day(step.day), holiday=name)
        return gettext("%(day)s closed", day=formats.day(step.day))
    start = formats.moment(step.start)
    if step.end is None:
        return gettext("paused since %(start)s", start=start)
    minutes = formats.minutes(step.minutes)
    return gettext("%(start)s → %(end)s paused (%(minutes)s)", start=start, end=_end(step), minutes=minutes)


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= SHOWN:
        return lines
    return [*lines[:4], gettext("… %(num)d more …", num=len(lines) - SHOWN + 1), *lines[-3:]]


def _span(step: DeadlineStep) -> str:
    return f"{formats.moment(step.start)} → {_end(step)}"


def _end(step: DeadlineStep) -> str:
    if step.end is None:
        return ""
    is_same_day = formats.here(step.start).date() == formats.here(step.end - timedelta(microseconds=1)).date()
    return formats.time_of_day(step.end) if is_same_day else formats.moment(step.end)


def _total(windows: Iterable[DeadlineStep]) -> int:
    return sum(step.minutes for step in windows)


def _weekday(day: date) -> str:
    return str(format_date(day, "EEEE d", locale=formats.reader_locale()))
