"""Every event has icon, message, audience and documentation; types are written once."""

import re
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from flask import Flask

import wsgi  # noqa: F401  (imports every package)
from msp.kernel import events as outbox
from msp.kernel.event_types import Event, event_types
from msp.kernel.i18n import reading_as
from msp.notify.models import Notification
from msp.notify.recipients import MEDIA
from msp.tickets.detail import EventRow
from msp.tickets.events import TicketEvent, TicketOpened
from msp.web.desk import notifications
from msp.web.desk.timeline import timeline
from msp.words.event_messages import event_message
from scripts.events_table import PAGE, page
from tests.test_source_tree import ROOT, text_of, tracked

EVENTS = [each for each in event_types() if not each.__module__.startswith("tests.")]
SPECIAL = {"steps": ("share:50:notify",), "clock": "resolution"}
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def example(of: Any) -> Any:
    """An instance of an event, or of a part of one, with a value in each field."""
    hints = get_type_hints(of)
    return of(**{each.name: SPECIAL.get(each.name) or value(hints[each.name]) for each in fields(of)})


def value(hint: Any) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return value(parts[0])
    if origin is tuple:
        return (value(parts[0]),)
    if isinstance(hint, type) and is_dataclass(hint):
        return example(hint)
    simple = {UUID: UUID(int=1), datetime: AT, date: AT.date(), str: "open", int: 1, bool: False}
    return simple.get(hint, {})


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_has_icon_message_and_audience(event: type[Event], app: Flask) -> None:
    assert f'id="{event.icon}"' in sprite(), event.icon
    messages = {}
    for locale in ("en", "es"):
        with app.test_request_context(), reading_as(locale, "Europe/Madrid"):
            messages[locale] = event_message(example(event))
    assert all(text and not re.search(r"%\(|\bNone\b", text) for text in messages.values())
    assert messages["en"] != messages["es"]
    assert event.visibility in ("public", "internal")
    if event.audience is not None:
        assert issubclass(event, TicketEvent)
        assert event.audience.who and set(event.audience.by) <= set(MEDIA)
    assert event.__doc__ and not event.__doc__.startswith(f"{event.__name__}(")


def sprite() -> str:
    [path] = (ROOT / "msp/web/static/dist").glob("icons-*.svg")
    return path.read_text()


def test_what_an_event_stores_can_be_read_back() -> None:
    for event in EVENTS:
        made = example(event)
        assert event.read(made.data()) == made


def test_events_with_an_audience_are_notified_in_words(app: Flask) -> None:
    notified = {each.kind for each in EVENTS if each.audience}
    assert outbox._subscribers["notify"].to == notified and len(notified) >= 8
    for event in EVENTS:
        if event.audience:
            row = Notification(kind=event.kind, data=example(event).data())
            with app.test_request_context(), reading_as("es", "Europe/Madrid"):
                assert notifications.sentence(row) not in ("", event.kind)


def test_the_timeline_shows_ticket_events_that_belong_in_the_history(app: Flask) -> None:
    shown = [each for each in EVENTS if issubclass(each, TicketEvent) and each.in_history]
    assert TicketOpened not in shown and len(shown) >= 18
    rows = [EventRow(UUID(int=number), each.kind, AT, example(each).data(), None) for number, each in enumerate(EVENTS)]
    with app.test_request_context(), reading_as("es", "Europe/Madrid"):
        items = [item["event"] for item in timeline((), rows) if item["kind"] == "event"]
    assert {each.kind for each in shown} <= {rows[item["id"].int].kind for item in items}  # type: ignore[index]
    assert all(item["icon"] and item["text"] for item in items)  # type: ignore[index]


def test_every_event_is_documented() -> None:
    assert PAGE.read_text() == page(), "run scripts/events_table.py"
    assert all(f"`{each.kind}`" in PAGE.read_text() for each in EVENTS)


def test_a_kind_is_written_in_its_class_alone() -> None:
    """Stripe's events have some of the same names."""
    kinds = "|".join(re.escape(each.kind) for each in EVENTS)
    literal = re.compile(rf"(?<!kind=)(?P<quote>['\"])(?:{kinds})(?P=quote)")
    code = tracked(
        "msp/*.py", "integrations/*.py", "billing/*.py", "wsgi.py", "msp/*.html", "billing/*.html", "msp/*.js"
    )
    found = [
        f"{path.relative_to(ROOT)}: {each[0]}"
        for path in code
        if path != ROOT / "billing/stripe.py"
        for each in literal.finditer(text_of(path))
    ]
    assert len(code) > 400 and not found
