"""Push connections: a view authorizes them, and the server holds them without a thread."""

from __future__ import annotations

from flask import Response, request

from msp.front.wsgi import PUSH, Source


def push(source: Source, *, content_type: str = "text/event-stream") -> Response:
    """A response whose body the event loop sends as `source` yields it (Server-Sent Events).

    `source` runs on the event loop after the view has returned. It must never block, and is closed when the client
    disconnects or the server stops. Browsers reconnect by themselves.
    """
    request.environ[PUSH] = source
    answer = Response([], content_type=content_type)
    answer.automatically_set_content_length = False
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # no buffering by proxies
    return answer
