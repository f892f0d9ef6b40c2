"""The channels of this product. To add one, create its package and list it here."""

from collections.abc import Sequence
from typing import Protocol

from flask import Flask

from integrations import mail, slack, teams
from msp.clients.platforms import Platform, register_platform
from msp.config import Settings


class ChannelPlugin(Protocol):
    """The package of a channel."""

    @property
    def PLATFORM(self) -> Platform:  # a constant of a module
        """Its description, whether it is enabled or not."""
        ...

    def register(self, app: Flask, settings: Settings) -> None:
        """Register its endpoints and subscribers if its required settings are set."""
        ...


CHANNELS: tuple[ChannelPlugin, ...] = (slack, teams, mail)


def register_platforms(plugins: Sequence[ChannelPlugin] = CHANNELS) -> None:
    """Add their platforms to the registry."""
    for plugin in plugins:
        register_platform(plugin.PLATFORM)


register_platforms()
