"""The desk with a local Teams: actions of a person at Azcárate, and the bot's messages."""

from datetime import timedelta
from typing import Any

import requests
from flask import Flask

from simulators.teams.server import TeamsServer
from tests.world import TEAMS_TENANT


class Desk:
    """One person of Azcárate in Teams, with our bot."""

    person = "29:inigo"
    a_while = timedelta(minutes=6)

    def __init__(self, teams: TeamsServer, url: str, app: Flask) -> None:
        self.teams, self.url, self.app = teams, url, app

    def say(self, text: str, *, conversation: str = "", reply_to: str = "") -> Any:
        """Write a message, and wait for the bot's answer to the call."""
        said = self.teams.say(TEAMS_TENANT, self.person, conversation, text, reply_to=reply_to)
        said_status = said.delivery.answer.status if said.delivery and said.delivery.answer else None
        return Said(said.id, said_status)

    def press(self, card: str, action: str) -> Any:
        """Press a button of a card."""
        return self.teams.press(TEAMS_TENANT, self.person, card, action)

    def channel(self) -> str:
        """The channel of the company's team."""
        return next(c.id for c in self.teams.world.conversations.values() if c.name == "Sala")

    def from_bot(self) -> list[dict[str, Any]]:
        """The bot's messages to Azcárate, oldest first."""
        return self.teams.messages(tenant=TEAMS_TENANT, author="bot")

    def card(self) -> dict[str, Any]:
        """The bot's only message with a card; Teams shows text next to it as a separate message."""
        (found,) = [activity for activity in self.from_bot() if activity.get("attachments")]
        return found

    def activity(self, text: str) -> dict[str, Any]:
        """A well-formed activity without a real message."""
        chat = self.teams.open_chat(TEAMS_TENANT, self.person)
        return {
            "type": "message",
            "id": "1",
            "text": text,
            "channelId": "msteams",
            "serviceUrl": self.teams.service_url(TEAMS_TENANT),
            "from": {"id": self.person},
            "recipient": {"id": f"28:{self.teams.settings.app_id}"},
            "conversation": {"id": chat["id"], "tenantId": TEAMS_TENANT},
            "channelData": {"tenant": {"id": TEAMS_TENANT}},
        }

    def post(self, activity: dict[str, Any], *, token: str) -> requests.Response:
        """Send an activity to the bot's endpoint with a given token; "" sends none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.post(f"{self.url}/api/messages", json=activity, headers=headers, timeout=10)

    def post_raw(self, body: bytes) -> requests.Response:
        """Send bytes to the bot's endpoint."""
        return requests.post(f"{self.url}/api/messages", data=body, timeout=10)

    def fail(self, operation: str, kind: str, *, times: int) -> None:
        """Make the Connector fail the next calls of an operation."""
        requests.post(
            f"{self.teams.url}/_control/faults",
            json={"operation": operation, "kind": kind, "times": times},
            timeout=5,
        ).raise_for_status()


class Said:
    """Result of a message: its id, and the status of the bot's answer."""

    def __init__(self, id: str, status: int | None) -> None:
        self.id, self.status = id, status
