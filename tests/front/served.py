"""A test server: the desk's HTTP server with short limits and a small application behind it.

Run in a separate process: `python -m tests.front.served LISTENER_FD`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from msp.front.application import ServerPlan
from msp.front.limits import ServerLimits
from msp.front.processes import Processes
from msp.front.push import push
from msp.front.worker import run_worker

GRACE = 2.0
THREADS = 2
LIMITS = ServerLimits(
    head_seconds=1.0,
    keep_alive_seconds=1.5,
    pause_seconds=1.0,
    body_seconds=2.0,
    upload_seconds=3.0,
    answer_seconds=2.5,
    delivery_seconds=4.0,
    anonymous_bytes=64 * 1024,
    body_bytes=4 * 1024 * 1024,
    memory_bytes=16 * 1024,
    by_path={"/reserved/small": 1000},
    waiting=20,
    connections=400,
)

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 4 * 1024 * 1024


@app.route("/echo", methods=["GET", "POST", "PUT"], defaults={"rest": ""})
@app.route("/echo/<path:rest>", methods=["GET", "POST", "PUT"])
def echo(rest: str) -> Response:
    """The request as received."""
    raw = request.get_data()
    return jsonify(
        method=request.method,
        path=request.path,
        query=request.query_string.decode(),
        size=len(raw),
        body=raw[:100].decode("latin-1"),
        remote=request.remote_addr,
        scheme=request.scheme,
        headers=dict(request.headers),
        pid=os.getpid(),
    )


@app.post("/form")
def form() -> Response:
    """The names of the form's fields; the application refuses a form that is too large."""
    return jsonify(fields=sorted(request.form), files=sorted(request.files))


@app.errorhandler(413)
def too_large(_fault: object) -> tuple[Response, int]:
    """The application's own error."""
    return jsonify(said="too large, in the reader's language"), 413


@app.get("/slow/<float:seconds>")
def slow(seconds: float) -> Response:
    """An answer that occupies its thread."""
    time.sleep(seconds)
    return jsonify(thread=threading.current_thread().name)


@app.route("/reserved/<name>", methods=["GET", "POST"])
def reserved(name: str) -> Response:
    """An answer by the reserved threads."""
    return jsonify(name=name, thread=threading.current_thread().name, size=len(request.get_data()))


@app.get("/pieces/<int:count>/<int:size>")
def pieces(count: int, size: int) -> Response:
    """A long answer produced in pieces; its threads are given at the end."""

    def make() -> Iterator[bytes]:
        for _ in range(count):
            yield b"x" * size

    return Response(make(), mimetype="application/octet-stream")


@app.get("/fails")
def fails() -> Response:
    """A view that fails."""
    raise RuntimeError("on purpose")


@app.get("/breaks-off")
def breaks_off() -> Response:
    """An answer that fails after it began."""

    def make() -> Iterator[bytes]:
        yield b"x" * 300_000
        raise RuntimeError("on purpose")

    return Response(make(), mimetype="application/octet-stream")


@app.get("/nothing")
def nothing() -> tuple[str, int]:
    """An answer without a body."""
    return "", 204


@app.get("/stream")
def stream() -> AnyResponse:
    """Server-Sent Events while a client is connected."""

    async def events() -> AsyncIterator[bytes]:
        number = 0
        while True:
            number += 1
            yield b"data: %d\n\n" % number
            await asyncio.sleep(0.05 if number < 3 else 30)

    return push(events)


def main(fd: int) -> None:
    """Serve on an already listening socket."""
    plan = ServerPlan(app=app, threads=THREADS, reserved=1, limits=LIMITS, reserved_paths=("/reserved",))
    listener = socket.socket(fileno=fd)
    Processes(lambda beat: run_worker(plan, listener, grace=GRACE, beat=beat), 1, GRACE).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
