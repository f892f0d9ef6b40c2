"""Recomputes the due dates of SLA targets from events alone: shares no code with the desk's engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.drills.desk import Desk

PAUSING = ("waiting_client", "scheduled")
FINISHED = ("resolved", "closed")
TELLING = ("ticket.opened", "ticket.replied", "ticket.status_changed", "ticket.priority_changed", "sla.recomputed")
TOLERANCE = timedelta(seconds=1)
Span = tuple[datetime, datetime]
Happened = tuple[str, datetime, dict[str, Any]]


@dataclass
class SlaGoal:
    """One clock according to the history of its ticket."""

    kind: str
    budget: timedelta
    met_at: datetime | None = None


@dataclass
class Told:
    """A ticket's history: its SLA targets, and the pauses of its clocks."""

    started: datetime
    clocks: dict[str, SlaGoal]
    pauses: list[Span] = field(default_factory=list)
    paused_since: datetime | None = None


def wrong_clocks(desk: Desk) -> tuple[int, list[str]]:
    """Recompute all clocks; returns how many, and those that differ in the desk."""
    stories, calendars = _stories(desk), _calendars(desk)
    query = (
        "select k.ticket_id::text, k.kind, k.state, k.due_at, k.met_at, k.calendar_id::text"
        " from sla_clock k where k.kind in ('first_response', 'resolution')"
    )
    wrong, count = [], 0
    for ticket, kind, state, due_at, met_at, calendar in desk.rows(query):
        count += 1
        story = stories[ticket]
        clock = story.clocks[kind]
        should = "met" if clock.met_at else "paused" if story.paused_since else "running"
        if should != state or clock.met_at != met_at:
            wrong.append(f"{ticket} {kind}: {state} {met_at}, by its history {should} {clock.met_at}")
        elif state == "running":
            due = deadline(calendars[calendar], story.started, clock.budget, story.pauses)
            if due_at is None or abs(due - due_at) > TOLERANCE:
                wrong.append(f"{ticket} {kind}: due {due_at}, by its history {due}; {_story(desk, ticket)}")
    return count, wrong


def _story(desk: Desk, ticket: str) -> str:
    """The history of a ticket's clocks, for debugging a difference."""
    query = "select at, kind, data from event where subject_id = %s order by seq"
    told = [f"{at:%d %H:%M:%S.%f} {kind} {data}" for at, kind, data in desk.rows(query, ticket) if kind in TELLING]
    stood = "select started_at, ended_at from sla_pause where ticket_id = %s order by started_at"
    told += [f"stood still from {begin} to {end}" for begin, end in desk.rows(stood, ticket)]
    return "\n    ".join(told)


# ----------------------------------------------------------------- the history


def _stories(desk: Desk) -> dict[str, Told]:
    targets = _targets(desk)
    events: dict[str, list[Happened]] = defaultdict(list)
    told = "select e.subject_id::text, e.kind, e.at, e.data from event e join ticket t on t.id = e.subject_id"
    for ticket, kind, at, data in desk.rows(f"{told} order by e.seq"):
        events[ticket].append((kind, at, data))
    stories = {}
    query = "select t.id::text, t.contract_id::text, t.created_at, t.priority from ticket t"
    for ticket, contract, created, priority in desk.rows(query):
        changes = [data for kind, _, data in events[ticket] if kind == "ticket.priority_changed"]
        first = changes[0]["before"] if changes else priority
        stories[ticket] = _told(created, targets[contract], first, events[ticket])
    return stories


def _told(
    created: datetime,
    targets: dict[str, dict[str, timedelta]],
    priority: str,
    events: list[Happened],
) -> Told:
    story = Told(created, {kind: SlaGoal(kind, budget) for kind, budget in targets[priority].items()})
    for kind, at, data in events:
        if kind == "ticket.replied":
            _meet(story, "first_response", at)
        elif kind == "ticket.priority_changed":
            priority = data["after"]
        elif kind == "ticket.status_changed":
            _move(story, data["before"], data["after"], at)
        for clock in story.clocks.values():
            if clock.met_at is None:  # a target that was met and runs again has the current priority
                clock.budget = targets[priority][clock.kind]
    return story


def _move(story: Told, before: str, after: str, at: datetime) -> None:
    if story.paused_since and after not in PAUSING:
        story.pauses.append(
            (story.paused_since, max(at, story.paused_since))
        )  # an answer written before the pause may arrive after it
        story.paused_since = None
    if after in PAUSING and not story.paused_since:
        story.paused_since = at
    if after in FINISHED:
        for kind in story.clocks:
            _meet(story, kind, at)
    elif before in FINISHED:
        clock = story.clocks["resolution"]
        if clock.met_at:
            story.pauses.append((clock.met_at, max(at, clock.met_at)))
            clock.met_at = None


def _meet(story: Told, kind: str, at: datetime) -> None:
    if story.clocks[kind].met_at is None:
        story.clocks[kind].met_at = at


def _targets(desk: Desk) -> dict[str, dict[str, dict[str, timedelta]]]:
    found: dict[str, dict[str, dict[str, timedelta]]] = defaultdict(dict)
    query = "select contract_id::text, priority, first_response_minutes, resolution_minutes from sla_target"
    for contract, priority, first, resolution in desk.rows(query):
        found[contract][priority] = {
            "first_response": timedelta(minutes=first),
            "resolution": timedelta(minutes=resolution),
        }
    return found


# ---------------------------------------------------------------- working time


@dataclass(frozen=True)
class Week:
    """A calendar from its rows: windows of local minutes by weekday, and closed days."""

    zone: ZoneInfo
    windows: dict[int, list[tuple[int, int]]]
    closed: frozenset[date]

    def open_spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The business time after an instant, as spans."""
        day = start.astimezone(self.zone).date()
        for number in range(4000):
            that = day + timedelta(days=number)
            for begin, end in [] if that in self.closed else self.windows.get(that.weekday(), []):
                opens, closes = self._instant(that, begin), self._instant(that, end)
                if closes > start:
                    yield max(opens, start), closes

    def _instant(self, day: date, minute: int) -> datetime:
        """Wall time to an instant; changes of daylight saving time follow the zone."""
        on = day + timedelta(days=minute // 1440)
        wall = datetime.combine(on, time(minute % 1440 // 60, minute % 60), tzinfo=self.zone)
        return datetime.fromtimestamp(wall.timestamp(), tz=ZoneInfo("UTC"))


def deadline(week: Week, start: datetime, budget: timedelta, pauses: list[Span]) -> datetime:
    """The instant at which a budget of business time is used up."""
    left = budget
    for opens, closes in week.open_spans(start):
        for begin, end in _without(opens, closes, pauses):
            if end - begin >= left:
                return begin + left
            left -= end - begin
    raise AssertionError("never")


def _without(opens: datetime, closes: datetime, pauses: list[Span]) -> Iterator[tuple[datetime, datetime]]:
    at = opens
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if end <= at or begin >= closes:
            continue
        if begin > at:
            yield at, begin
        at = max(at, end)
    if at < closes:
        yield at, closes


def _calendars(desk: Desk) -> dict[str, Week]:
    weeks = {}
    for calendar, zone in desk.rows("select id::text, timezone from calendar"):
        windows: dict[int, list[tuple[int, int]]] = defaultdict(list)
        query = "select weekday, start_minute, end_minute from calendar_window where calendar_id = %s order by 1, 2"
        for weekday, begin, end in desk.rows(query, calendar):
            windows[weekday].append((begin, end))
        closed = desk.rows("select day from calendar_holiday where calendar_id = %s", calendar)
        weeks[calendar] = Week(ZoneInfo(zone), dict(windows), frozenset(row[0] for row in closed))
    return weeks
