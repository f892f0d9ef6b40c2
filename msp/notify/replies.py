"""Reply channels: which can reach the requester of a ticket, in the order in which they are tried.

Integrations register their channels; msp.notify.reply_delivery sends by them. A reply is sent by one channel only: the
one of the requester's last public message, then the other chat systems, then mail, then the portal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from msp.kernel.db import Scope, work
from msp.notify.requester_contact import RequesterContact, requester_contact
from msp.richtext import Document

EMAIL, PORTAL = "email", "portal"
AFTER_CHAT = (EMAIL, PORTAL)  # in this order; every other channel is a chat system


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """A public message that a channel sends to a requester: ids only, the rest is read in the client's scope.

    `requester_id` is the person who gets it: the ticket's requester, or with `is_copy` a person in CC.

    `key` is the same at each try of one delivery, so that a channel can send once per key.
    """

    key: str
    client_id: UUID
    ticket_id: UUID
    message_id: UUID
    requester_id: UUID
    is_copy: bool = False


@dataclass(frozen=True, slots=True)
class DraftReply:
    """A reply that is not sent yet, as its preview needs it."""

    document: Document
    author: str
    label: str
    subject: str


@dataclass(frozen=True, slots=True)
class ReplyPreview:
    """What the requester will see: one document for each message that is sent, and the lines above the first one."""

    parts: tuple[Document, ...]
    heading: str = ""
    subject: str = ""


class ReplyChannel(Protocol):
    """A channel that sends replies to requesters."""

    @property
    def name(self) -> str:
        """As in Message.channel and Message.delivery_channel: a platform's name, or `portal`."""
        ...

    def can_reach(self, contact: RequesterContact) -> bool:
        """Whether it could reach the requester now. Uses neither the database nor the network."""
        ...

    def preview(self, draft: DraftReply) -> ReplyPreview:
        """How this channel would show a reply, without what its formatting cannot express. Sends nothing."""
        ...

    def send(self, reply: OutgoingReply) -> None:
        """Send the reply, once per key. Called outside of any unit of work.

        Raises Temporary if it may work later (InDoubt if it may have been sent), Permanent if this channel will never
        send it: Broken if its connection must be renewed, Unreachable if only this conversation is closed.
        """
        ...


class Identified(Protocol):
    """A ticket, as model or row."""

    @property
    def id(self) -> UUID: ...


_channels: dict[str, ReplyChannel] = {}


def add_reply_channel(channel: ReplyChannel) -> None:
    """Register a reply channel; replaces one of the same name."""
    _channels[channel.name] = channel


def remove_reply_channel(name: str) -> None:
    """Unregister a reply channel."""
    _channels.pop(name, None)


def reply_channel_named(name: str) -> ReplyChannel | None:
    """The channel of this name, if it is registered."""
    return _channels.get(name)


def channels_for(contact: RequesterContact) -> list[ReplyChannel]:
    """The channels that can reach the requester now, in the order in which they are tried.

    Empty for a person who is not active.
    """
    if not contact.is_active:
        return []
    order = in_order(list(_channels), used=contact.used)
    return [channel for name in order if (channel := _channels[name]).can_reach(contact)]


def reply_channel_of(ticket: Identified) -> str | None:
    """The name of the channel that would send a reply now; None if the requester cannot be reached."""
    with work(Scope.system()):
        contact = requester_contact(ticket.id)
    first = next(iter(channels_for(contact)), None)
    return first.name if first else None


def in_order(names: Sequence[str], *, used: Sequence[str]) -> list[str]:
    """Names of channels in the order in which they are tried; `used` are the requester's own, last used first.

    Mail or the portal precedes chat systems only as the last channel used.
    """
    last = used[:1]
    chats = [name for name in names if name not in AFTER_CHAT]
    recent = [name for name in used if name in chats]
    wanted = dict.fromkeys([*last, *recent, *chats, *AFTER_CHAT])
    return [name for name in wanted if name in names]
