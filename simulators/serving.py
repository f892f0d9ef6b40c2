"""A server on a real port, in a thread of this process: a WSGI application, or another protocol."""

import threading
from collections.abc import Callable
from socketserver import TCPServer
from types import TracebackType
from typing import TYPE_CHECKING, Self

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log: the simulators keep their own log of calls.

    One connection serves one request, so that a closed server answers no more requests.
    """

    def log(self, type: str, message: str, *args: object) -> None:
        """Write nothing."""


class RunningServer:
    """A server that answers at `url` (no trailing slash) until `close`."""

    def __init__(
        self,
        listen: Callable[[int], TCPServer],
        port: int,
        on_close: Callable[[], None] | None,
        *,
        scheme: str = "http",
    ) -> None:
        self._listen = listen
        self._on_close = on_close
        self._begin(port)
        host = str(self._server.server_address[0])
        self.url = f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"

    def close(self) -> None:
        """Stop answering and free the port. Idempotent."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()
        self.be_away()

    def be_away(self) -> None:
        """Refuse connections, as a service that is down does, until `be_back`; the state is kept."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(timeout=5)
            self._server.server_close()

    def be_back(self) -> None:
        """Answer again, on the same port."""
        self._begin(self.port)

    def _begin(self, port: int) -> None:
        self._server = server = self._listen(port)
        self.port = int(server.server_address[1])
        self._thread = threading.Thread(
            target=lambda: server.serve_forever(poll_interval=0.02), name=f"playground {self.port}", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(
    app: "WSGIApplication",
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    on_close: Callable[[], None] | None = None,
) -> RunningServer:
    """Serve a WSGI application with one thread per request; port 0 takes any free port."""

    def listen(at: int) -> TCPServer:
        return make_server(host, at, app, threaded=True, request_handler=_QuietHandler)

    return RunningServer(listen, port, on_close)
