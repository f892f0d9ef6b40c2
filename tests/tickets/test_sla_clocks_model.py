"""Due dates after any sequence of changes equal those calculated from the history, minute by minute.

The model below shares nothing with the clocks: it keeps its own history and checks every minute of the calendar.
PROPERTY_CASES sets how many random histories are tried (12 by default).
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from msp.calendars.actions import add_calendar, edit_calendar
from msp.calendars.queries import access_calendar
from msp.contracts.models import Contract
from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Unreachable
from msp.tickets import actions
from msp.tickets.models import Ticket
from msp.tickets.states import MOVES
from tests.notify.channels import Recorder, only
from tests.tickets.sla_steps import another_contract, answered, clocks, moved, opened, wrote
from tests.world import World

CASES = int(os.environ.get("PROPERTY_CASES", "12"))
MINUTE = timedelta(minutes=1)
MADRID = ZoneInfo("Europe/Madrid")
WEEKS = (
    dict.fromkeys(range(7), ((0, 1440),)),
    dict.fromkeys(range(5), ((540, 840), (960, 1140))),
    dict.fromkeys(range(6), ((480, 1200),)),
)
FINISHED = ("resolved", "closed")


@dataclass
class ModelTerms:
    """A contract's targets in the model: minutes by priority, and the statuses that pause."""

    contract: Contract
    week: int
    targets: dict[str, PriorityTargets]
    pausing: tuple[str, ...]


@dataclass
class Life:
    """The model's history of the ticket."""

    began: datetime
    terms: ModelTerms
    priority: str = "normal"
    status: str = "new"
    pauses: list[list[datetime | None]] = field(default_factory=list)
    is_answered: bool = False
    asked_at: datetime | None = None
    away_since: datetime | None = None

    def budgets(self) -> dict[str, tuple[datetime, int]]:
        """The open targets: when they started, and their minutes."""
        if self.status in FINISHED:
            return {}
        target = self.terms.targets[self.priority]
        found = {"resolution": (self.began, target.resolution_minutes)}
        if not self.is_answered:
            found["first_response"] = (self.began, target.first_response_minutes)
        elif self.asked_at is not None and target.next_response_minutes is not None:
            found["next_response"] = (self.asked_at, target.next_response_minutes)
        return found

    def hold(self, at: datetime) -> None:
        """Pause from here on if the contract pauses in the status, else resume."""
        is_held = bool(self.pauses) and self.pauses[-1][1] is None
        if self.status in self.terms.pausing and not is_held:
            self.pauses.append([at, None])
        elif is_held and self.status not in self.terms.pausing:
            self.pauses[-1][1] = at

    def move(self, status: str, at: datetime) -> None:
        before, self.status = self.status, status
        if status in FINISHED and before not in FINISHED:
            self.away_since = at
            self.is_answered = True
        elif before in FINISHED and status not in FINISHED:
            self.pauses.append([self.away_since, at])
        self.hold(at)

    def ask(self, at: datetime) -> None:
        if self.status in (*FINISHED, "waiting_client"):
            self.move("open", at)
        if self.is_answered:
            self.asked_at = self.asked_at or at

    def fail(self, at: datetime) -> None:
        """An answer was sent but not delivered."""
        if self.status == "new":
            self.move("open", at)

    def answer(self, at: datetime) -> None:
        self.is_answered, self.asked_at = True, None
        if self.status == "new":
            self.move("open", at)


def counts(week: int, at: datetime, pauses: list[list[datetime | None]]) -> bool:
    """Whether a minute is working time outside of pauses."""
    local = at.astimezone(MADRID)
    minute = local.hour * 60 + local.minute
    is_working = any(start <= minute < end for start, end in WEEKS[week].get(local.weekday(), ()))
    return is_working and not any(a <= at and (b is None or at < b) for a, b in pauses if a is not None)


def walked(week: int, started: datetime, budget: int, pauses: list[list[datetime | None]]) -> datetime:
    for step in count():
        budget -= counts(week, started + MINUTE * step, pauses)
        if not budget:
            return started + MINUTE * (step + 1)
    raise AssertionError


def check(ticket: Ticket, life: Life, story: list[str]) -> None:
    is_held = bool(life.pauses) and life.pauses[-1][1] is None
    expected = {
        kind: None if is_held else walked(life.terms.week, started, budget, life.pauses)
        for kind, (started, budget) in life.budgets().items()
    }
    found = {each.kind: each.due_at for each in clocks(ticket) if each.is_open}
    assert found == expected, "; ".join(story)


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20261123)


def random_terms(world: World, chance: random.Random) -> ModelTerms:
    week = chance.randrange(len(WEEKS))
    with work(Scope.staff()):
        calendar = add_calendar(
            name="Al azar", timezone="Europe/Madrid", weekly=WEEKS[week], holidays={}, at=clock.now()
        )
    following = chance.choice((None, 15, 45))
    target = PriorityTargets(chance.choice((30, 90)), chance.choice((240, 480)), following)
    pausing = chance.choice((("waiting_client", "scheduled"), ("waiting_third_party",), ()))
    contract = another_contract(world, target, calendar_id=calendar.id, pausing=pausing)
    return ModelTerms(contract, week, dict.fromkeys(PRIORITIES, target), pausing)


def test_any_life_gives_the_deadlines_of_its_history(
    world: World, chance: random.Random, drain: Callable[[], int]
) -> None:
    start, way = clock.now(), Recorder("slack")
    with only(way):
        for case in range(CASES):
            with clock.frozen(start + timedelta(days=case % 5, minutes=chance.randrange(600))):
                _live(world, chance, drain, way)


def _live(world: World, chance: random.Random, drain: Callable[[], int], way: Recorder) -> None:
    choices = [random_terms(world, chance) for _ in range(2)]
    life, story = Life(clock.now(), choices[0]), ["opened"]
    ticket = opened(world)
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), choices[0].contract, at=clock.now())
    for _ in range(12):
        clock.advance(MINUTE * chance.choice((1, 7, 20, 61, 190)))
        verb = chance.choice(("write", "answer", "fail", "move", "move", "priority", "contract", "calendar"))
        way.always = Unreachable("is_archived") if verb == "fail" else None
        story.append(f"{clock.now():%d %H:%M} {verb}")
        _happen(verb, world, ticket, life, choices, chance, story)
        if verb in ("calendar", "answer", "fail"):
            clock.advance(MINUTE * chance.choice((0, 3, 40)) if verb == "fail" else timedelta())
            drain()
        check(ticket, life, story)


def _happen(
    verb: str,
    world: World,
    ticket: Ticket,
    life: Life,
    choices: list[ModelTerms],
    chance: random.Random,
    story: list[str],
) -> None:
    at = clock.now()
    if verb == "write":
        wrote(world, ticket)
        life.ask(at)
    elif verb == "answer" and life.status not in FINISHED:
        answered(world, ticket)
        life.answer(at)
    elif verb == "fail" and life.status not in FINISHED:
        answered(world, ticket)
        life.fail(at)
    elif verb == "move":
        status = chance.choice(sorted(MOVES[life.status]))
        story.append(status)
        moved(world, ticket, status)
        life.move(status, at)
    elif verb == "priority":
        life.priority = chance.choice(PRIORITIES)
        with work(Scope.staff()) as session:
            actions.change_priority(session.get_one(Ticket, ticket.id), life.priority, at=at)
    elif verb == "contract" and life.status not in FINISHED:
        life.terms = chance.choice(choices)
        with work(Scope.staff()) as session:
            actions.change_contract(session.get_one(Ticket, ticket.id), life.terms.contract, at=at)
        life.hold(at)
    elif verb == "calendar":
        life.terms.week = chance.randrange(len(WEEKS))
        with work(Scope.staff()):
            calendar = access_calendar(life.terms.contract.calendar_id)
            edit_calendar(
                calendar,
                name=calendar.name,
                timezone=calendar.timezone,
                weekly=WEEKS[life.terms.week],
                holidays={},
                exceptions={},
                at=at,
            )
