"""Replies in the portal: visible at once; the list marks the ticket until its requester opens it."""

from dataclasses import dataclass

from flask import current_app

from msp.clients.models import Client
from msp.kernel.db import db
from msp.notify.replies import PORTAL, DraftReply, OutgoingReply, ReplyPreview, add_reply_channel
from msp.notify.requester_contact import RequesterContact
from msp.people.models import Person
from msp.people.queries import can_sign_in


def can_use_portal(person: Person) -> bool:
    """Whether a client's person can sign in to the portal now (system scope): person, account and client are active."""
    client = db.session.get(Client, person.client_id) if person.client_id else None
    return client is not None and client.active and can_sign_in(person)


def ticket_url(label: str) -> str:
    """The address of a ticket in the portal, for messages that leave the desk."""
    adapter = current_app.url_map.bind("desk")
    return f"{current_app.config['SETTINGS'].public_url}{adapter.build('portal.ticket', {'label': label})}"


@dataclass(frozen=True, slots=True)
class PortalChannel:
    """The portal as a reply channel, for people who can sign in."""

    name: str = PORTAL

    def can_reach(self, contact: RequesterContact) -> bool:
        """Whether the requester can sign in."""
        return contact.can_sign_in

    def preview(self, draft: DraftReply) -> ReplyPreview:
        """The portal shows everything that rich text can express."""
        return ReplyPreview((draft.document,), heading=draft.author)

    def send(self, reply: OutgoingReply) -> None:
        """Does nothing: the portal shows every public message of a ticket."""


def register() -> None:
    """Register the portal as a reply channel."""
    add_reply_channel(PortalChannel())
