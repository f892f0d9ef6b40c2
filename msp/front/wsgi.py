"""Calls the WSGI application (PEP 3333) in a thread, and iterates streamed responses."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from msp.front.proxies import Proxies

PUSH = "msp.push"  # WSGI environ key for a pushed body (msp.front.push)
PIECE_BYTES = 256 * 1024
PIECE_SECONDS = 0.05  # seconds after which a slow response's chunk is sent
TRUE = (1, 0)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Source = Callable[[], AsyncIterator[bytes]]
Headers = list[tuple[bytes, bytes]]


def environ_of(scope: Any, body: IO[bytes], length: int, proxies: Proxies) -> dict[str, Any]:
    """The WSGI environ of a request with a complete body."""
    peer, server = scope.get("client"), scope.get("server") or ("", None)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0] or "localhost",
        "SERVER_PORT": str(server[1] or 80),
        "REMOTE_ADDR": peer[0] if peer else "",
        "REMOTE_PORT": str(peer[1]) if peer else "",
        "CONTENT_LENGTH": str(length),
        "wsgi.version": TRUE,
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    _add_headers(environ, scope["headers"])
    proxies.apply(environ)
    return environ


def _add_headers(environ: dict[str, Any], headers: Headers) -> None:
    for raw_name, raw_value in headers:
        if b"_" in raw_name:  # a header with underscore could spoof one with a hyphen that a proxy has set
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        if name in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):  # the body is complete, so its length is known
            continue
        key = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        known = environ.get(key)
        environ[key] = value if known is None else f"{known}{'; ' if name == 'COOKIE' else ','}{value}"


@dataclass(slots=True)
class Answer:
    """Status and headers, the first chunk of the body, and the iterator of the rest, if any."""

    status: int
    headers: Headers
    first: bytes
    rest: Rest | None = None
    push: Source | None = None


class Rest:
    """The remaining chunks of a response; each is requested once the client has taken the last one."""

    def __init__(self, pieces: Iterator[bytes], iterable: Iterable[bytes], context: Context) -> None:
        self._pieces, self._iterable, self._context = pieces, iterable, context

    def read(self) -> tuple[bytes, bool]:
        """The next chunk and whether it was the last. Runs in a thread; the last one closes the response."""
        return self._context.run(self._read)

    def close(self) -> None:
        """Close a response that was not read completely. Runs in a thread."""
        self._context.run(_close, self._iterable)

    def _read(self) -> tuple[bytes, bool]:
        try:
            piece, is_last = _collect(self._pieces)
        except BaseException:
            _close(self._iterable)
            raise
        if is_last:
            _close(self._iterable)
        return piece, is_last


def call(app: Application, environ: dict[str, Any], context: Context) -> Answer:
    """Run the application for one request; returns the response, complete or with its rest. Runs in a thread."""
    return context.run(_call, app, environ, context)


def _call(app: Application, environ: dict[str, Any], context: Context) -> Answer:
    started: list[tuple[int, Headers]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        started[:] = [(int(status[:3]), _encoded(headers))]
        return written.append

    iterable = app(environ, start_response)
    try:
        pieces = iter(iterable)
        first, is_last = _collect(pieces)
    except BaseException:
        _close(iterable)
        raise
    ((status, headers),) = started
    first = b"".join([*written, first])
    if is_last:
        _close(iterable)
        return Answer(status, headers, first, push=environ.get(PUSH))
    return Answer(status, headers, first, rest=Rest(pieces, iterable, context))


def _encoded(headers: list[tuple[str, str]]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _collect(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next chunks joined to a sendable size, and whether there are no more."""
    found: list[bytes] = []
    size, until = 0, 0.0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        now = time.monotonic()
        until = until or now + PIECE_SECONDS
        if size >= PIECE_BYTES or (size and now >= until):
            return b"".join(found), False
    return b"".join(found), True


def _close(iterable: Iterable[bytes]) -> None:
    close = getattr(iterable, "close", None)
    if close is not None:
        close()
