"""Chooses the scenario and the requester of the next ticket, so that nothing repeats too soon."""

from collections import Counter
from random import Random

from msp.demo.script import Scenario, scenarios
from msp.demo.words import sheet_of
from msp.demo.world import DemoClient, Person

_MANAGER_SHARE = 0.6
_TRADE_WEIGHT = 6.0  # raises the share of scenarios that only a few sectors have
_LOWER = {"urgent": "high", "high": "normal", "normal": "low", "low": "low"}
_HIGHER = {"urgent": "urgent", "high": "urgent", "normal": "high", "low": "normal"}


class Casting:
    """Counts which scenario was used for which client."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._told: Counter[tuple[str, str]] = Counter()
        self._asked: set[tuple[str, str]] = set()

    def turn(self, client: DemoClient, scenario: Scenario) -> int:
        """Return how often a client has had a scenario, this time included."""
        self._told[client.code, scenario.key] += 1
        return self._told[client.code, scenario.key] - 1 + sum(map(ord, client.code))

    def scenario(self, client: DemoClient, *, needs_mark: str = "", at_night: bool = False) -> Scenario:
        """Draw a scenario that fits the client's trade; one with a kind of step, or one that cannot wait."""
        fitting = [s for s in scenarios() if _fits(s, client, needs_mark, at_night)]
        return self._rng.choices(fitting, [self._weight(s, client) for s in fitting])[0]

    def _weight(self, scenario: Scenario, client: DemoClient) -> float:
        told = self._told[client.code, scenario.key]
        if told >= scenario.most:
            return 1e-6
        of_the_trade = _TRADE_WEIGHT if 0 < len(scenario.sectors) < 4 else 1.0
        return scenario.weight * of_the_trade / (1 + 0.7 * told)

    def requester(self, client: DemoClient, scenario: Scenario) -> Person:
        """Draw a requester who has not reported this yet, if there is one."""
        people = list(client.people)
        managers = [person for person in people if person.role == "client_manager"]
        if "api" in scenario.sources or (scenario.by_manager and self._rng.random() < _MANAGER_SHARE):
            people = managers
        fresh = [person for person in people if (scenario.key, person.email) not in self._asked]
        person = self._rng.choice(fresh or people)
        self._asked.add((scenario.key, person.email))
        return person

    def source(self, client: DemoClient, scenario: Scenario) -> str:
        """Draw the channel a ticket comes through."""
        if scenario.sources:
            return self._rng.choice(scenario.sources)
        doors = sheet_of(client).sources
        source = self._rng.choices([door for door, _ in doors], [share for _, share in doors])[0]
        return "console" if source == "phone" and self._rng.random() < 0.15 else source

    def priorities(
        self, scenario: Scenario, *, is_round_the_clock: bool, among: tuple[str, ...] = ()
    ) -> tuple[str, str]:
        """Draw the priority a ticket came with and the one it got; `among` restricts the latter."""
        choices = [p for p in scenario.priorities if not among or p in among] or list(among)
        final = self._rng.choices(choices, range(len(choices) + 1, 1, -1))[0]
        if _needs_days(scenario) and not among:
            final = "low" if is_round_the_clock or final == "low" else "normal"
        draw = self._rng.random()
        if draw > 0.06:
            return final, final
        return (_LOWER if draw < 0.045 else _HIGHER)[final], final


def _fits(scenario: Scenario, client: DemoClient, needs_mark: str, at_night: bool) -> bool:
    if scenario.sectors and client.sector not in scenario.sectors:
        return False
    if at_night and not (scenario.type == "incident" and set(scenario.priorities) & {"urgent", "high"}):
        return False
    return not needs_mark or any(step.mark == needs_mark for step in scenario.scripts[client.locale].steps)


def _needs_days(scenario: Scenario) -> bool:
    """Whether it takes days: visits and third parties take longer than an urgent SLA target allows."""
    steps = scenario.scripts["es"].steps
    return any(step.mark == "scheduled" or (step.delay or 0) > 300 for step in steps)
