"""Which chat systems people can have identities in: those of installed plug-ins (msp.clients.platforms)."""

_names: set[str] = set()


def allow_identities(platform: str) -> None:
    """Let people have identities in this platform."""
    _names.add(platform)


def forbid_identities(platform: str) -> None:
    """Undo `allow_identities`."""
    _names.discard(platform)


def has_identities(platform: str) -> bool:
    """Whether people can have identities in this platform."""
    return platform in _names
