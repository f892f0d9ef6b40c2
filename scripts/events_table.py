#!/usr/bin/env python3
"""Write docs/events.md from the event classes; with `--check`, only say whether it is up to date."""

import sys
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

HOME = Path(__file__).parents[1]
PAGE = HOME / "docs" / "events.md"
sys.path.insert(0, str(HOME))

import wsgi  # noqa: E402, F401  (imports every package)
from msp.kernel.event_types import Event, event_types  # noqa: E402
from msp.tickets.events import TicketEvent  # noqa: E402

INTRODUCTION = """# Events

This page is written by `scripts/events_table.py` from the event classes (`events.py` of each package). Kinds and fields
are public: the API shows them at `/api/v1/tickets/{id}/events`, and they are stored for ever.

*Visible to*: client tokens and client pages see public events only. Events of a message are as visible as the message.
*Notifies* is who gets a notification unless the event itself names others in `recipients`, with the media. *Timeline*:
whether the page of its ticket shows it. A field with `?` may be null or missing.
"""
HEAD = "| kind | meaning | fields | visible to | notifies | timeline |\n|---|---|---|---|---|---|\n"


def page() -> str:
    """The whole page."""
    packages: dict[str, list[type[Event]]] = {}
    for each in event_types():
        if not each.__module__.startswith("tests."):
            packages.setdefault(each.__module__, []).append(each)
    parts = [f"\n## {name}\n{HEAD}{''.join(map(_row, packages[name]))}" for name in sorted(packages)]
    return INTRODUCTION + "".join(parts)


def _row(event: type[Event]) -> str:
    audience = event.audience
    notifies = f"{', '.join(audience.who)} ({', '.join(audience.by)})" if audience else "nobody"
    cells = (
        f"`{event.kind}`",
        " ".join((event.__doc__ or "").split()),
        ", ".join(_fields(event)) or "–",
        "client and staff" if event.visibility == "public" else "staff",
        notifies,
        "yes" if event.in_history and issubclass(event, TicketEvent) else "no",
    )
    return f"| {' | '.join(cells)} |\n"


def _fields(event: type[Event]) -> list[str]:
    hints = get_type_hints(event)
    named = ((each.metadata.get("key", each.name), hints[each.name]) for each in fields(event))  # type: ignore[arg-type]
    return [f"`{key}?`" if _is_optional(hint) else f"`{key}`" for key, hint in named]


def _is_optional(hint: object) -> bool:
    return type(None) in getattr(hint, "__args__", ())


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else "docs/events.md is not up to date: run scripts/events_table.py")
    PAGE.write_text(page())
