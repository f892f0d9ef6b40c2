"""Authenticates the caller: the Bot Framework's signed token, checked by PyJWT against Microsoft's published keys.

Rules: learn.microsoft.com, «Authentication with the Bot Connector API». The SDK's own checks are not used: several of
its refusals raise as internal errors, and after a key rotation it refuses valid calls for a day.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
import requests

from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.deadlines import deadline
from msp.kernel.web_address import parse_web_address

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"
LEEWAY = timedelta(minutes=5)
KEYS_KEPT = timedelta(hours=24)
ASK_AGAIN_AFTER = timedelta(
    minutes=1
)  # an unknown key triggers a fetch; this limits the fetches that strangers can cause
TIMEOUT = (2, 3)
FETCH_SECONDS = 5.0  # for both answers of Microsoft's together
WAIT_FOR_KEYS = 1.0  # seconds
AFTER_FAILURE = timedelta(seconds=5)  # pause before the next fetch while there are no keys
HOSTS = ("smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com", "smba.infra.gov.teams.microsoft.us")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotTrusted(Exception):
    """The call is not from the Bot Framework."""


@dataclass(slots=True)
class Keys:
    """Microsoft's signing keys, fetched when needed and kept for a day."""

    metadata_url: str
    _keys: dict[str, Json] = field(default_factory=dict)
    _fetched_at: datetime | None = None
    _asked_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, kid: str) -> Json:
        """The key with this id; raises NotTrusted if no such key is published.

        One thread fetches at a time; the others wait up to WAIT_FOR_KEYS and then use the known keys.
        """
        if self._is_due(kid) and self._lock.acquire(timeout=WAIT_FOR_KEYS):
            try:
                if self._is_due(kid):
                    self._fetch()
            finally:
                self._lock.release()
        found = self._keys.get(kid)
        if found is None:
            raise NotTrusted("unknown_key")
        return found

    def _is_due(self, kid: str) -> bool:
        now = clock.now()
        pause = ASK_AGAIN_AFTER if self._keys else AFTER_FAILURE
        if self._asked_at is not None and now - self._asked_at < pause:
            return False
        return kid not in self._keys or self._fetched_at is None or now - self._fetched_at >= KEYS_KEPT

    def _fetch(self) -> None:
        try:
            with deadline(FETCH_SECONDS):
                metadata = requests.get(self.metadata_url, timeout=TIMEOUT).json()
                published = requests.get(metadata["jwks_uri"], timeout=TIMEOUT).json()["keys"]
        except (requests.RequestException, OSError, ValueError, KeyError, TypeError) as fault:
            self._asked_at = clock.now()
            if self._keys:
                return  # old keys are better than refusing every call
            raise NotTrusted("no_keys") from fault
        self._keys = {key["kid"]: key for key in published if key.get("kty") == "RSA" and "kid" in key}
        self._asked_at = self._fetched_at = clock.now()


def check(token: str, activity: Json, *, app_id: str, keys: Keys, is_local: bool = False) -> None:
    """Raise NotTrusted unless the token is the Bot Framework's, issued for us, not expired, and for this activity.

    `is_local` admits a service on this machine (a demonstration), which production never does.
    """
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        key = keys.find(kid)
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(key, algorithm="RS256"),
            algorithms=["RS256"],
            audience=app_id,
            issuer=ISSUER,
            options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError) as fault:
        raise NotTrusted("bad_token") from fault
    now = clock.now().timestamp()
    is_fresh = claims["exp"] > now - LEEWAY.total_seconds() and claims.get("nbf", 0) < now + LEEWAY.total_seconds()
    if not is_fresh:
        raise NotTrusted("stale_token")
    if CHANNEL not in key.get("endorsements", ()):
        raise NotTrusted("key_not_endorsed")
    if claims.get("serviceurl", claims.get("serviceUrl")) != activity.get("serviceUrl"):
        raise NotTrusted("other_service")
    check_service(activity, is_local=is_local)


def check_service(activity: Json, *, is_local: bool) -> None:
    """Raise NotTrusted unless the activity's service address is one of Teams: our own token is sent there later."""
    if trusted_service(activity.get("serviceUrl"), is_local=is_local) is None:
        raise NotTrusted("unknown_service")
    if activity.get("channelId") != CHANNEL and not is_local:
        raise NotTrusted("other_channel")


def trusted_service(url: object, *, is_local: bool) -> str | None:
    """The address to call of a service of Microsoft; None for any other."""
    address = parse_web_address(url)
    if address is None:
        return None
    is_known = address.scheme == "https" and (address.host in HOSTS or address.host.endswith(".botframework.com"))
    if (is_known and address.is_usual_port) or (is_local and address.host in LOOPBACK):
        return address.url
    return None
