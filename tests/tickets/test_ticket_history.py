"""The state of a ticket at an earlier time, from its events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from msp.kernel.db import Json
from msp.tickets.history import TicketTerms, terms_at
from tests.conftest import MONDAY

pytestmark = pytest.mark.unit

FIRST, SECOND = UUID(int=1), UUID(int=2)
NOW = TicketTerms("urgent", SECOND)


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
        (0, TicketTerms("low", None)),
        (1, TicketTerms("normal", None)),
        (3, TicketTerms("normal", FIRST)),
        (4, TicketTerms("normal", SECOND)),
        (9, NOW),
    ],
)
def test_what_held(hour: int, then: TicketTerms) -> None:
    assert terms_at(NOW, EVENTS, at(hour)) == then


def test_what_is_not_finished_rests_on_what_is_now() -> None:
    assert terms_at(NOW, EVENTS, None) == NOW
    assert terms_at(NOW, [], at(0)) == NOW
