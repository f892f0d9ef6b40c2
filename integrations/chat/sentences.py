"""What we say in a thread when something happened, in the reader's language. None of it is kept in the domain."""

from datetime import datetime

from flask_babel import gettext, ngettext

from integrations.chat import when
from integrations.chat.cards import Card, button_label
from integrations.chat.values import Button
from msp.sla.clocks import ANSWERS
from msp.web.parts.words import word


def opened(card: Card, *, name: str, now: datetime) -> str:
    """The first answer: we have it, and by when somebody says more."""
    if card.due_at is None:
        return gettext("Got it, %(name)s. Somebody will answer you here.", name=name)
    before = when.before(card.due_at, now=now)
    if card.due_kind in ANSWERS:
        return gettext("Got it, %(name)s. We will answer you %(before)s.", name=name, before=before)
    if card.due_kind == "fulfilment":
        return gettext("Got it, %(name)s. It will be done %(before)s.", name=name, before=before)
    return gettext("Got it, %(name)s. It will be solved %(before)s.", name=name, before=before)


def resolved(*, kind: str, by: str | None) -> str:
    """A technician says it is solved; the requester has the last word. `kind` is the ticket's type."""
    if by is None:
        return gettext("It should be solved now. Is it for you?")
    if kind == "request":
        return gettext("It is done, says %(name)s. Is it as you need it?", name=by)
    return gettext("It works again, says %(name)s. Does it for you?", name=by)


def resolved_buttons() -> tuple[Button, ...]:
    """The two answers to `resolved`."""
    return Button("solved", button_label("solved"), is_primary=True), Button("not_yet", button_label("not_yet"))


def closed(card: Card, *, name: str) -> str:
    """The requester said that it is solved."""
    return gettext(
        "Thank you, %(name)s. We have closed %(label)s; write here if it comes back.", name=name, label=card.label
    )


def reopened(card: Card, *, name: str) -> str:
    """The requester said that it is not solved."""
    return gettext("Understood, %(name)s. %(label)s is open again and we are on it.", name=name, label=card.label)


def raised(card: Card, *, now: datetime) -> str:
    """The requester made it more urgent."""
    noted = gettext("Noted: its priority is now %(priority)s.", priority=word(card.priority, "priority"))
    if card.due_at is None:
        return noted
    before = when.before(card.due_at, now=now)
    if card.due_kind in ANSWERS:
        promise = gettext("We will answer you %(before)s.", before=before)
    elif card.due_kind == "fulfilment":
        promise = gettext("It will be done %(before)s.", before=before)
    else:
        promise = gettext("It will be solved %(before)s.", before=before)
    return f"{noted} {promise}"


def person_asked(*, name: str) -> str:
    """The requester wants to talk to somebody."""
    return gettext("I have told the team, %(name)s: a person will write to you here.", name=name)


def add_detail(*, label: str) -> str:
    """How to add something to a ticket."""
    return gettext(
        "Write it here, in this thread, and it goes straight to %(label)s. You can send screenshots too.", label=label
    )


def not_yours() -> str:
    """A button was pressed by somebody who may not, or about another ticket."""
    return gettext("I cannot do that from here.")


def already(*, label: str) -> str:
    """A button was pressed whose moment has passed."""
    return gettext("That is done already: you see how %(label)s stands on its card.", label=label)


def unconnected() -> str:
    """To people of a company that no administrator has connected yet."""
    return gettext(
        "Hello. Your company is not connected to this help desk yet. Whoever can connect it has been told;"
        " as soon as it is done we will help you here."
    )


def stranger() -> str:
    """To people of other companies in a shared channel."""
    return gettext("Hello. Here I can only help the people of this company. Please ask your own support team.")


def in_private() -> str:
    """In a channel where other companies read along."""
    return gettext("People of other companies read this channel, so I am writing to you in private.")


def nothing_said() -> str:
    """Somebody called us and said no more."""
    return gettext("Hello. Tell me in one message what happens, and I will open a ticket for you.")


def met() -> str:
    """To somebody of the desk who wrote to us for the first time."""
    return gettext("Hello. From now on I will write to you here when a ticket of yours cannot wait.")


def nudge(kind: str, *, label: str, subject: str, client: str, clock: str, due: str) -> str:
    """To a member of staff, in their own chat: one line with what they must know."""
    about = {"label": label, "subject": subject, "client": client}
    clock_name = word(clock, "clock")
    if kind == "sla.breached":
        return gettext("%(label)s is past its time for %(clock)s: %(subject)s (%(client)s).", clock=clock_name, **about)
    if kind == "sla.warned":
        return gettext(
            "%(label)s is close to its time for %(clock)s, due %(due)s: %(subject)s (%(client)s).",
            clock=clock_name,
            due=due,
            **about,
        )
    if kind == "sla.escalated" and not clock:
        return gettext("%(label)s was escalated: %(subject)s (%(client)s).", **about)
    if kind == "sla.escalated":
        return gettext("%(label)s needs you for its %(clock)s: %(subject)s (%(client)s).", clock=clock_name, **about)
    if kind == "ticket.received":
        return gettext("The client wrote on %(label)s: %(subject)s (%(client)s).", **about)
    if kind == "ticket.person_asked":
        return gettext("Somebody wants to talk to a person about %(label)s: %(subject)s (%(client)s).", **about)
    return gettext("%(label)s is yours now: %(subject)s (%(client)s).", **about)


def digest(number: int) -> str:
    """The head of what waited while somebody was not to be disturbed, or while we could not reach them."""
    return ngettext("%(num)d thing waited for you:", "%(num)d things waited for you:", number)
