"""Slack: one thin slice behind the channel-neutral conversation."""

from functools import partial

from flask import Flask

from integrations import channels
from integrations.slack.endpoints import MAX_BODY, blueprint
from integrations.slack.inbound import handle
from integrations.slack.install import installing
from integrations.slack.interactions import SOURCE, register_commands
from integrations.slack.platform import SLACK
from integrations.slack.transport import SlackTransport
from integrations.slack.web_api import TIMEOUT
from msp.config import Settings
from msp.kernel.inbox import register_source
from msp.web.reserved import reserve

PLATFORM = SLACK


def register(app: Flask, settings: Settings) -> None:
    """Open the endpoints of Slack where its signing secret is set."""
    if not PLATFORM.is_enabled(settings):
        return
    listen(settings)
    app.register_blueprint(blueprint)
    for path in ("/slack/events", "/slack/interactions", "/slack/commands"):
        reserve(app, path, most=MAX_BODY)
    app.register_blueprint(installing)


def listen(settings: Settings, *, timeout: int = TIMEOUT) -> None:
    """Have this process's workers speak with Slack at SLACK_API_URL; `timeout` in seconds for each call."""
    transport = SlackTransport(base_url=settings.slack_api_url, timeout=timeout)
    register_source(SOURCE, partial(handle, transport))
    channels.register(transport)
    register_commands()
