"""Texts of macros: values and descriptions of their variables, the text for a ticket, what a macro changes."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from msp.kernel import clock
from msp.kernel.i18n import reading_as
from msp.macros.models import Macro
from msp.macros.variables import VARIABLES, expand
from msp.people.models import Person
from msp.people.names import first_name
from msp.tickets.models import Ticket
from msp.words import formats
from msp.words.vocabulary import word


@dataclass(frozen=True, slots=True)
class Variable:
    """What a variable of VARIABLES stands for: a description, and its value for a ticket and the person who writes."""

    description: LazyString
    value: Callable[[Ticket, Person], str]


TABLE: dict[str, Variable] = {
    "requester.first_name": Variable(
        _l("First name of the requester"), lambda ticket, _: first_name(ticket.requester.name)
    ),
    "requester.name": Variable(_l("Name of the requester"), lambda ticket, _: ticket.requester.name),
    "ticket.label": Variable(_l("Ticket number"), lambda ticket, _: ticket.label),
    "ticket.subject": Variable(_l("Subject"), lambda ticket, _: ticket.subject),
    "ticket.priority": Variable(_l("Priority"), lambda ticket, _: word(ticket.priority, "priority")),
    "ticket.due": Variable(_l("When the ticket is due, in the requester's time zone"), lambda ticket, _: _due(ticket)),
    "client.name": Variable(_l("Name of the client"), lambda ticket, _: ticket.client.name),
    "agent.first_name": Variable(_l("Your first name"), lambda _, agent: first_name(agent.name) or agent.name),
    "agent.name": Variable(_l("Your name"), lambda _, agent: agent.name),
}
assert tuple(TABLE) == VARIABLES


def text_for(macro: Macro, ticket: Ticket, agent: Person) -> str:
    """The text of a macro with its values: a reply in the requester's language, a note in that of its author."""
    reader = ticket.requester if macro.visibility == "public" else agent
    with reading_as(reader.locale, ticket.requester.timezone):
        values = {name: each.value(ticket, agent) for name, each in TABLE.items()}
        return expand(macro.text_in(reader.locale), values)


def effects(macro: Macro, *, with_text: bool = True) -> list[str]:
    """What a macro does, in the reader's language; without its reply or note if not `with_text`."""
    found = []
    if with_text and macro.has_text:
        found.append(gettext("Internal note") if macro.visibility == "internal" else gettext("Public reply"))
    if macro.priority:
        found.append(gettext("Priority: %(priority)s", priority=word(macro.priority, "priority")))
    if macro.tier:
        found.append(gettext("Tier: %(tier)s", tier=word(macro.tier, "tier")))
    if macro.assigns_to_self:
        found.append(gettext("Assign to me"))
    elif macro.assignee is not None:
        found.append(gettext("Assign to %(name)s", name=macro.assignee.name))
    if macro.tags:
        found.append(gettext("Tags: %(tags)s", tags=", ".join(macro.tags)))
    if macro.minutes:
        time, work = formats.minutes(macro.minutes), word(macro.work_type, "work")
        found.append(gettext("Log %(time)s, %(work)s", time=time, work=work))
    if macro.status:
        found.append(gettext("Status: %(after)s", after=word(macro.status, "status")))
    return found


def _due(ticket: Ticket) -> str:
    """The next due date, unless it has passed."""
    if ticket.due_at is None or ticket.due_at <= clock.now():
        return gettext("as soon as possible")
    return formats.moment(ticket.due_at)
