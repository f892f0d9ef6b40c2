"""Forecasts of past mornings, with what was known then, compared with the outcomes. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from msp.reports.as_of import TargetHistory, TargetState, end_of, is_final, known_at
from msp.reports.forecast import Accuracy, Forecast, Waiting, forecast
from msp.reports.late_chance import History

LEARNED = timedelta(days=90)  # history: targets that started within this time before a forecast
TESTED = timedelta(days=28)
HORIZON = timedelta(hours=8)  # forecasts cover targets due within this time
MORNING = time(9)
_FRIDAY = 4
_NO_TIER = 0  # the tier does not affect the chance


class Past:
    """Targets with their histories, newest first; caches states that no longer change."""

    def __init__(self, targets: Sequence[TargetHistory]) -> None:
        self.targets = targets
        self._final: dict[UUID, TargetState | None] = {}

    def known(self, at: datetime) -> Iterator[tuple[TargetHistory, TargetState]]:
        """The targets that started within LEARNED before `at`, in their state then, newest first."""
        for target in self.targets:
            if at - LEARNED <= target.started_at <= at:
                known = self._known(target, at)
                if known is not None:
                    yield target, known

    def history(self, at: datetime) -> History:
        """The history known at `at`."""
        return History(known.case for _, known in self.known(at))

    def forecasts(self, at: datetime) -> list[tuple[TargetHistory, Forecast]]:
        """The forecasts at `at` for the targets due within HORIZON."""
        known = list(self.known(at))
        history = History(each.case for _, each in known)
        running = {
            target.clock_id: (target, _waiting(target, each, each.due_at))
            for target, each in known
            if each.due_at is not None and at < each.due_at <= at + HORIZON
        }
        predicted = forecast((waiting for _, waiting in running.values()), history, at=at)
        return [(running[each.waiting.clock_id][0], each) for each in predicted]

    def accuracy(self, now: datetime, *, since: datetime | None = None) -> Accuracy:
        """How accurate the forecasts of mornings before `now` were; none before `since`."""
        found = Accuracy()
        for at in mornings(self.zone(), now):
            if since is None or at >= since:
                found = _add(found, self.forecasts(at), at, now)
        return found

    def zone(self) -> str:
        """The most frequent time zone of the targets; UTC without targets."""
        zones = Counter(target.versions[0][1].timezone for target in self.targets)
        return min(zones, key=lambda zone: (-zones[zone], zone), default="UTC")

    def _known(self, target: TargetHistory, at: datetime) -> TargetState | None:
        if not is_final(target, at):
            return known_at(target, at)
        if target.clock_id not in self._final:
            self._final[target.clock_id] = known_at(target, at)
        return self._final[target.clock_id]


def mornings(zone: str, now: datetime) -> list[datetime]:
    """9:00 of each Monday to Friday within TESTED before `now` whose HORIZON is over, oldest first, in UTC."""
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    days = (today - timedelta(days=number) for number in range(TESTED.days, -1, -1))
    instants = (datetime.combine(day, MORNING, here).astimezone(UTC) for day in days if day.weekday() <= _FRIDAY)
    return [each for each in instants if now - TESTED <= each <= now - HORIZON]


def _waiting(target: TargetHistory, known: TargetState, due_at: datetime) -> Waiting:
    left = timedelta(seconds=known.alike.seconds) - known.used
    return Waiting(target.clock_id, known.alike, _NO_TIER, None, due_at, left)


def _add(found: Accuracy, predicted: Sequence[tuple[TargetHistory, Forecast]], at: datetime, now: datetime) -> Accuracy:
    for target, each in predicted:
        found = found.plus(each.verdict, end_of(target, said_at=at, now=now))
    return replace(found, times=found.times + 1) if predicted else found
