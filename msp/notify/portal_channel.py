"""Replies in the portal: they stand there at once, and the list marks the ticket until its requester opens it."""

from dataclasses import dataclass

from msp.clients.models import Client
from msp.kernel.db import db
from msp.notify.replies import PORTAL, OutgoingReply, add_reply_channel
from msp.notify.requester_contact import RequesterContact
from msp.people.models import Person
from msp.people.queries import can_sign_in


def can_use_portal(person: Person) -> bool:
    """Whether a client's person can sign in to the portal now (system scope): they, account and client are active."""
    client = db.session.get(Client, person.client_id) if person.client_id else None
    return client is not None and client.active and can_sign_in(person)


@dataclass(frozen=True, slots=True)
class PortalChannel:
    """Counts only for people who can sign in to the portal."""

    name: str = PORTAL

    def can_reach(self, contact: RequesterContact) -> bool:
        """Whether the requester can sign in."""
        return contact.can_sign_in

    def send(self, reply: OutgoingReply) -> None:
        """Nothing is to be sent: the portal shows every public message of a ticket."""


def register() -> None:
    """Have replies reach people in the portal."""
    add_reply_channel(PortalChannel())
