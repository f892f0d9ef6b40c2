"""The card of a ticket for its requester: first codes and values, then text in the reader's language and zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask_babel import gettext, pgettext

from integrations.channels import relative_time
from integrations.channels.values import Button, WrittenCard
from msp.calendars.business_time import DeadlineStep
from msp.sla.clocks import ANSWERS, clocks_of, next_due
from msp.sla.explanation import explain_clock
from msp.sla.models import Clock
from msp.tickets.by_requester import may_be_more_urgent
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED
from msp.words.deadline_explanations import skipped_words
from msp.words.vocabulary import word

ANOTHER = "something_else"


@dataclass(frozen=True, slots=True)
class Why:
    """How a due date is computed: a budget of working time, its start, and the time that does not count."""

    budget: timedelta
    counted_from: datetime
    is_unbroken: bool
    left_out: tuple[DeadlineStep, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """The values that a card shows."""

    ticket_id: UUID
    label: str
    subject: str
    status: str
    priority: str
    assignee: str | None
    due_kind: str | None
    due_at: datetime | None
    why: Why | None
    buttons: tuple[str, ...]


def card_of(ticket: Ticket) -> Card:
    """The card of a ticket, in any scope that may read the ticket."""
    clock = next_due(clocks_of(ticket.id))
    return Card(
        ticket_id=ticket.id,
        label=ticket.label,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        assignee=ticket.assignee.name if ticket.assignee else None,
        due_kind=clock.kind if clock else None,
        due_at=clock.due_at if clock else None,
        why=_why(clock) if clock else None,
        buttons=_buttons(ticket),
    )


def written(card: Card, *, now: datetime) -> WrittenCard:
    """The text of the card in the language and time zone of the current reader."""
    facts = [
        (gettext("Status"), _capital(word(card.status, "portal_status"))),
        (gettext("Priority"), _capital(word(card.priority, "priority"))),
        (pgettext("card", "Assigned to"), card.assignee or pgettext("card", "Unassigned")),
    ]
    if card.due_at is not None:
        facts.append((_due_label(card.due_kind), relative_time.moment(card.due_at, now=now)))
    return WrittenCard(
        label=card.label,
        subject=card.subject,
        facts=tuple(facts),
        why=_reason(card.why, card.due_at, now=now) if card.why and card.due_at else None,
        buttons=tuple(Button(code, button_label(code)) for code in card.buttons),
        another=Button(ANOTHER, gettext("Something else")) if card.buttons else None,
    )


def _due_label(kind: str | None) -> str:
    if kind in ANSWERS:
        return gettext("Response due")
    return gettext("Fulfilment due") if kind == "fulfilment" else gettext("Resolution due")


def button_label(code: str) -> str:
    """The label of a button."""
    labels = {
        "add_detail": gettext("Add detail"),
        "more_urgent": gettext("It’s more urgent"),
        "talk_to_person": gettext("Talk to a person"),
        "solved": gettext("Yes, resolved"),
        "not_yet": gettext("Not yet"),
        "reopen": gettext("Reopen"),
    }
    return labels[code]


def _buttons(ticket: Ticket) -> tuple[str, ...]:
    if ticket.status in FINISHED:
        return ("reopen",)
    return ("add_detail", *(["more_urgent"] if may_be_more_urgent(ticket) else []), "talk_to_person")


def _why(clock: Clock) -> Why | None:
    explained = explain_clock(clock)
    windows = [step for step in explained.steps if step.code == "window"]
    if not windows:
        return None
    return Why(
        budget=explained.budget,
        counted_from=windows[0].start,
        is_unbroken=len(windows) == 1,
        left_out=tuple(step for step in explained.steps if step.code != "window"),
    )


def _reason(why: Why, due_at: datetime, *, now: datetime) -> str:
    facts = {
        "time": relative_time.time_of_day(due_at),
        "budget": relative_time.budget(why.budget),
        "start": relative_time.start(why.counted_from, now=now),
    }
    if left_out := skipped_words(why.left_out):
        return gettext(
            "Why %(time)s: your contract’s SLA target is %(budget)s of business time, counted "
            "%(start)s; not counted: %(left_out)s.",
            left_out=left_out,
            **facts,
        )
    if not why.is_unbroken:
        return gettext(
            "Why %(time)s: your contract’s SLA target is %(budget)s of business time, counted %(start)s.", **facts
        )
    return gettext("Why %(time)s: your contract’s SLA target is %(budget)s, counted %(start)s.", **facts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
