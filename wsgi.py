"""Where the desk, its integrations and billing meet. `wsgi:app` reads the environment."""

from collections.abc import Sequence

from flask import Flask

import billing
from integrations import webhooks
from integrations.installed import CHANNELS, ChannelPlugin, register_platforms
from msp.app import make_app
from msp.config import Settings


def create_app(settings: Settings | None = None, *, channels: Sequence[ChannelPlugin] = CHANNELS) -> Flask:
    """The whole desk for these settings (the environment's where None); an integration without keys stays out."""
    register_platforms(channels)
    settings = settings or Settings.from_env()
    app = make_app(settings)
    for channel in channels:
        channel.register(app, settings)
    webhooks.register(app, settings)
    billing.register(app, settings)
    return app


def __getattr__(name: str) -> Flask:
    """`wsgi:app`, made when a server asks for it and not when a test imports this module."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = app = create_app()
    return app
