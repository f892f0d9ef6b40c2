"""Sentences that we post in a thread about an event, in the reader's language. None of them is stored."""

from datetime import datetime

from flask_babel import gettext, ngettext

from integrations.channels import relative_time
from integrations.channels.cards import Card, button_label
from integrations.channels.values import Button
from msp.sla.clocks import ANSWERS
from msp.tickets.events import (
    PersonRequested,
    SlaBreached,
    SlaEscalated,
    SlaWarned,
    StaffMentioned,
    TicketReceived,
    TicketStatusChanged,
)
from msp.words.vocabulary import word


def headline(card: Card, *, name: str, now: datetime) -> str:
    """The sentence above a card, which describes the ticket as the card shows it. `name` may be empty."""
    if card.status == "resolved":
        return gettext("%(label)s is resolved. If it is not, write it here.", label=card.label)
    if card.status == "closed":
        return gettext("%(label)s is closed.", label=card.label)
    if card.status == "waiting_client":
        return gettext("We are waiting for your answer on %(label)s.", label=card.label)
    received = gettext("Got it, %(name)s.", name=name) if name else gettext("Got it.")
    return f"{received} {due_sentence(card, now=now)}"


def due_sentence(card: Card, *, now: datetime) -> str:
    """What the ticket's next due date means for its requester."""
    if card.due_at is None:
        return gettext("We will reply to you here.")
    if card.due_at < now:
        return gettext("Our reply is overdue; the team has been notified.")
    before = relative_time.before(card.due_at, now=now)
    if card.due_kind in ANSWERS:
        return gettext("We will reply %(before)s.", before=before)
    if card.due_kind == "fulfilment":
        return gettext("It will be done %(before)s.", before=before)
    return gettext("It will be resolved %(before)s.", before=before)


def resolved(*, kind: str, by: str | None) -> str:
    """The ticket was resolved; the requester confirms it or not. `kind` is its type, `by` who resolved it."""
    if not by:
        return gettext("We have marked this as resolved. Does it work for you?")
    if kind == "request":
        return gettext("%(name)s has completed this. Is it as you need it?", name=by)
    return gettext("%(name)s has marked this as resolved. Does it work for you?", name=by)


def resolved_buttons() -> tuple[Button, ...]:
    """The two answers to `resolved`."""
    return Button("solved", button_label("solved"), is_primary=True), Button("not_yet", button_label("not_yet"))


def reopen_buttons() -> tuple[Button, ...]:
    """A button that reopens a finished ticket."""
    return (Button("reopen", button_label("reopen")),)


def closed(card: Card, *, name: str) -> str:
    """The requester confirmed that it is solved."""
    thanks = gettext("Thank you, %(name)s.", name=name) if name else gettext("Thank you.")
    return f"{thanks} " + gettext("%(label)s is closed. Write here if it happens again.", label=card.label)


def stays_finished(card: Card, *, name: str) -> str:
    """The requester thanked us on a finished ticket."""
    welcome_to = gettext("You are welcome, %(name)s.", name=name) if name else gettext("You are welcome.")
    if card.status == "closed":
        return f"{welcome_to} " + gettext("%(label)s stays closed.", label=card.label)
    return f"{welcome_to} " + gettext("%(label)s stays resolved.", label=card.label)


def welcome() -> str:
    """The answer to thanks that belong to no ticket."""
    return gettext("You are welcome. If something does not work, write to me and I will open a ticket.")


def deleted_subject() -> str:
    """The subject of a ticket whose opening message was deleted."""
    return gettext("Message deleted")


def reopened(card: Card, *, name: str) -> str:
    """The requester answered that it is not solved."""
    understood = gettext("Understood, %(name)s.", name=name) if name else gettext("Understood.")
    return f"{understood} " + gettext("%(label)s has been reopened.", label=card.label)


def raised(card: Card, *, now: datetime) -> str:
    """The requester raised the priority."""
    noted = gettext("Priority changed to %(priority)s.", priority=word(card.priority, "priority"))
    return noted if card.due_at is None else f"{noted} {due_sentence(card, now=now)}"


def person_asked(*, name: str) -> str:
    """The requester asked for a person."""
    notified = (
        gettext("I have notified the team, %(name)s:", name=name) if name else gettext("I have notified the team:")
    )
    return f"{notified} " + gettext("a person will write to you here.")


def person_asked_already() -> str:
    """The requester asked for a person a moment before."""
    return gettext("The team was notified a moment ago: a person will write to you here.")


def something_else() -> str:
    """The next message starts another ticket."""
    return gettext("Understood: what you write next will be a new ticket.")


def add_detail(*, label: str, has_threads: bool) -> str:
    """How to add something to a ticket."""
    if not has_threads:
        return gettext("Write it here and it will be added to %(label)s. You can also send screenshots.", label=label)
    return gettext(
        "Write it in this thread and it will be added to %(label)s. You can also send screenshots.", label=label
    )


def not_yours() -> str:
    """A button was clicked by a person who may not use it, or for another ticket."""
    return gettext("This action is not available here.")


def failed() -> str:
    """The action of a button or form failed."""
    return gettext("That did not work. Please try again in a minute.")


def already(*, label: str) -> str:
    """A button was clicked that no longer applies."""
    return gettext("Already done. The card of %(label)s shows its current status.", label=label)


def unconnected() -> str:
    """For people of a company that is not connected yet."""
    return gettext(
        "Hello. Your company is not connected to this help desk yet. The administrator has "
        "been notified and we will help you here as soon as it is connected."
    )


def stranger() -> str:
    """For people of other companies in a shared channel."""
    return gettext("Hello. I can only help people from this company here. Please contact your own support team.")


def in_private() -> str:
    """For a channel that other companies read."""
    return gettext("This channel includes people from other companies, so I am writing to you privately.")


def nothing_said() -> str:
    """The answer to a message without text."""
    return gettext("Hello. Describe the problem in one message and I will open a ticket for you.")


def nothing_said_in_channel() -> str:
    """The same in a channel, where we receive only mentions."""
    return gettext("Hello. Mention me in a message that describes the problem and I will open a ticket for you.")


def met() -> str:
    """For a member of staff who wrote to us for the first time."""
    return gettext("Hello. You will receive urgent ticket notifications here.")


def closed_too_long(label: str) -> str:
    """The ticket was closed too long ago to be reopened."""
    return gettext(
        "%(label)s was closed some time ago. Write here, and we open a new ticket that follows it.", label=label
    )


def continues_in(before: str, card: Card) -> str:
    """A ticket was merged: its thread goes on with the other ticket."""
    return gettext(
        "%(before)s is now part of %(label)s: %(subject)s. You can go on writing here.",
        before=before,
        label=card.label,
        subject=card.subject,
    )


def was_split(label: str, subject: str) -> str:
    """Part of what was written became a ticket of its own."""
    return gettext(
        "Part of this is now a ticket of its own, %(label)s: %(subject)s. We will answer it separately.",
        label=label,
        subject=subject,
    )


def notification(kind: str, *, label: str, subject: str, client: str, clock: str, due: str) -> str:
    """A notification to a member of staff by direct message, in one line."""
    about = {"label": label, "subject": subject, "client": client}
    clock_name = word(clock, "clock")
    if kind == SlaBreached.kind:
        return gettext(
            "%(label)s has breached its SLA target (%(clock)s): %(subject)s (%(client)s).", clock=clock_name, **about
        )
    if kind == SlaWarned.kind:
        return gettext(
            "%(label)s is close to its SLA target (%(clock)s), due %(due)s: %(subject)s (%(client)s).",
            clock=clock_name,
            due=due,
            **about,
        )
    if kind == SlaEscalated.kind and not clock:
        return gettext("%(label)s was escalated: %(subject)s (%(client)s).", **about)
    if kind == SlaEscalated.kind:
        return gettext(
            "%(label)s needs attention, SLA target: %(clock)s. %(subject)s (%(client)s).", clock=clock_name, **about
        )
    if kind == TicketStatusChanged.kind:
        return gettext("The status of %(label)s, which you follow, has changed: %(subject)s (%(client)s).", **about)
    if kind == TicketReceived.kind:
        return gettext("The client replied on %(label)s: %(subject)s (%(client)s).", **about)
    if kind == StaffMentioned.kind:
        return gettext("You were mentioned in a note on %(label)s: %(subject)s (%(client)s).", **about)
    if kind == PersonRequested.kind:
        return gettext("The requester asks to talk to a person about %(label)s: %(subject)s (%(client)s).", **about)
    return gettext("%(label)s was assigned to you: %(subject)s (%(client)s).", **about)


def digest(number: int) -> str:
    """The first line of a digest of notifications that were held during quiet hours or could not be delivered."""
    return ngettext("%(num)d notification:", "%(num)d notifications:", number)
