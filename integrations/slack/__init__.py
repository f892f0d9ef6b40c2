"""Slack: messages become tickets; cards, replies and buttons go into their threads.

- `platform`: what Slack is and can do; `settings`: its environment; `failure_messages`: sentences for its failures
- `endpoints`: signed requests, checked by `shapes`, stored if `relevance` finds them relevant, or answered
- `inbound`: stored events and commands as neutral messages; `interactions`: buttons, forms, Home tab, reactions
- `rich_text`, `block_kit`, `mrkdwn`, `captions`, `emoji`, `text`: messages of Slack as rich text
- `rich_writing`, `blocks`: rich text and cards as Slack's blocks
- `transport`, `web_api`, `profiles`: calls of Slack's Web API; `install`: connecting a workspace by OAuth
"""

import logging
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

__all__ = ["PLATFORM", "listen", "register"]

PLATFORM = SLACK


def register(app: Flask, settings: Settings) -> None:
    """Register Slack's endpoints if its signing secret is set."""
    if not PLATFORM.is_enabled(settings):
        return
    listen(settings)
    app.register_blueprint(blueprint)
    for path in ("/slack/events", "/slack/interactions", "/slack/commands"):
        reserve(app, path, most=MAX_BODY)
    app.register_blueprint(installing)


def listen(settings: Settings, *, timeout: int = TIMEOUT) -> None:
    """Enable calls to Slack at SLACK_API_URL in this process; `timeout` in seconds for each call."""
    logging.getLogger("slack_sdk").setLevel(logging.WARNING)  # it logs every retry
    transport = SlackTransport(base_url=settings.value("SLACK_API_URL"), timeout=timeout)
    register_source(SOURCE, partial(handle, transport))
    channels.register(transport)
    register_commands()
