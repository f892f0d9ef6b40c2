"""A ticket's messages and events in one order, with events as sentences in the reader's language."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from msp.kernel.event_types import Event, read_event
from msp.tickets.detail import EventRow
from msp.tickets.events import (
    ActionDropped,
    PersonRequested,
    SlaBreached,
    SlaReopened,
    SlaWarned,
    ThreadUnreachable,
    TicketStatusChanged,
)
from msp.web.parts.folding import Placed, folded
from msp.words import formats
from msp.words.event_messages import event_message

TONES: dict[type[Event], str] = {
    SlaWarned: "amber",
    SlaBreached: "red",
    SlaReopened: "red",
    ThreadUnreachable: "red",
    PersonRequested: "amber",
    ActionDropped: "amber",
}
STATUS_ICONS = {"waiting_client": "circle-pause", "scheduled": "calendar-clock", "resolved": "circle-check"}


class TimedMessage(Protocol):
    """A message, from any query."""

    @property
    def at(self) -> datetime: ...


def timeline(
    messages: Iterable[TimedMessage],
    events: Iterable[EventRow] = (),
    *,
    states: str = "status",
    newest: int | None = None,
) -> list[dict[str, object]]:
    """Messages and events by time, with a separator per day (reader's zone); `states` is the status vocabulary.

    With `newest`, only the first entry and that many at the end, with a fold in between.
    """
    items: list[Placed] = [(m.at, 0, {"kind": "message", "message": m}) for m in messages]
    items += [(e.at, 1, {"kind": "event", "event": shown}) for e in events if (shown := _event(e, states))]
    items.sort(key=lambda item: item[:2])
    return _with_days(folded(items, newest=newest))


def _with_days(items: Iterable[Placed]) -> list[dict[str, object]]:
    result: list[dict[str, object]] = []
    day: date | None = None
    for at, _, item in items:
        if item["kind"] == "fold":
            result.append(item)
            continue
        today = formats.here(at).date()
        if today != day:
            day = today
            result.append({"kind": "day", "on": today})
        result.append(item)
    return result


def _event(row: EventRow, states: str) -> dict[str, object] | None:
    event = read_event(row.kind, row.data)
    if event is None or not event.in_history:
        return None
    return {
        "id": row.id,
        "at": row.at,
        "icon": _icon(event),
        "text": event_message(event, states=states),
        "tone": TONES.get(type(event), ""),
        "who": row.who or "Guardia",
    }


def _icon(event: Event) -> str:
    return STATUS_ICONS.get(event.after, event.icon) if isinstance(event, TicketStatusChanged) else event.icon
