"""IP address and browser of a request, for session lists and rate limits."""

from flask import request

from msp.people.sessions import Browser

UNKNOWN = "unknown"


def client_address() -> str:
    """The IP address that sent the request."""
    return request.remote_addr or UNKNOWN


def browser_here() -> Browser:
    """The browser of the current request."""
    return Browser(user_agent=request.headers.get("User-Agent", ""), ip=client_address())
