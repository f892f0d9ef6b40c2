"""Typed events: how they are stored, and how older rows are read."""

from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from msp.kernel.event_types import Event, event_type, event_types, read_event

ID = UUID("018f0000-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Move:
    clock: str
    before: datetime | None


class Moved(Event, kind="tests.moved", icon="clock-3"):
    ticket_id: UUID
    at: datetime
    day: date | None
    moves: tuple[Move, ...]
    count: int = 1
    until: datetime | None = None
    people: tuple[UUID, ...] = ()


FULL = Moved(ticket_id=ID, at=AT, day=AT.date(), moves=(Move("resolution", AT),), count=2, until=AT, people=(ID,))
STORED = {
    "ticket_id": str(ID),
    "at": "2026-03-02T09:00:00+00:00",
    "day": "2026-03-02",
    "moves": [{"clock": "resolution", "before": "2026-03-02T09:00:00+00:00"}],
    "count": 2,
    "until": "2026-03-02T09:00:00+00:00",
    "people": [str(ID)],
}


def test_an_event_is_stored_as_json_and_read_back() -> None:
    assert FULL.data() == STORED
    assert read_event("tests.moved", STORED) == FULL


def test_a_field_that_is_none_by_default_is_left_out() -> None:
    short = Moved(ticket_id=ID, at=AT, day=None, moves=())
    expected = {"ticket_id": str(ID), "at": STORED["at"], "day": None, "moves": [], "count": 1, "people": []}
    assert short.data() == expected


def test_older_data_lack_fields_and_have_unknown_ones() -> None:
    assert Moved.read({"ticket_id": str(ID), "gone": 1}) == Moved(
        ticket_id=ID,
        at=None,  # type: ignore[arg-type]
        day=None,
        moves=None,  # type: ignore[arg-type]
    )


def test_events_are_registered_frozen_and_unlike_each_other() -> None:
    assert event_type("tests.moved") is Moved and Moved in event_types()
    assert event_type("tests.unknown") is None and read_event("tests.unknown", {}) is None
    with pytest.raises(FrozenInstanceError):
        FULL.count = 3  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"tests\.moved"):

        class Twin(Event, kind="tests.moved"):
            pass
