"""By which channels a reply can reach the requester of a ticket, in the order in which they are tried.

Integrations add their channels (msp.notify.reply_delivery sends by them). A reply goes out by one channel only: the one
of the requester's last public message, then the other chat systems, then mail, then the portal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from msp.kernel.db import Scope, work
from msp.notify.requester_contact import RequesterContact, requester_contact

EMAIL, PORTAL = "email", "portal"
AFTER_CHAT = (EMAIL, PORTAL)  # in this order; every other channel is a chat system


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """A public message that a channel sends to a requester: ids only, everything else is read in the client's scope.

    `key` is the same at each try of one delivery, so that a channel can send once per key.
    """

    key: str
    client_id: UUID
    ticket_id: UUID
    message_id: UUID
    requester_id: UUID


class ReplyChannel(Protocol):
    """One way to bring replies to requesters."""

    @property
    def name(self) -> str:
        """As in Message.channel and Message.delivery_channel: a platform's name, or `portal`."""
        ...

    def can_reach(self, contact: RequesterContact) -> bool:
        """Whether it could reach the requester now. Asks neither the database nor the network."""
        ...

    def send(self, reply: OutgoingReply) -> None:
        """Send the reply, once per key. Called outside of any unit of work.

        Raises Temporary where it may work later (InDoubt where it may have been sent), Permanent where this channel
        will never send it: Broken where its connection must be renewed, Unreachable where only this conversation is
        closed.
        """
        ...


class Identified(Protocol):
    """A ticket, however it was read."""

    @property
    def id(self) -> UUID: ...


_channels: dict[str, ReplyChannel] = {}


def add_reply_channel(channel: ReplyChannel) -> None:
    """Have replies go out this way too; a channel of the same name is replaced."""
    _channels[channel.name] = channel


def remove_reply_channel(name: str) -> None:
    """Send no more replies this way."""
    _channels.pop(name, None)


def reply_channel_named(name: str) -> ReplyChannel | None:
    """The channel of this name, if it is on."""
    return _channels.get(name)


def channels_for(contact: RequesterContact) -> list[ReplyChannel]:
    """The channels that can reach the requester now, in the order in which they are tried.

    None for somebody who is not active any more.
    """
    if not contact.is_active:
        return []
    order = in_order(list(_channels), used=contact.used)
    return [channel for name in order if (channel := _channels[name]).can_reach(contact)]


def reply_channel_of(ticket: Identified) -> str | None:
    """The name of the channel that a reply would be sent by now; None where the requester cannot be reached."""
    with work(Scope.system()):
        contact = requester_contact(ticket.id)
    first = next(iter(channels_for(contact)), None)
    return first.name if first else None


def in_order(names: Sequence[str], *, used: Sequence[str]) -> list[str]:
    """Names of channels in the order in which they are tried; `used` are the requester's own, last used first.

    Only the very last one goes before chat systems where it is mail or the portal.
    """
    last = used[:1]
    chats = [name for name in names if name not in AFTER_CHAT]
    recent = [name for name in used if name in chats]
    wanted = dict.fromkeys([*last, *recent, *chats, *AFTER_CHAT])
    return [name for name in wanted if name in names]
