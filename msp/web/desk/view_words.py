"""The parts of a filter in words: chips above the list, and the choices of the filter form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask_babel import gettext, ngettext, pgettext

from msp.clients.platforms import platforms
from msp.tickets.models import OWN_CHANNELS, TYPES
from msp.tickets.states import PRIORITIES, STATUSES
from msp.tickets.ticket_rows import ClientName
from msp.tickets.views.actions import ListedView
from msp.tickets.views.definition import DAYS, EMPTY, ORDERS, SLA_STATES, STATES, TIERS, Definition
from msp.web.desk.people import Assignable
from msp.web.desk.view_addresses import address_of
from msp.words.vocabulary import word

Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of the filter that is set, and the address of the list without it."""

    label: str
    value: str
    clear_url: str


def chips(
    definition: Definition,
    saved: ListedView | None,
    *,
    clients: Sequence[ClientName],
    people: Sequence[Assignable],
) -> list[Chip]:
    """The parts that are set, in the order of the form."""
    known, begun = choices(clients=clients, people=people), {"from": str(saved.id)} if saved else {}
    found = []
    for name, label in labels().items():
        value = getattr(definition, name)
        if value != getattr(EMPTY, name) and name != "order":
            removed = {name: getattr(EMPTY, name) if name == "state" else None}
            found.append(Chip(label, _text(name, value, known), address_of(definition, **removed, **begun)))
    return found


def _text(name: str, value: object, known: dict[str, Options]) -> str:
    if name in DAYS:
        return _days(int(str(value)))
    values = value if isinstance(value, tuple) else (value,)
    words = dict(known.get(name, ()))
    return ", ".join(words.get(str(each), str(each)) for each in values)


def _days(days: int) -> str:
    return ngettext("%(num)d day", "%(num)d days", days)


def labels() -> dict[str, str]:
    """The label of each part."""
    return {
        "state": gettext("Tickets"),
        "status": gettext("Status"),
        "priority": gettext("Priority"),
        "client": gettext("Client"),
        "assignee": gettext("Assignee"),
        "tier": gettext("Queue"),
        "sla": gettext("SLA"),
        "type": gettext("Type"),
        "source": gettext("Channel"),
        "tag": gettext("Tags"),
        "created_within_days": gettext("Created in the last"),
        "created_before_days": gettext("Created more than … ago"),
        "updated_within_days": gettext("Updated in the last"),
        "updated_before_days": gettext("Not updated for"),
        "words": gettext("Text"),
        "order": gettext("Sort"),
    }


def choices(*, clients: Sequence[ClientName], people: Sequence[Assignable]) -> dict[str, Options]:
    """The values of the parts that have a fixed set of them."""
    channels = dict.fromkeys((*OWN_CHANNELS, *(each.name for each in platforms())))
    states: dict[str, Callable[[], str]] = {
        "open": lambda: pgettext("tickets", "open"),
        "finished": lambda: gettext("resolved"),
        "any": lambda: gettext("all"),
    }
    slas: dict[str, Callable[[], str]] = {
        "breached": lambda: gettext("SLA breached"),
        "due_soon": lambda: gettext("due within 1 hour"),
        "due_in_day": lambda: gettext("due within 24 hours"),
        "paused": lambda: gettext("SLA is paused"),
        "none": lambda: gettext("No SLA target"),
    }
    orders: dict[str, Callable[[], str]] = {
        "due": lambda: gettext("due date"),
        "newest": lambda: gettext("newest first"),
        "oldest": lambda: gettext("oldest first"),
        "updated": lambda: gettext("last updated"),
        "idle": lambda: gettext("longest without update"),
        "priority": lambda: gettext("priority"),
    }
    return {
        "state": [(code, states[code]()) for code in STATES],
        "status": [(code, word(code, "status")) for code in STATUSES],
        "priority": [(code, word(code, "priority")) for code in PRIORITIES],
        "tier": [(code, word(code, "tier")) for code in TIERS],
        "type": [(code, word(code, "type")) for code in TYPES],
        "source": [(code, word(code, "channel")) for code in channels],
        "client": [(str(each.id), each.name) for each in clients],
        "assignee": [
            ("me", gettext("me")),
            ("none", gettext("Unassigned")),
            *((str(each.id), each.name) for each in people),
        ],
        "sla": [(code, slas[code]()) for code in SLA_STATES],
        "order": [(code, orders[code]()) for code in ORDERS],
    }
