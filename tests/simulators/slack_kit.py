"""Shared parts of the tests of the simulated Slack: a card, a form, and reading an error."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier

from simulators.slack.server import SIGNING_SECRET
from tests.simulators.moving_clock import Hands

CARD: list[dict[str, Any]] = [
    {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": "*ACME-1* La impresora no va"}},
    {
        "type": "actions",
        "block_id": "acts",
        "elements": [
            {
                "type": "button", "action_id": "close", "value": "ACME-1",
                "text": {"type": "plain_text", "text": "Cerrar"},
            },
            {
                "type": "static_select", "action_id": "priority",
                "options": [{"text": {"type": "plain_text", "text": "Alta"}, "value": "high"}],
            },
        ],
    },
]  # fmt: skip
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "new",
    "title": {"type": "plain_text", "text": "Nueva incidencia"},
    "submit": {"type": "plain_text", "text": "Enviar"},
    "blocks": [
        {
            "type": "input", "block_id": "subject", "label": {"type": "plain_text", "text": "Asunto"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 80},
        },
        {
            "type": "input", "block_id": "urgency", "optional": True,
            "label": {"type": "plain_text", "text": "Urgencia"},
            "element": {
                "type": "static_select", "action_id": "pick",
                "options": [{"text": {"type": "plain_text", "text": "Alta"}, "value": "high"}],
            },
        },
    ],
}  # fmt: skip


def signed_at(hands: Hands) -> SignatureVerifier:
    """A verifier with the simulator's clock."""

    class Fixed(Clock):
        def now(self) -> float:
            return hands().timestamp()

    return SignatureVerifier(SIGNING_SECRET, clock=Fixed())


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """The error code of a refused call."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])
