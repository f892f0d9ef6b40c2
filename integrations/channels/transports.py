"""The chat systems that are enabled in this process."""

from integrations.channels.transport import Transport

_transports: dict[str, Transport] = {}


def add_transport(transport: Transport) -> None:
    """Enable a transport; it replaces an earlier one of the same platform."""
    _transports[transport.platform.name] = transport


def transport_of(platform: str) -> Transport | None:
    """The transport of a platform, or None if it is not enabled."""
    return _transports.get(platform)
