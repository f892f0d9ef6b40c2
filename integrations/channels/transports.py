"""The chat systems that are switched on in this process."""

from integrations.channels.transport import Transport

_transports: dict[str, Transport] = {}


def add_transport(transport: Transport) -> None:
    """Switch a channel on; the later one of a platform takes its place."""
    _transports[transport.platform.name] = transport


def transport_of(platform: str) -> Transport | None:
    """The transport of a platform, or None where it is switched off."""
    return _transports.get(platform)
