"""State of a target at an earlier time: a table of cases, and that nothing later affects it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.calendars.working_calendar import WorkingCalendar
from msp.reports.as_of import State, Stood, TargetChange, TargetHistory, TargetState, end_of, known_at
from msp.reports.backtest import Past, mornings
from msp.reports.forecast import Accuracy
from msp.reports.late_chance import FEWEST, TargetGroup

BEGUN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # Monday
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DAY = WorkingCalendar("UTC", dict.fromkeys(range(5), ((8 * 60, 18 * 60),)))
SHORT_DAY = WorkingCalendar("UTC", dict.fromkeys(range(5), ((8 * 60, 9 * 60),)))
VERSIONS = ((BEGUN - timedelta(days=99), DAY),)
ALIKE = TargetGroup("resolution", UUID(int=1), 4 * 3600)
TARGET = TargetHistory(UUID(int=9), ALIKE, "running", BEGUN, BEGUN + 4 * HOUR, None, VERSIONS)


def after(hours: float) -> datetime:
    return BEGUN + hours * HOUR


MET = replace(TARGET, state="met", stopped_at=after(3))
RETURNED = replace(MET, pauses=(Stood(after(1), after(2), "resolved"),), stopped_at=after(6))
HELD = replace(TARGET, pauses=(Stood(after(1), after(2), "waiting_client"),))
CHANGED = replace(TARGET, alike=replace(ALIKE, seconds=3600), changes=(TargetChange(after(2), after(4)),))
RECKONED = replace(TARGET, versions=((after(3), SHORT_DAY), *VERSIONS))


@pytest.mark.parametrize(
    ("why", "target", "at", "state", "used", "due"),
    [
        ("it runs", TARGET, 1, "running", 1, 4),
        ("it will be met, which nobody knows yet", MET, 2, "running", 2, 4),
        ("it was met", MET, 5, "met", 3, None),
        ("met at this instant", MET, 3, "met", 3, None),
        ("cancelled", replace(MET, state="cancelled"), 5, "cancelled", 3, None),
        ("a pause is open", HELD, 1.5, "paused", 1, None),
        ("a pause is over: the deadline moved", HELD, 3, "running", 2, 5),
        ("a pause is to come: the deadline has not moved yet", HELD, 0.5, "running", 0.5, 4),
        ("it lay resolved, and nobody knew that it would come back", RETURNED, 1.5, "met", 1, None),
        ("it came back", RETURNED, 3, "running", 2, 5),
        ("a longer one before it was changed", CHANGED, 1, "running", 1, 4),
        ("the calendar is changed later", RECKONED, 2, "running", 2, 4),
        ("over night nothing is used", TARGET, 20, "running", 10, 4),
    ],
)  # fmt: skip
def test_known_then(why: str, target: TargetHistory, at: float, state: str, used: float, due: float | None) -> None:
    known = known_at(target, after(at))
    assert known is not None and (known.state, known.used / HOUR) == (state, used), why
    assert known.due_at == (after(due) if due is not None else None), why


def test_a_changed_target_has_the_length_of_then() -> None:
    lengths = {at: known_at(CHANGED, after(at)) for at in (1, 3)}
    assert {at: known.alike.seconds for at, known in lengths.items() if known} == {1: 4 * 3600, 3: 3600}


@pytest.mark.parametrize(
    ("why", "target", "at"),
    [
        ("it began later", TARGET, -1),
        ("its length was not kept", replace(TARGET, changes=(TargetChange(after(2), None),)), 1),
        ("there is no time in it", replace(TARGET, alike=replace(ALIKE, seconds=0)), 1),
    ],
)
def test_not_known_then(why: str, target: TargetHistory, at: float) -> None:
    assert known_at(target, after(at)) is None, why


@pytest.mark.parametrize(
    ("why", "target", "now", "end"),
    [
        ("met", MET, 5, "met"),
        ("met at the very instant", replace(MET, stopped_at=after(4)), 5, "met"),
        ("met too late", replace(MET, stopped_at=after(4.1)), 5, "late"),
        ("its time is not up", TARGET, 3, "undecided"),
        ("its time is up", TARGET, 4, "late"),
        ("paused", replace(TARGET, state="paused", due_at=None), 9, "undecided"),
        ("paused, after it was missed", replace(TARGET, state="paused"), 9, "late"),
        ("cancelled in time", replace(MET, state="cancelled"), 9, "undecided"),
        ("cancelled after it was missed", replace(MET, state="cancelled", stopped_at=after(5)), 9, "late"),
        ("changed later", CHANGED, 9, "changed"),
    ],
)
def test_what_came_of_it(why: str, target: TargetHistory, now: float, end: str) -> None:
    assert end_of(target, said_at=after(0.5), now=after(now)) == end, why


def test_mornings_whose_day_is_over() -> None:
    found = mornings("Europe/Madrid", datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    assert found[0] == datetime(2026, 11, 3, 8, 0, tzinfo=UTC) and found[-1] == datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    assert len(found) == 19
    assert mornings("Europe/Madrid", datetime(2026, 10, 27, 16, 0, tzinfo=UTC))[-2:] == [
        datetime(2026, 10, 26, 8, 0, tzinfo=UTC),  # clocks were set back in between
        datetime(2026, 10, 27, 8, 0, tzinfo=UTC),
    ]


def many(shares: list[float], *, since: datetime, now: datetime) -> list[TargetHistory]:
    """Targets of one hour that start at 8:30 on consecutive days, met after the given shares of it."""
    found = []
    for number, share in enumerate(shares):
        begun = since + timedelta(days=number // 2, minutes=30 + number % 2)
        met = begun + share * HOUR
        stopped = {"state": "met", "stopped_at": met} if met <= now else {}
        alike = replace(ALIKE, seconds=3600)
        found.append(TargetHistory(UUID(int=number), alike, "running", begun, begun + HOUR, None, VERSIONS))
        found[-1] = replace(found[-1], **stopped)  # type: ignore[arg-type]
    return found[::-1]


def test_the_counts_are_exact() -> None:
    """Every day at 9:00 two targets are half used: one will be met at 0.6, and one at 0.6 or 1.5."""
    now = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
    since = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
    daily = Past(many([0.6, 1.5] * 100, since=since, now=now)).accuracy(now)
    assert daily == Accuracy(times=20, at_risk=40, at_risk_late=20)
    rarely = Past(many(([0.6] * 19 + [1.5]) * 10, since=since, now=now)).accuracy(now)
    assert rarely == Accuracy(times=20, in_time=40, in_time_late=2)  # those of 9 and 19 November


def test_without_history_nothing_is_compared() -> None:
    now = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
    found = Past(many([0.6] * 20, since=datetime(2026, 11, 16, 8, 0, tzinfo=UTC), now=now)).accuracy(now)
    assert found.compared == 0 and found.unknown == 16 and Past([]).accuracy(now).compared == 0
    assert FEWEST > 20


STATES: tuple[State, ...] = ("running", "met", "cancelled")
instants = st.floats(0, 100).map(lambda hours: after(round(hours, 2)))
later = st.floats(0.01, 300).map(lambda hours: round(hours, 2) * HOUR)


@st.composite
def targets(draw: st.DrawFn) -> TargetHistory:
    begun, pauses = draw(instants), []
    start = begun
    for reason in draw(st.lists(st.sampled_from(("waiting_client", "resolved")), max_size=3)):
        start += draw(later)
        pauses.append(Stood(start, start + draw(later), reason))
        start = pauses[-1].ended_at or start
    state = draw(st.sampled_from(STATES))
    stopped = None if state == "running" else start + draw(later)
    identity = draw(st.uuids())
    return TargetHistory(identity, ALIKE, state, begun, start + HOUR, stopped, VERSIONS, tuple(pauses))


@st.composite
def with_another_future(draw: st.DrawFn, target: TargetHistory, at: datetime) -> TargetHistory:
    """The same history until `at`, and a different one afterwards."""
    pauses = [each for each in target.pauses if each.started_at <= at]
    if pauses and (pauses[-1].ended_at is None or pauses[-1].ended_at > at):
        pauses[-1] = replace(pauses[-1], ended_at=draw(st.one_of(st.none(), later.map(lambda span: at + span))))
    ended = at
    for _ in range(draw(st.integers(0, 2))):
        begun = ended + draw(later)
        pauses.append(Stood(begun, begun + draw(later), "resolved"))
        ended = begun + 300 * HOUR
    changed = replace(target, pauses=tuple(pauses), versions=((at + draw(later), SHORT_DAY), *target.versions))
    if target.stopped_at is not None and target.stopped_at <= at:
        return changed
    state = draw(st.sampled_from(STATES))
    stopped = None if state == "running" else at + draw(later)
    return replace(changed, state=state, stopped_at=stopped, due_at=draw(instants))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), before=st.lists(targets(), min_size=1, max_size=6), at=instants)
def test_nothing_later_than_then_enters(data: st.DataObject, before: list[TargetHistory], at: datetime) -> None:
    """A forecast made at a given time is the same whatever happens afterwards."""
    other = [data.draw(with_another_future(each, at)) for each in before]
    newer = [replace(each, clock_id=UUID(int=n), started_at=at + HOUR) for n, each in enumerate(before)]
    assert list(map(_knew(at), before)) == list(map(_knew(at), other))
    later_first = Past([*newer, *other])
    later_first.history(at + 900 * HOUR)  # what was calculated for a later time is not reused for this one
    assert [known for _, known in later_first.known(at)] == [known for _, known in Past(before).known(at)]
    said = [forecast for _, forecast in later_first.forecasts(at)]
    assert said == [forecast for _, forecast in Past(before).forecasts(at)]


def _knew(at: datetime) -> Callable[[TargetHistory], TargetState | None]:
    def knew(target: TargetHistory) -> TargetState | None:
        return known_at(target, at)

    return knew
