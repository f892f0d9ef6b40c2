"""Sentences of events: escalation steps with and without an SLA target."""

import pytest
from flask import Flask

from msp.kernel.i18n import reading_as
from msp.notify.models import Notification
from msp.tickets.events import SlaEscalated
from msp.web.desk.notifications import sentence
from msp.words.event_messages import event_message


@pytest.mark.parametrize(
    ("locale", "is_late", "in_history", "in_list"),
    [
        ("en", False, "Ticket escalated", "A ticket was escalated"),
        ("en", True, "Ticket escalated (processed late)", "A ticket was escalated"),
        ("es", False, "Ticket escalado", "Se ha escalado un ticket"),
    ],
)
def test_an_escalation_without_a_target_names_none(
    app: Flask, locale: str, is_late: bool, in_history: str, in_list: str
) -> None:
    event = SlaEscalated(clock="", is_late=is_late, assignee_id=None, due_at=None)
    with reading_as(locale, "Europe/Madrid"):
        assert event_message(event) == in_history
        assert sentence(Notification(kind=SlaEscalated.kind, data=event.data())) == in_list


def test_an_escalation_of_a_target_names_it(app: Flask) -> None:
    event = SlaEscalated(
        clock="resolution", is_late=False, assignee_id=None, due_at=None, steps=("before:30:next_tier",)
    )
    with reading_as("en", "Europe/Madrid"):
        assert event_message(event).startswith("Resolution: 30")
