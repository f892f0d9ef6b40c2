"""Calls the Bot Connector by Microsoft's own client, with our own access token, cached until it expires.

botbuilder's packages are archived: only this package uses them, so that a successor can replace them.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import requests
from botbuilder.schema import ErrorResponseException
from botframework.connector import ConnectorClient
from msrest.authentication import Authentication
from msrest.exceptions import ClientException, ClientRequestError

from integrations.channels.transport import Broken, InDoubt, Unreachable
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.deadlines import DeadlineExceeded, deadline
from msp.kernel.destinations import place_at
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.http_outcomes import failure, is_temporary, retry_after

SCOPE = "https://api.botframework.com/.default"
TIMEOUT = 8
CALL_SECONDS = 15.0  # for a whole call
EARLY = timedelta(minutes=5)
BROKEN = frozenset({"BotDisabledByAdmin"})  # refusals that concern the whole tenant
Result = TypeVar("Result")


@dataclass(slots=True)
class Token(Authentication):
    """The bot's access token by client credentials, renewed five minutes before it expires."""

    settings: Settings
    _value: str = ""
    _until: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def signed_session(self, session: requests.Session | None = None) -> requests.Session:
        """A session with the token; raises Temporary while Microsoft's sign-in does not answer."""
        session = session or requests.Session()
        session.headers["Authorization"] = f"Bearer {self.value()}"
        return session

    def value(self) -> str:
        """The access token."""
        with self._lock:
            if self._until is None or clock.now() >= self._until:
                self._fetch()
            return self._value

    def forget(self) -> None:
        """Discard the token after a refusal; the next call requests a new one."""
        self._until = None

    def _fetch(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.settings.value("TEAMS_APP_ID"),
            "client_secret": self.settings.value("TEAMS_APP_PASSWORD"),
            "scope": SCOPE,
        }
        url = self.settings.value("TEAMS_TOKEN_URL")
        try:
            with deadline(CALL_SECONDS):
                answer = requests.post(url, data=form, timeout=TIMEOUT, allow_redirects=False)
        except (requests.RequestException, DeadlineExceeded) as fault:
            raise Temporary("sign_in_no_answer") from fault
        if is_temporary(answer.status_code):
            raise failure(answer.status_code, answer.headers, reason=f"sign_in_http_{answer.status_code}")
        if answer.status_code != 200:
            raise Permanent("sign_in_refused")
        try:
            body = answer.json()
            self._value = str(body["access_token"])
        except (ValueError, KeyError, TypeError) as fault:
            raise Temporary("sign_in_no_sense") from fault
        self._until = clock.now() + timedelta(seconds=int(body.get("expires_in", 3600))) - EARLY


def client(token: Token, service_url: str) -> ConnectorClient:
    """Microsoft's synchronous client for one service address; it does not retry."""
    made = ConnectorClient(token, base_url=service_url)
    made.config.connection.timeout = TIMEOUT
    made.config.redirect_policy.allow = False
    made.config.retry_policy.retries = 0
    made.config.retry_policy.policy.total = 0
    made.config.retry_policy.policy.connect = 0
    made.config.retry_policy.policy.read = 0
    return made


def call(token: Token, act: Callable[..., Result], *arguments: Any) -> Result:
    """Call the Connector and convert its refusals to our own errors (learn.microsoft.com, «Bot error codes»)."""
    try:
        with place_at("teams"), deadline(CALL_SECONDS):
            return act(*arguments)
    except ErrorResponseException as refused:
        raise _meaning(token, refused) from refused
    except ClientRequestError as fault:
        cause = str(fault).lower()
        if "refused" in cause or "resolve" in cause:
            raise Temporary("no_connection") from fault
        raise InDoubt("no_answer") from fault
    except DeadlineExceeded as fault:
        raise InDoubt("no_answer") from fault
    except (ClientException, ValueError) as fault:  # ValueError: an answer that is no JSON, such as a proxy's page
        raise InDoubt("no_sense") from fault


def _meaning(token: Token, refused: ErrorResponseException) -> Exception:
    response = refused.response
    status, code = response.status_code, _code(response)
    if status == 429:
        return Temporary("throttled", retry_after=retry_after(response.headers))
    if status == 412:
        return Temporary("precondition_failed")
    if is_temporary(status):
        return failure(status, response.headers, is_repeatable=False)
    if status == 401:
        token.forget()
        return Permanent("unauthorized") if code == "BotNotRegistered" else Temporary("unauthorized")
    if code in BROKEN:
        return Broken(code)
    if status in (403, 404):
        return Unreachable(code or f"http_{status}")
    return Permanent(code or f"http_{status}")


def _code(response: Any) -> str:
    """The most specific code of a refusal; «errorCode 209» contains its own as JSON inside the message."""
    try:
        body = response.json()
        error = body.get("error") or {}
        hidden = json.loads(body["message"]) if "errorCode" in body else {}
        inner = error.get("innerHttpError") or {}
        return str(hidden.get("subCode") or error.get("subCode") or inner.get("subCode") or error.get("code") or "")
    except (ValueError, KeyError, AttributeError, TypeError):
        return ""
