"""Who calls: the Bot Framework's signed token, checked by PyJWT against Microsoft's published keys.

Rules: learn.microsoft.com, «Authentication with the Bot Connector API». The SDK's own checks are not used: several of
its refusals surface as faults, and after a change of keys it refuses good calls for a day.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests

from msp.kernel import clock
from msp.kernel.db import Json

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"
LEEWAY = timedelta(minutes=5)
KEYS_KEPT = timedelta(hours=24)
ASK_AGAIN_AFTER = timedelta(minutes=1)  # an unknown key asks for fresh keys, but strangers cannot make us ask all day
TIMEOUT = (2, 3)
HOSTS = ("smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com", "smba.infra.gov.teams.microsoft.us")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotTrusted(Exception):
    """The call is not the Bot Framework's, whatever it says."""


@dataclass(slots=True)
class Keys:
    """Microsoft's signing keys, fetched when needed and kept for a day."""

    metadata_url: str
    _keys: dict[str, Json] = field(default_factory=dict)
    _fetched_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, kid: str) -> Json:
        """The key with this id; raises NotTrusted when nobody published one."""
        with self._lock:
            age = clock.now() - self._fetched_at if self._fetched_at else KEYS_KEPT
            if age >= KEYS_KEPT or (kid not in self._keys and age >= ASK_AGAIN_AFTER):
                self._fetch()
            found = self._keys.get(kid)
        if found is None:
            raise NotTrusted("unknown_key")
        return found

    def _fetch(self) -> None:
        try:
            metadata = requests.get(self.metadata_url, timeout=TIMEOUT).json()
            published = requests.get(metadata["jwks_uri"], timeout=TIMEOUT).json()["keys"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as fault:
            if self._keys:
                return  # what we know is better than nobody being heard
            raise NotTrusted("no_keys") from fault
        self._keys = {key["kid"]: key for key in published if key.get("kty") == "RSA" and "kid" in key}
        self._fetched_at = clock.now()


def check(token: str, activity: Json, *, app_id: str, keys: Keys, is_local: bool = False) -> None:
    """Raise NotTrusted unless the token is the Bot Framework's, for us, fresh, and about this activity.

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
    """Raise NotTrusted unless answers to this activity go to Teams: later we send our own token there."""
    address = urlsplit(str(activity.get("serviceUrl") or ""))
    host = address.hostname or ""
    is_known = address.scheme == "https" and (host in HOSTS or host.endswith(".botframework.com"))
    if not is_known and not (is_local and host in LOOPBACK):
        raise NotTrusted("unknown_service")
    if activity.get("channelId") != CHANNEL and not is_local:
        raise NotTrusted("other_channel")
