"""The destination of a reply, as the composer shows it before sending."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from msp.kernel.db import Scope, work
from msp.notify.replies import EMAIL, channels_for, reply_channel_named
from msp.notify.requester_contact import RequesterContact, requester_contact
from msp.people.names import first_name
from msp.tickets.ticket_rows import TicketRow
from msp.words.vocabulary import word


@dataclass(frozen=True, slots=True)
class Destination:
    """Destination of a reply: label, and if there is none, the reason and where to change that."""

    channel: str | None
    label: str
    blocked: str = ""
    fix_url: str = ""


def destination(ticket: TicketRow, *, may_administer: bool) -> Destination:
    """The current destination of a reply."""
    name = first_name(ticket.requester_name) or ticket.requester_name
    with work(Scope.system()):
        contact = requester_contact(ticket.id)
    channel = next((each.name for each in channels_for(contact)), None)
    if channel is None:
        fix_url = url_for("admin.person", person_id=ticket.requester_id) if may_administer else ""
        return Destination(None, gettext("Reply to %(name)s", name=name), _why_nowhere(contact, name), fix_url)
    return Destination(channel, word(channel, "reply_by"))


def _why_nowhere(contact: RequesterContact, name: str) -> str:
    """Why there is no destination, and what to do about it."""
    if not contact.is_active:
        return gettext("%(name)s cannot be notified: their record is deactivated. Activate it again.", name=name)
    if not contact.email:
        return gettext(
            "%(name)s cannot be notified: they have no linked chat, no email address and no access to the portal."
            " Add their email address, or call them.",
            name=name,
        )
    if reply_channel_named(EMAIL) is None:
        return gettext(
            "%(name)s cannot be notified: they have no linked chat and no access to the portal, and outgoing email is"
            " not set up. Give them access to the portal, or call them.",
            name=name,
        )
    return gettext(
        "%(name)s cannot be notified: their email address cannot be used, and they have no linked chat and no access to"
        " the portal. Correct the address, or call them.",
        name=name,
    )
