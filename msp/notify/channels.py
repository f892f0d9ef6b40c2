"""Ways to reach a member of staff outside the console. Integrations add theirs; nobody here knows which."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from msp.kernel.db import Json


@dataclass(frozen=True, slots=True)
class Nudge:
    """What a person should hear: codes and facts, put into words by the channel in the person's language."""

    notification_id: UUID
    person_id: UUID
    client_id: UUID
    ticket_id: UUID | None
    kind: str
    data: Json


Channel = Callable[[Nudge], None]
_channels: dict[str, Channel] = {}


def add_channel(name: str, send: Channel) -> None:
    """Have `send` bring nudges; it does nothing for people it cannot reach, and raises Temporary to be asked again."""
    _channels[name] = send


def channels() -> dict[str, Channel]:
    """The channels that are on."""
    return dict(_channels)
