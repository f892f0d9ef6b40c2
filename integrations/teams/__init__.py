"""Microsoft Teams: messages become tickets; cards, replies and buttons go into their conversations.

- `platform`: what Teams is and can do; `settings`: its environment; `failure_messages`: sentences for its failures
- `endpoints`: activities, trusted by `tokens`, checked by `shapes`, stored, or answered at once (invokes)
- `bot`: Microsoft's TeamsActivityHandler behind our adapter; calls `inbound`, `installations` and `interactions`
- `rich_text`, `mentions`, `card_reading`, `markdown`: messages of Teams as rich text, and back; `cards`: our cards
- `transport`, `connector`, `profiles`: calls of the Bot Connector

Microsoft's packages are archived and used here alone.
"""

from functools import partial

from flask import Flask

from integrations import channels
from integrations.teams.bot import handle
from integrations.teams.connector import Token
from integrations.teams.endpoints import MAX_BODY, SOURCE, blueprint
from integrations.teams.platform import TEAMS
from integrations.teams.tokens import Keys
from integrations.teams.transport import TeamsTransport
from msp.config import Settings
from msp.kernel import inbox
from msp.web.reserved import reserve

__all__ = ["PLATFORM", "register"]

PLATFORM = TEAMS


def register(app: Flask, settings: Settings) -> None:
    """Register the bot's endpoint if it has an identity (TEAMS_APP_ID and TEAMS_APP_PASSWORD)."""
    if not PLATFORM.is_enabled(settings):
        return
    transport = TeamsTransport(settings.value("TEAMS_APP_ID"), Token(settings), is_local=settings.is_demo)
    app.extensions["teams_keys"] = Keys(settings.value("TEAMS_OPENID_METADATA_URL"))
    app.extensions["teams_transport"] = transport
    app.register_blueprint(blueprint)
    reserve(app, "/api/messages", most=MAX_BODY)
    inbox.register_source(SOURCE, partial(handle, transport))
    channels.register(transport)
