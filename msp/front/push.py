"""Push connections: a view decides who may listen, and the server then holds the connection without a thread."""

from __future__ import annotations

from flask import Response, request

from msp.front.wsgi import PUSH, Source


def push(source: Source, *, content_type: str = "text/event-stream") -> Response:
    """An answer whose body the event loop sends as `source` yields it (Server-Sent Events).

    `source` is called once the view has returned: it runs on the event loop, must never block, and is closed when the
    client goes or the server is told to stop. Browsers then come again by themselves.
    """
    request.environ[PUSH] = source
    answer = Response([], content_type=content_type)
    answer.automatically_set_content_length = False
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # proxies pass each piece on at once
    return answer
