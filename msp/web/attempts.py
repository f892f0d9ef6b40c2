"""Attempts to sign in with an address: after ten that failed, none is heard for a quarter of an hour.

Counted in Redis and not kept anywhere else: where Redis is away, passwords are still checked as ever. Addresses that
nobody has are counted too, so that the refusal tells nothing about who has an account.
"""

import hashlib
from collections.abc import Mapping

import redis
from flask import Flask, request
from flask_babel import gettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from msp.kernel import wake
from msp.web.errors import page

MOST_FAILED = 10
FORGOTTEN_SECONDS = 15 * 60


def register(app: Flask) -> None:
    """Count what fails at sign-in; call it after the scopes of requests are registered."""
    app.before_request(_refuse)
    app.after_request(_count)


def _refuse() -> tuple[str, int] | None:
    key = _key()
    if key is None:
        return None
    try:
        failed = int(wake.connection().get(key) or 0)
    except redis.RedisError:
        return None
    if failed < MOST_FAILED:
        return None
    return page(429, text=gettext("Too many attempts with that address. Wait a quarter of an hour and try again."))


def _count(response: Response) -> Response:
    key = _key()
    if key is None or response.status_code >= 500 or response.status_code == 429:
        return response
    try:
        if current_user.is_authenticated:
            wake.connection().delete(key)
        else:
            pipe = wake.connection().pipeline()
            pipe.incr(key)
            pipe.expire(key, FORGOTTEN_SECONDS)
            pipe.execute()
    except redis.RedisError:
        return response
    return response


def _key() -> str | None:
    """Where the attempts with this request's address are counted; None for any other request."""
    if request.endpoint != "security.login" or request.method != "POST":
        return None
    body = request.get_json(silent=True) if request.is_json else request.form
    email = str(body.get("email", "")) if isinstance(body, Mapping | MultiDict) else ""
    return f"signin:{hashlib.sha256(email.strip().lower().encode('utf-8', 'replace')).hexdigest()}"
