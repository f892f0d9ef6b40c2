"""Calls Slack's Web API by slack-sdk's client; failures become Temporary, InDoubt, Broken, Unreachable or Permanent."""

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from integrations.channels.transport import Broken, InDoubt, Unreachable
from msp.kernel.deadlines import deadline
from msp.kernel.destinations import place_at
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.http_outcomes import retry_after

TIMEOUT = 5  # seconds for one wait
WAITS = 2  # limit for a whole call, as a multiple of TIMEOUT
DOUBT_PAUSE = 5.0  # seconds before the outcome of an uncertain call is looked up
DEFAULT_PAUSE = 30.0

BROKEN = frozenset(
    {
        "account_inactive",
        "ekm_access_denied",
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "team_not_found",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
NEEDS_INSTALL = frozenset(
    {"missing_scope", "no_permission"}
)  # scopes required for posting, without which nothing works
UNREACHABLE = frozenset(
    {
        "access_denied",
        "cannot_dm_bot",
        "channel_not_found",
        "cannot_reply_to_message",
        "channel_type_not_supported",
        "enterprise_is_restricted",
        "is_archived",
        "messages_tab_disabled",
        "method_not_supported_for_channel_type",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "thread_not_found",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
LATER = frozenset({"team_added_to_org"})
IN_DOUBT = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})

_CODE = re.compile(r"[a-z0-9_]{3,64}")


def client(token: str | None, *, base_url: str, timeout: int = TIMEOUT) -> WebClient:
    """A client for one token that never retries; the outbox retries calls that are certainly not done."""
    return WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[])


def call(method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
    """Call a method of the client; raises Temporary, InDoubt, Broken, Unreachable or Permanent with Slack's code."""
    web = getattr(method, "__self__", None)
    with failures(), place_at("slack"), deadline(WAITS * (web.timeout if isinstance(web, WebClient) else TIMEOUT)):
        return method(**arguments)


@contextmanager
def failures() -> Iterator[None]:
    """Convert errors of slack-sdk and the network to failures that decide about a retry."""
    try:
        yield
    except SlackApiError as refused:
        raise _refusal(refused.response) from refused
    except URLError as fault:
        raise _no_line(fault.reason) from fault
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as fault:
        raise InDoubt("no_answer", retry_after=DOUBT_PAUSE) from fault
    except SlackClientError as fault:
        raise Permanent(type(fault).__name__) from fault


def _refusal(response: SlackResponse) -> Exception:
    status, data = response.status_code, response.data
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Temporary("ratelimited", retry_after=retry_after(response.headers) or DEFAULT_PAUSE)
    if status >= 500 or code in IN_DOUBT or (status == 200 and not _CODE.fullmatch(code)):
        return InDoubt(f"http_{status}" if status != 200 else code[:64], retry_after=DOUBT_PAUSE)
    if status != 200 and not _CODE.fullmatch(code):
        return Temporary(f"http_{status}")
    if code in LATER:
        return Temporary(code)
    if code in BROKEN:
        return Broken(code)
    return Unreachable(code) if code in UNREACHABLE else Permanent(code)


def _no_line(reason: object) -> Exception:
    if isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
        return Temporary("no_connection")
    return InDoubt("no_answer", retry_after=DOUBT_PAUSE)
