"""A ticket's conversation and what happened to it, in one order, as sentences in the reader's language."""

from collections.abc import Iterable
from datetime import date

from flask_babel import gettext

from msp.kernel.events import Event
from msp.tickets.models import Message, Ticket
from msp.web.parts import formats
from msp.web.parts.words import word

ICONS = {
    "ticket.assigned": "user-plus",
    "ticket.status_changed": "circle-play",
    "ticket.priority_changed": "circle-alert",
    "ticket.tier_changed": "arrow-up-right",
    "ticket.edited": "file-pen-line",
    "ticket.person_asked": "phone",
    "ticket.unreachable": "circle-alert",
    "sla.met": "circle-check",
    "sla.warned": "clock-alert",
    "sla.breached": "triangle-alert",
}
TONES = {"sla.warned": "amber", "sla.breached": "red", "ticket.unreachable": "red", "ticket.person_asked": "amber"}


def timeline(messages: Iterable[Message], events: Iterable[tuple[Event, str | None]]) -> list[dict[str, object]]:
    """Messages and events by time, with a line wherever a new day begins (the reader's)."""
    items = [(m.at, 0, {"kind": "message", "message": m}) for m in messages]
    items += [(e.at, 1, {"kind": "event", "event": shown}) for e, who in events if (shown := _event(e, who))]
    items.sort(key=lambda item: item[:2])
    result: list[dict[str, object]] = []
    day: date | None = None
    for at, _, item in items:
        today = formats.here(at).date()
        if today != day:
            day = today
            result.append({"kind": "day", "on": today})
        result.append(item)
    return result


def _event(event: Event, who: str | None) -> dict[str, object] | None:
    text = sentence(event)
    if not text:
        return None
    icon = ICONS.get(event.kind, "circle-check")
    if event.kind == "ticket.status_changed":
        icon = {"waiting_client": "circle-pause", "scheduled": "calendar-clock", "resolved": "circle-check"}.get(
            str(event.data.get("after")), icon
        )
    return {
        "id": event.id,
        "at": event.at,
        "icon": icon,
        "text": text,
        "tone": TONES.get(event.kind, ""),
        "who": who or "Guardia",
    }


def sentence(event: Event) -> str:
    """What happened, in the reader's language; empty for what the page shows otherwise."""
    data = event.data
    kinds = {
        "ticket.status_changed": lambda: gettext("Status: %(after)s", after=word(data["after"], "status")),
        "ticket.priority_changed": lambda: gettext(
            "Priority: %(before)s → %(after)s",
            before=word(data["before"], "priority"),
            after=word(data["after"], "priority"),
        ),
        "ticket.tier_changed": lambda: gettext(
            "From %(before)s to %(after)s", before=word(data["before"], "tier"), after=word(data["after"], "tier")
        ),
        "ticket.assigned": lambda: (
            gettext("Assigned to %(name)s", name=data["name"]) if data.get("name") else gettext("Back to the queue")
        ),
        "ticket.edited": lambda: gettext("Details changed"),
        "ticket.person_asked": lambda: gettext("Asked to talk to a person"),
        "ticket.unreachable": lambda: gettext("The thread cannot be reached any more"),
        "sla.met": lambda: gettext("%(promise)s: met", promise=word(data["clock"], "clock_long")),
        "sla.warned": lambda: gettext(
            "%(promise)s: three quarters of the time are gone", promise=word(data["clock"], "clock_long")
        ),
        "sla.breached": lambda: gettext(
            "%(promise)s: the deadline has passed", promise=word(data["clock"], "clock_long")
        ),
    }
    make = kinds.get(event.kind)
    return make() if make else ""


def reply_channel(ticket: Ticket, channels: Iterable[str]) -> str:
    """Where an answer goes: the chat that shows the ticket, else where it came from."""
    return next(iter(channels), ticket.source)
