"""What a ticket was at an earlier instant, by its events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from msp.kernel.db import Json
from msp.tickets.then import Then, as_it_was
from tests.conftest import MONDAY

pytestmark = pytest.mark.unit

FIRST, SECOND = UUID(int=1), UUID(int=2)
NOW = Then("urgent", SECOND)


@dataclass
class Happened:
    kind: str
    at: datetime
    data: Json


def at(hour: int) -> datetime:
    return MONDAY + timedelta(hours=hour)


EVENTS = [
    Happened("ticket.priority_changed", at(1), {"before": "low", "after": "normal"}),
    Happened("ticket.contract_changed", at(2), {"before": None, "after": str(FIRST)}),
    Happened("ticket.assigned", at(3), {"before": None, "after": "somebody"}),
    Happened("ticket.contract_changed", at(4), {"before": str(FIRST), "after": str(SECOND)}),
    Happened("ticket.priority_changed", at(5), {"before": "normal", "after": "urgent"}),
]


@pytest.mark.parametrize(
    ("hour", "then"),
    [
        (0, Then("low", None)),
        (1, Then("normal", None)),
        (3, Then("normal", FIRST)),
        (4, Then("normal", SECOND)),
        (9, NOW),
    ],
)
def test_what_held(hour: int, then: Then) -> None:
    assert as_it_was(NOW, EVENTS, at(hour)) == then


def test_what_is_not_finished_rests_on_what_is_now() -> None:
    assert as_it_was(NOW, EVENTS, None) == NOW
    assert as_it_was(NOW, [], at(0)) == NOW
