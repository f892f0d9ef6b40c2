"""Bot Framework's tokens: those of Teams with activities, those of the bot, and forgeries.

Source: learn.microsoft.com, "Authenticate requests with the Bot Connector API".
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from simulators.ids import Ids, Now

ISSUER = "https://api.botframework.com"
CONNECTOR_AUDIENCE = "https://api.botframework.com"
CONNECTOR_SCOPE = "https://api.botframework.com/.default"
ENDORSEMENTS = ("msteams", "webchat", "directline")
LIFE = timedelta(hours=1)
FORGERIES = (
    "wrong_audience", "expired", "not_yet_valid", "wrong_issuer", "unknown_kid", "no_kid",
    "missing_endorsement", "wrong_service_url", "no_service_url", "bad_signature", "hs256", "unsigned",
    "junk",
)  # fmt: skip


@cache
def _private_key(number: int) -> rsa.RSAPrivateKey:
    """The n-th key of this process; cached, since generating one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Key:
    """A signing key; channels that it does not endorse may not use it."""

    kid: str
    private: rsa.RSAPrivateKey
    endorsements: tuple[str, ...]
    published: bool = True

    def as_jwk(self) -> dict[str, Any]:
        """The public half in the form of the key document."""
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        return public | {
            "use": "sig", "kid": self.kid, "x5t": self.kid, "endorsements": list(self.endorsements),
        }  # fmt: skip


class Keyring:
    """Bot Framework's signing keys and tokens made with them."""

    def __init__(self, ids: Ids, now: Now, *, app_id: str) -> None:
        self._ids = ids
        self._now = now
        self._app_id = app_id
        self._made = 0
        self.current = self._new(ENDORSEMENTS)
        self.keys = [self.current, self._new(())]

    def _new(self, endorsements: tuple[str, ...], *, published: bool = True) -> Key:
        self._made += 1
        return Key(self._ids.secret(27), _private_key(self._made), endorsements, published)

    def roll(self, *, keep_old: bool = True) -> str:
        """Sign with a new key from now on and return its kid; the old one may stay published."""
        before, self.current = self.current, self._new(ENDORSEMENTS)
        self.keys = [self.current, *(k for k in self.keys if keep_old or k is not before)]
        return self.current.kid

    def jwks(self) -> dict[str, Any]:
        """The key document."""
        return {"keys": [key.as_jwk() for key in self.keys if key.published]}

    def _claims(self, service_url: str) -> dict[str, Any]:
        at = int(self._now().timestamp())
        return {
            "serviceurl": service_url, "nbf": at - 300, "exp": at + int(LIFE.total_seconds()),
            "iss": ISSUER, "aud": self._app_id,
        }  # fmt: skip

    @staticmethod
    def _sign(claims: Mapping[str, Any], key: Key) -> str:
        headers = {"kid": key.kid, "x5t": key.kid}
        return jwt.encode(dict(claims), key.private, algorithm="RS256", headers=headers)

    def channel_token(self, service_url: str) -> str:
        """A token for an activity from this serviceUrl."""
        return self._sign(self._claims(service_url), self.current)

    def forged(self, kind: str, service_url: str) -> str:
        """A token that the bot must refuse; `kind` is one of FORGERIES."""
        claims = self._claims(service_url)
        past, future = int((self._now() - LIFE).timestamp()), int((self._now() + LIFE).timestamp())
        changed: dict[str, dict[str, Any]] = {
            "wrong_audience": {"aud": "00000000-0000-0000-0000-000000000000"},
            "wrong_issuer": {"iss": "https://sts.windows.net/"},
            "expired": {"exp": past, "nbf": past - 3600},
            "not_yet_valid": {"nbf": future, "exp": future + 3600},
            "wrong_service_url": {"serviceurl": "https://smba.example.com/emea/"},
        }
        if kind in changed:
            return self._sign(claims | changed[kind], self.current)
        if kind == "no_service_url":
            return self._sign({k: v for k, v in claims.items() if k != "serviceurl"}, self.current)
        if kind == "missing_endorsement":
            return self._sign(claims, next(key for key in self.keys if "msteams" not in key.endorsements))
        if kind == "unknown_kid":
            return self._sign(claims, self._new(ENDORSEMENTS, published=False))
        return self._malformed(kind, claims)

    def _malformed(self, kind: str, claims: Mapping[str, Any]) -> str:
        if kind == "no_kid":
            return jwt.encode(dict(claims), self.current.private, algorithm="RS256")
        if kind == "bad_signature":
            stranger = Key(self.current.kid, _private_key(0), ENDORSEMENTS)
            return self._sign(claims, stranger)
        if kind == "hs256":
            secret = str(self.current.as_jwk()["n"])  # made from the public key, which is published
            return jwt.encode(dict(claims), secret, algorithm="HS256", headers={"kid": self.current.kid})
        if kind == "unsigned":
            return jwt.encode(dict(claims), "", algorithm="none", headers={"kid": self.current.kid})
        if kind == "junk":
            return base64.b64encode(b"no token at all").decode()
        raise ValueError(f"a forgery is one of {', '.join(FORGERIES)}")

    def access_token(self, *, tenant: str) -> tuple[str, int]:
        """Return a token for the bot, and its lifetime in seconds."""
        at, life = int(self._now().timestamp()), int(LIFE.total_seconds()) - 1
        claims = {
            "aud": CONNECTOR_AUDIENCE, "iss": f"https://sts.windows.net/{tenant}/", "tid": tenant,
            "appid": self._app_id, "iat": at, "nbf": at, "exp": at + life,
        }  # fmt: skip
        return self._sign(claims, self.current), life

    def read_access_token(self, token: str) -> dict[str, Any] | None:
        """The claims of a token of the bot; None for any other and for an expired one."""
        for key in self.keys:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token, key.private.public_key(), algorithms=["RS256"], audience=CONNECTOR_AUDIENCE,
                    options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
                )  # fmt: skip
            except jwt.InvalidTokenError:
                continue
            return claims if claims["exp"] > self._now().timestamp() else None
        return None
