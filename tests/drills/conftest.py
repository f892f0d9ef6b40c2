"""One desk of real processes for all drills, with simulated Slack, Teams and Stripe."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.slack.server import SlackServer
from simulators.teams.server import TeamsServer
from tests.drills.desk import Desk
from tests.drills.environment import Outside, ground


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the drills that share one desk in one group."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if "ground_for_all" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group("drills"))


@pytest.fixture(scope="package")
def ground_for_all() -> Iterator[tuple[Desk, Outside]]:
    """The desk by `msp run`: web, clock, two workers and both servers under their supervisor."""
    with ground() as made:
        yield made


@pytest.fixture
def outside(ground_for_all: tuple[Desk, Outside]) -> Iterator[Outside]:
    """Slack, Teams and Stripe without faults, before and after."""
    around = ground_for_all[1]
    yield around
    around.be_well()
    around.settle(20)


@pytest.fixture
def slack_server(outside: Outside) -> SlackServer:
    """Lozano's Slack."""
    return outside.slack


@pytest.fixture
def teams_server(outside: Outside) -> TeamsServer:
    """Azcárate's Teams."""
    return outside.teams


@pytest.fixture
def desk(ground_for_all: tuple[Desk, Outside], outside: Outside) -> Desk:
    """The desk, with all processes up and nothing pending."""
    made = ground_for_all[0]
    made.be_whole()
    made.be_quiet(within=20)
    return made
