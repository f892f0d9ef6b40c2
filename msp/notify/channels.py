"""Ways to reach a person outside the console. Integrations add theirs; nobody here knows which."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from msp.kernel.db import Json

Medium = Literal["chat", "mail"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a person is notified of: codes and values, put into words by the channel in the person's language.

    `data` has what the event says, and the ticket's `label`, `subject` and `client` as they are when it is sent.
    """

    client_id: UUID
    ticket_id: UUID | None
    kind: str
    data: Json
    at: datetime


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a person is notified of at once, oldest first: one thing, or a digest. `key` is the same at each try.

    `event_id` names the first event and `key` the delivery: together they are unlike any other, elsewhere too.
    """

    key: str
    event_id: UUID
    person_id: UUID
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to people.

    `reaches` answers in the unit of work in force (system scope), without the network. `send` runs outside of any;
    it says each bundle once, raises Temporary to be asked again and Permanent where it will never arrive.
    """

    name: str
    medium: Medium
    reaches: Callable[[UUID], bool]
    send: Callable[[Bundle], None]


_channels: dict[str, Channel] = {}


def add_channel(channel: Channel) -> None:
    """Have people reached this way too; a channel of the same name is replaced."""
    _channels[channel.name] = channel


def remove_channel(name: str) -> None:
    """Reach nobody this way any more."""
    _channels.pop(name, None)


def channel_named(name: str) -> Channel | None:
    """The channel of this name, if it is on."""
    return _channels.get(name)


def channel_to(person_id: UUID, medium: Medium) -> Channel | None:
    """The first channel of a medium that reaches a person (system scope), in the order in which they were added."""
    return next((each for each in _channels.values() if each.medium == medium and each.reaches(person_id)), None)


def media_to(person_id: UUID) -> set[Medium]:
    """By which media a person is reached outside the console now (system scope)."""
    return {each.medium for each in _channels.values() if each.reaches(person_id)}
