"""The reason for a deadline in the reader's words, zone and language."""

from datetime import date
from typing import Protocol

from flask_babel import gettext

from msp.calendars.business_time import Step
from msp.sla.explanation import Explanation
from msp.web.parts import formats
from msp.web.parts.words import word

SHOWN = 6


class Prioritised(Protocol):
    """A ticket, however it was read."""

    @property
    def priority(self) -> str: ...


class Named(Protocol):
    """A contract, however it was read."""

    @property
    def name(self) -> str: ...


def sentences(ticket: Prioritised, contract: Named | None, explanation: Explanation) -> list[str]:
    """Contract and budget first, then the windows used, what was skipped and why, and each pause."""
    minutes = formats.minutes(int(explanation.budget.total_seconds()) // 60)
    named = gettext(
        "Contract “%(name)s”, %(priority)s: %(minutes)s of working time",
        name=contract.name if contract else "–",
        priority=word(ticket.priority, "priority"),
        minutes=minutes,
    )
    lines = [named, *_trail(explanation.steps)]
    if all(step.code == "window" for step in explanation.steps):
        lines.append(gettext("No pauses or holidays in between"))
    return lines


def _trail(steps: tuple[Step, ...]) -> list[str]:
    lines = [_sentence(step) for step in _without_plain_nights(steps)]
    if len(lines) > SHOWN:
        cut = len(lines) - SHOWN
        lines = [*lines[:3], gettext("… %(num)d more …", num=cut), *lines[-3:]]
    return lines


def _without_plain_nights(steps: tuple[Step, ...]) -> list[Step]:
    """Closed weekend days say nothing new; holidays and exceptions do."""
    return [step for step in steps if step.code != "skipped" or step.rule in ("holiday", "override")]


def _sentence(step: Step) -> str:
    if step.code == "skipped":
        if step.rule == "holiday":
            return gettext("%(day)s closed: %(holiday)s", day=_day(step.day), holiday=step.name or gettext("holiday"))
        return gettext("%(day)s closed", day=_day(step.day))
    start = formats.moment(step.start)
    if step.end is None:
        return gettext("paused since %(start)s", start=start)
    end = formats.time_of_day(step.end) if _same_day(step) else formats.moment(step.end)
    minutes = formats.minutes(step.minutes)
    if step.code == "pause":
        return gettext("%(start)s → %(end)s paused (%(minutes)s)", start=start, end=end, minutes=minutes)
    return gettext("%(start)s → %(end)s (%(minutes)s)", start=start, end=end, minutes=minutes)


def _same_day(step: Step) -> bool:
    return step.end is not None and formats.here(step.start).date() == formats.here(step.end).date()


def _day(day: date) -> str:
    return formats.day(day)
