"""Signed bodies of Slack, Teams and Stripe: mutated before they are signed, as if sent by the platform."""

import json
import time
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from msp.kernel import clock
from simulators.signing import slack_headers
from simulators.stripe.webhooks import signature
from simulators.teams.server import TeamsServer
from tests.conftest import SLACK_SIGNING_SECRET, STRIPE_WEBHOOK_SECRET
from tests.fuzz import corpus
from tests.fuzz.calls import Call
from tests.fuzz.mutators import content_type, form_bytes, mutated_bytes, mutated_form, mutated_json
from tests.fuzz.values import odd_text

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PATHS = ("/slack/events", "/slack/interactions", "/slack/commands", "/api/messages", "/stripe/webhook")
WEIGHTS = (3, 2, 1, 3, 2)  # share of the paths: a command makes two queries, and its form has few shapes
FORGED = 0.02  # how often a header is forged


@dataclass
class Signed:
    """Makes the calls; `teams` signs those of Teams."""

    teams: TeamsServer
    _tokens: dict[str, str] = field(default_factory=dict)

    def call(self, path: str, random: Random) -> Call:
        """The next call of an endpoint."""
        made = {
            "/slack/events": self._event,
            "/slack/interactions": self._interaction,
            "/slack/commands": self._command,
            "/api/messages": self._activity,
            "/stripe/webhook": self._stripe,
        }[path](random)
        if random.random() >= FORGED or not made.headers:
            return made
        name = random.choice(list(made.headers))
        forged = odd_text(random).encode("utf-8", "replace").decode("latin-1").replace("\r", "").replace("\n", "")
        return Call("POST", path, made.body, made.content_type, made.headers | {name: forged}, made.by)

    def _event(self, random: Random) -> Call:
        body = mutated_json(_renamed(random.choice(corpus.SLACK_EVENTS), "event_id", random), random)
        return _slack("/slack/events", body, content_type(JSON, random))

    def _interaction(self, random: Random) -> Call:
        payload = mutated_json(_renamed(random.choice(corpus.SLACK_INTERACTIONS), "trigger_id", random), random)
        body = urlencode({"payload": payload}).encode()
        if random.random() < 0.1:
            body = form_bytes(mutated_form([("payload", payload.decode("utf-8", "replace"))], random))
        return _slack("/slack/interactions", mutated_bytes(body, random), content_type(FORM, random))

    def _command(self, random: Random) -> Call:
        fields = dict(random.choice(corpus.SLACK_COMMANDS)) | {"trigger_id": str(random.getrandbits(60))}
        body = form_bytes(mutated_form(list(fields.items()), random))
        return _slack("/slack/commands", mutated_bytes(body, random), content_type(FORM, random))

    def _activity(self, random: Random) -> Call:
        activity = _renamed(random.choice(corpus.TEAMS_ACTIVITIES), "id", random)
        body = mutated_json(activity, random)
        headers = {"Authorization": f"Bearer {self._token(_service_of(body))}"}
        return Call("POST", "/api/messages", body, content_type(JSON, random), headers, "Teams")

    def _stripe(self, random: Random) -> Call:
        body = mutated_json(_renamed(random.choice(corpus.STRIPE_EVENTS), "id", random), random)
        headers = {"Stripe-Signature": signature(STRIPE_WEBHOOK_SECRET, body=body, timestamp=int(time.time()))}
        return Call("POST", "/stripe/webhook", body, content_type(JSON, random), headers, "Stripe")

    def _token(self, service: str) -> str:
        if service not in self._tokens:
            self._tokens[service] = self.teams.core.keyring.channel_token(service)
        return self._tokens[service]


def _slack(path: str, body: bytes, kind: str) -> Call:
    headers = slack_headers(SLACK_SIGNING_SECRET, body=body, at=clock.now())
    return Call("POST", path, body, kind, headers, "Slack")


def _renamed(body: corpus.Body, name: str, random: Random) -> corpus.Body:
    """The body with a new id, so that it is not taken for a duplicate."""
    return body | {name: f"{body[name]}{random.getrandbits(60)}"} if name in body else body


def _service_of(body: bytes) -> str:
    """The service address in the body, for the token's claim."""
    try:
        named = json.loads(body)["serviceUrl"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return corpus.SERVICE
    return named.encode("utf-8", "replace").decode() if isinstance(named, str) else corpus.SERVICE
