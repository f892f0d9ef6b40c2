"""Known browsers: a signed cookie lists the accounts that signed in there before. It grants no access.

Failed attempts of strangers do not lock the owner out in a known browser (OWASP: device cookies).
"""

from uuid import UUID

from flask import after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from msp.kernel.ids import new_id

COOKIE = "guardia_device"
MOST_ACCOUNTS = 10
KEPT_SECONDS = 365 * 24 * 3600


def known_device(account_id: UUID) -> str | None:
    """The name of this browser if the account has signed in here before, else None."""
    name, accounts = _read()
    return name if account_id.hex in accounts else None


def remember_device(account_id: UUID) -> None:
    """Mark this browser as known for the account."""
    name, accounts = _read()
    others = [each for each in accounts if each != account_id.hex]
    value = _serializer().dumps([name or new_id().hex, [account_id.hex, *others][:MOST_ACCOUNTS]])

    @after_this_request
    def _set(response: Response) -> Response:
        is_secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, value, max_age=KEPT_SECONDS, httponly=True, secure=is_secure, samesite="Lax")
        return response


def _read() -> tuple[str, list[str]]:
    try:
        name, accounts = _serializer().loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, TypeError, ValueError):
        return "", []
    return name, accounts


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known-device")
