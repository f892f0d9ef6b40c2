"""Events of clients and of their connections to chat systems."""

from msp.kernel.event_types import Event


class ClientAdded(Event, kind="client.added", icon="building-2"):
    """A client company was added."""

    name: str


class ClientEdited(Event, kind="client.edited", icon="file-pen-line"):
    """Details of a client changed; `changed` has their names."""

    changed: tuple[str, ...]


class ConnectionEvent(Event):
    """Its subject is a connection; `connection` is the platform."""

    connection: str


class ConnectionAdded(ConnectionEvent, kind="connection.added", icon="plug"):
    """A workspace or tenant was connected, or its connection renewed."""

    is_renewal: bool


class ConnectionBroken(ConnectionEvent, kind="connection.broken", icon="unplug"):
    """A connection no longer works; an administrator must renew it."""

    reason: str


class ConnectionRestored(ConnectionEvent, kind="connection.restored", icon="circle-check"):
    """A broken connection works again, or has a token for the first time."""


class ConnectionRemoved(ConnectionEvent, kind="connection.removed", icon="trash-2"):
    """A connection and its token were deleted."""
