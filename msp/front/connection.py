"""uvicorn's HTTP/1.1 protocol with limits on the size and duration of headers.

uvicorn has no such limits; everything else (framing, pipelining, keep-alive, 100-continue, HEAD) is its own.
"""

from __future__ import annotations

import asyncio
import http
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from msp.front.limits import ServerLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENSION = "msp.connection"  # key of the request's connection in the ASGI scope


class HeadersRefused(Exception):
    """The headers exceed a limit; the parser treats it as a parse error."""


class Connections:
    """The connections of a process, oldest first; if there are too many, one that waits for headers is closed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: dict[HttpConnection, None] = {}

    def __iter__(self) -> Iterator[HttpConnection]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: HttpConnection) -> None:
        """Add a new connection."""
        self._all[connection] = None

    def remove(self, connection: HttpConnection) -> None:
        """Remove a closed connection."""
        self._all.pop(connection, None)

    def make_room(self) -> bool:
        """Whether one more connection fits, if necessary after closing the oldest one without a request."""
        if len(self._all) < self._most:
            return True
        oldest = next((each for each in self._all if not each.has_request), None)
        if oldest is None:
            return False
        oldest.cut_off()
        return True


class HttpConnection(HttpToolsProtocol):
    """uvicorn's protocol within `limits`; adds itself to `connections`."""

    def __init__(self, config: Config, state: ServerState, *, limits: ServerLimits, connections: Connections) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self._limits, self._open = limits, connections
        self._in_head, self._head_bytes, self._fields = True, 0, 0
        self._began = False  # whether a request starts within the current data
        self._refusal = 0
        self._head_timer: asyncio.TimerHandle | None = None

    @property
    def has_request(self) -> bool:
        """Whether a request with complete headers is not answered yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def cut_off(self) -> None:
        """Close the connection at once, dropping pending output."""
        self._open.remove(self)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first headers."""
        super().connection_made(transport)
        self._open.add(self)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection."""
        self._stop_head_timer()
        self._open.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received data within the limits."""
        was_in_head, self._began = self._in_head, False
        super().data_received(data)
        if self.transport.is_closing() or not self._in_head:
            return
        self._head_bytes += len(data) if was_in_head and not self._began else 0
        if self._head_bytes > self._limits.head_bytes:
            self._refuse(431)
        elif self._head_timer is None and not self.has_request:
            self._start_head_timer()

    def on_message_begin(self) -> None:
        """A request starts."""
        self._began, self._in_head = True, True
        self._head_bytes = self._fields = 0
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"connection": self}}

    def on_url(self, url: bytes) -> None:
        """Part of the URL."""
        super().on_url(url)
        if len(self.url) > self._limits.url_bytes:
            self._refusal = 414
            raise HeadersRefused

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._fields += len(name) + len(value)
        if len(self.headers) >= self._limits.headers or self._fields > self._limits.head_bytes:
            self._refusal = 431
            raise HeadersRefused
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are complete: the request goes to the application."""
        self._in_head = False
        self._stop_head_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete; headers follow."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse invalid HTTP or exceeded limits. Never in the middle of another request's response."""
        self._refuse(self._refusal or 400)

    def _refuse(self, status: int) -> None:
        self._stop_head_timer()
        if self.has_request and not self._stop_receiving():
            return
        body = http.HTTPStatus(status).phrase.encode() + b"\n"
        self.transport.write(
            b"HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            % (status, body[:-1], len(body), body)
        )
        self.transport.close()

    def _stop_receiving(self) -> bool:
        """Close after the current request; returns whether that is the refused one, which gets the error response."""
        if self.cycle.more_body and not self.cycle.response_started and not self.pipeline:
            self.cycle.disconnected = True  # the application waits for the rest of the body
            self.cycle.message_event.set()
            return True
        self.cycle.keep_alive = False  # it is answered first
        self.pipeline.clear()
        self.flow.pause_reading()
        return False

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self._limits.head_seconds, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing() and not self.has_request:
            self._refuse(408)


def settings_of(app: Any, limits: ServerLimits) -> Config:
    """uvicorn's settings for an ASGI application."""
    return Config(
        app,
        http=HttpConnection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_seconds,  # type: ignore[arg-type]  # it is handed to call_later
    )
