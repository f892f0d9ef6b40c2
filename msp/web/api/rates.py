"""How much one token, one address and one guesser may ask the API: counted in Redis, over a few seconds each.

Where Redis is away nothing is counted.
"""

import logging
from collections.abc import Mapping

import redis
from flask import current_app, request

from msp.config import Settings
from msp.kernel import wake
from msp.kernel.errors import TooMany
from msp.kernel.ids import token_hash

log = logging.getLogger(__name__)

WINDOW_SECONDS = 10
ADDRESS_FACTOR = 4  # times what one token may: several programs can share an address
WRONG_TOKENS, WRONG_SECONDS = 20, 60


def count_request(token: str) -> None:
    """Count a request of a token and of its address; raises TooMany with the seconds to wait."""
    settings: Settings = current_app.config["SETTINGS"]
    most = max(1, settings.api_requests_per_minute * WINDOW_SECONDS // 60)
    token_key, address_key = f"rate:token:{token_hash(token)}", f"rate:address:{request.remote_addr}"
    _take({token_key: most, address_key: ADDRESS_FACTOR * most}, WINDOW_SECONDS)


def count_wrong_token() -> None:
    """Count a token that opens nothing against its address; raises TooMany after a number of them."""
    _take({f"rate:wrong:{request.remote_addr}": WRONG_TOKENS}, WRONG_SECONDS)


def _take(limits: Mapping[str, int], seconds: int) -> None:
    """Count one against each key; raises TooMany where that is more than its limit."""
    try:
        with wake.connection().pipeline(transaction=False) as pipe:
            for key in limits:
                pipe.incr(key)
                pipe.expire(key, seconds, nx=True)
                pipe.ttl(key)
            answers = pipe.execute()
    except redis.RedisError as away:
        log.info("requests are not counted", extra={"reason": str(away)})
        return
    for place, most in enumerate(limits.values()):
        count, _is_set, left = answers[3 * place : 3 * place + 3]
        if count > most:
            raise TooMany("too_many_requests", retry_after=max(1, int(left)))
