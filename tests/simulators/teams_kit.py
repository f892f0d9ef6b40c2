"""Shared parts of the tests of the simulated Teams: a card, clients, and reading an error."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from botbuilder.schema import Activity, Attachment, ErrorResponseException
from botframework.connector import ConnectorClient
from msrest.authentication import BasicTokenAuthentication

from simulators.teams.server import APP_ID, APP_PASSWORD, TeamsServer

LOZANO = "11111111-1111-4111-8111-111111111111"
VEGA = "22222222-2222-4222-8222-222222222222"
CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "ACME-1"}],
    "actions": [
        {"type": "Action.Execute", "title": "Cerrar", "verb": "close", "data": {"ticket": "ACME-1"}},
        {"type": "Action.Submit", "title": "Avisar", "data": {"ticket": "ACME-1", "do": "notify"}},
        {"type": "Action.Submit", "title": "Detalles", "data": {"msteams": {"type": "task/fetch"}}},
    ],
}


def bot_token(teams: TeamsServer, url: str = "") -> str:
    """A token as issued to the bot."""
    form = {
        "grant_type": "client_credentials", "client_id": APP_ID, "client_secret": APP_PASSWORD,
        "scope": "https://api.botframework.com/.default",
    }  # fmt: skip
    return str(requests.post(url or teams.token_url, data=form, timeout=5).json()["access_token"])


def client_for(teams: TeamsServer, tenant: str, token: str = "") -> ConnectorClient:
    """A client for a tenant's serviceUrl, without retries."""
    credentials = BasicTokenAuthentication({"access_token": token or bot_token(teams)})
    client = ConnectorClient(credentials, base_url=teams.service_url(tenant))
    client.config.retry_policy.retries = 0
    return client


def message(text: str, **more: Any) -> Activity:
    """A message of the bot."""
    return Activity(type="message", text=text, **more)


def card(content: dict[str, Any] = CARD) -> Attachment:
    """A card as an attachment."""
    return Attachment(content_type="application/vnd.microsoft.card.adaptive", content=content)


def denied(call: Callable[..., Any], *arguments: Any) -> tuple[int, str]:
    """The status and code of a call refused by the Connector."""
    with pytest.raises(ErrorResponseException) as caught:
        call(*arguments)
    body = caught.value.response.json()
    return caught.value.response.status_code, body["error"]["code"] if "error" in body else body["message"]


def verified(teams: TeamsServer, got: Any, **checks: Any) -> dict[str, Any]:
    """The claims of an activity's token, its signature checked."""
    token = got.headers["Authorization"].removeprefix("Bearer ")
    keys = jwt.PyJWKClient(requests.get(teams.openid_url, timeout=5).json()["jwks_uri"])
    key = keys.get_signing_key_from_jwt(token)
    return dict(
        jwt.decode(token, key, algorithms=["RS256"], audience=APP_ID, issuer="https://api.botframework.com", **checks)
    )
