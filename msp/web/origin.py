"""Where a request comes from, as the person recognises it and as failures are counted."""

from flask import request

from msp.people.sessions import Browser

UNKNOWN = "unknown"


def client_address() -> str:
    """The IP address that sent the request."""
    return request.remote_addr or UNKNOWN


def browser_here() -> Browser:
    """The browser of the request in hand."""
    return Browser(user_agent=request.headers.get("User-Agent", ""), ip=client_address())
