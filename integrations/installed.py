"""The channels of this product: another one is a folder of its own and its name here."""

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
        """What it is, whether it is switched on or not."""
        ...

    def register(self, app: Flask, settings: Settings) -> None:
        """Open its endpoints and reach people through it, where its required settings are given."""
        ...


CHANNELS: tuple[ChannelPlugin, ...] = (slack, teams, mail)


def register_platforms(plugins: Sequence[ChannelPlugin] = CHANNELS) -> None:
    """Make their platforms known to the product."""
    for plugin in plugins:
        register_platform(plugin.PLATFORM)
