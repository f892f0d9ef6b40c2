"""A Slack and a Teams on real ports, an application to hear them, and a clock that tests move."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.playground.receiver import Receiver


class Hands:
    """A clock: call it for the time, `move` it on."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present instant."""
        return self.at

    def move(self, **by: float) -> None:
        """Move on by a timedelta's arguments."""
        self.at += timedelta(**by)


@pytest.fixture
def hands() -> Hands:
    """The clock of the playground."""
    return Hands()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An application that takes everything with 200 until told otherwise."""
    made = Receiver().start()
    yield made
    assert made.server is not None
    made.server.close()
