"""Channels that reach a person outside the console. Integrations register theirs; this package names none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from msp.kernel.db import Json

Medium = Literal["chat", "mail"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification: codes and values; the channel renders the text in the person's language.

    `data` has the data of the event, and the ticket's `label`, `subject` and `client` as they are when it is sent.
    """

    client_id: UUID
    ticket_id: UUID | None
    kind: str
    data: Json
    at: datetime


@dataclass(frozen=True, slots=True)
class Bundle:
    """Notifications sent together, oldest first: one, or a digest. `key` is the same at each try.

    `event_id` names the first event and `key` the delivery: together they are globally unique.
    """

    key: str
    event_id: UUID
    person_id: UUID
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel to people.

    `reaches` runs in the current unit of work (system scope), without network. `send` runs outside of any unit of work;
    it sends each bundle once, raises Temporary to be retried and Permanent if it will never be delivered.
    """

    name: str
    medium: Medium
    reaches: Callable[[UUID], bool]
    send: Callable[[Bundle], None]


_channels: dict[str, Channel] = {}


def add_channel(channel: Channel) -> None:
    """Register a channel; replaces one of the same name."""
    _channels[channel.name] = channel


def remove_channel(name: str) -> None:
    """Unregister a channel."""
    _channels.pop(name, None)


def channel_named(name: str) -> Channel | None:
    """The channel of this name, if it is registered."""
    return _channels.get(name)


def channel_to(person_id: UUID, medium: Medium) -> Channel | None:
    """The first channel of a medium that reaches a person (system scope), in order of registration."""
    return next((each for each in _channels.values() if each.medium == medium and each.reaches(person_id)), None)


def media_to(person_id: UUID) -> set[Medium]:
    """The media that reach a person outside the console now (system scope)."""
    return {each.medium for each in _channels.values() if each.reaches(person_id)}
