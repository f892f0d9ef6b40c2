"""A ticket's conversation and what happened to it, in one order, as sentences in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Protocol

from flask_babel import gettext

from msp.contracts.escalation_policy import PolicyStep
from msp.kernel.db import Json
from msp.tickets.detail import EventRow
from msp.web.parts.folding import Placed, folded
from msp.words import formats
from msp.words.escalation_texts import moment
from msp.words.vocabulary import word

ICONS = {
    "ticket.assigned": "user-plus",
    "ticket.status_changed": "circle-play",
    "ticket.rescheduled": "calendar-clock",
    "ticket.priority_changed": "circle-alert",
    "ticket.tier_changed": "arrow-up-right",
    "ticket.action_dropped": "circle-alert",
    "ticket.edited": "file-pen-line",
    "ticket.message_deleted": "trash-2",
    "ticket.message_restored": "rotate-ccw",
    "ticket.person_asked": "phone",
    "ticket.unreachable": "circle-alert",
    "ticket.reachable": "circle-check",
    "ticket.contract_changed": "file-text",
    "sla.met": "circle-check",
    "sla.recomputed": "clock-3",
    "sla.reopened": "clock-alert",
    "sla.warned": "clock-alert",
    "sla.escalated": "arrow-up-right",
    "sla.breached": "triangle-alert",
}
TONES = {
    "sla.warned": "amber",
    "sla.breached": "red",
    "sla.reopened": "red",
    "ticket.unreachable": "red",
    "ticket.person_asked": "amber",
    "ticket.action_dropped": "amber",
}


class Spoken(Protocol):
    """A message, however it was read."""

    @property
    def at(self) -> datetime: ...


class Told(Protocol):
    """An event or a notification: its code and what goes with it."""

    @property
    def kind(self) -> str: ...
    @property
    def data(self) -> Json: ...


def timeline(
    messages: Iterable[Spoken], events: Iterable[EventRow] = (), *, states: str = "status", newest: int | None = None
) -> list[dict[str, object]]:
    """Messages and events by time, with a line wherever a new day begins (the reader's); `states` are whose words.

    With `newest`, only the first one and so many at the end; a fold stands for those between.
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


def _event(event: EventRow, states: str) -> dict[str, object] | None:
    text = sentence(event, states=states)
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
        "who": event.who or "Guardia",
    }


def sentence(event: Told, *, states: str = "status") -> str:
    """What happened, in the reader's language; empty for what the page shows otherwise."""
    data = event.data
    kinds: dict[str, Callable[[], str]] = {
        "ticket.status_changed": lambda: _status_changed(data, states),
        "ticket.rescheduled": lambda: gettext(
            "Opens again on %(time)s", time=formats.moment(_instant(data["scheduled_for"]))
        ),
        "ticket.priority_changed": lambda: gettext(
            "Priority: %(before)s → %(after)s",
            before=word(data["before"], "priority"),
            after=word(data["after"], "priority"),
        ),
        "ticket.tier_changed": lambda: gettext(
            "From %(before)s to %(after)s", before=word(data["before"], "tier"), after=word(data["after"], "tier")
        ),
        "ticket.assigned": lambda: (
            gettext("Assigned to %(name)s", name=data["name"])
            if data.get("name")
            else gettext("Unassigned, back in the queue")
        ),
        "ticket.action_dropped": lambda: (
            gettext("Not resolved: there was a new message meanwhile")
            if (data.get("action"), data.get("reason")) == ("resolve", "client_wrote")
            else gettext("Not done: the ticket had changed meanwhile")
        ),
        "ticket.edited": lambda: gettext("Details changed"),
        "ticket.message_deleted": lambda: gettext("Message deleted"),
        "ticket.message_restored": lambda: gettext("Message restored"),
        "ticket.person_asked": lambda: gettext("Asked to talk to a person"),
        "ticket.unreachable": lambda: gettext("The thread can no longer be reached"),
        "ticket.reachable": lambda: gettext("The thread can be reached again"),
        "ticket.contract_changed": lambda: (
            gettext("Contract: %(name)s", name=data["name"]) if data.get("name") else gettext("No contract")
        ),
        "sla.met": lambda: (
            gettext("%(promise)s: met late", promise=word(data["clock"], "clock_long"))
            if data.get("is_late")
            else gettext("%(promise)s: met", promise=word(data["clock"], "clock_long"))
        ),
        "sla.recomputed": lambda: gettext(
            "SLA targets recalculated (%(reason)s): %(moves)s",
            reason=word(data["reason"], "recomputed"),
            moves="; ".join(_move(each) for each in data["clocks"]),
        ),
        "sla.reopened": lambda: gettext(
            "%(promise)s: owed again, since the reply was not delivered", promise=word(data["clock"], "clock_long")
        ),
        "sla.warned": lambda: _step(data),
        "sla.escalated": lambda: _step(data),
        "sla.breached": lambda: (
            gettext("%(promise)s: SLA breached", promise=word(data["clock"], "clock_long")) + _late(data)
        ),
    }
    make = kinds.get(event.kind)
    return make() if make else ""


def _step(data: Json) -> str:
    """A step of the ladder: which promise, and where it stood."""
    promise = word(data["clock"], "clock_long")
    steps = data.get("steps") or ["share:75:notify"]
    where, amount, *_ = steps[0].split(":")
    if (where, amount) == ("share", "75"):
        return gettext("%(promise)s: 75 %% of the SLA target used", promise=promise) + _late(data)
    stood = moment(PolicyStep(where, int(amount), "notify"))
    return gettext("%(promise)s: %(moment)s", promise=promise, moment=stood[:1].lower() + stood[1:]) + _late(data)


def _late(data: Json) -> str:
    return " " + gettext("(processed late)") if data.get("is_late") else ""


def _move(moved: Mapping[str, str | None]) -> str:
    """How one promise moved: from when to when."""
    before, after = (datetime.fromisoformat(at) if (at := moved[name]) else None for name in ("before", "after"))
    return gettext(
        "%(promise)s %(before)s → %(after)s",
        promise=word(moved["clock"], "clock_long"),
        before=formats.moment(before) if before else "–",
        after=formats.moment(after) if after else "–",
    )


def _status_changed(data: Json, states: str) -> str:
    after = word(data["after"], states)
    if until := data.get("scheduled_for"):
        return gettext("Status: %(after)s, opens again on %(time)s", after=after, time=formats.moment(_instant(until)))
    return gettext("Status: %(after)s", after=after)


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)
