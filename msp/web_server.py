"""The web server: processes, threads, limits and listening socket."""

from __future__ import annotations

import gc
import logging
import socket
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Flask

from msp.config import Settings
from msp.front.application import ServerPlan
from msp.front.limits import ServerLimits
from msp.front.processes import Processes
from msp.front.proxies import Proxies
from msp.front.worker import run_worker
from msp.kernel import pressure, wake

WORKERS = 2
THREADS = 8
RESERVED = 8  # additional threads per process, for the paths of `app.config["RESERVED_PATHS"]` only
GRACE = 30  # seconds for running requests when the server is stopped
BACKLOG = 2048


def serve(
    app_factory: Callable[[], Flask],
    settings: Settings,
    *,
    bind: str = "",
    listener: socket.socket | None = None,
    workers: int = WORKERS,
    threads: int = THREADS,
    grace: float = GRACE,
) -> None:
    """Serve the application until SIGTERM; blocks. Listens on `bind`, an existing socket, or loopback:PORT.

    The application is made once, before the worker processes are forked, so that they share its memory.
    """
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # clients' malformed requests are not logged as errors
    app = app_factory()
    gc.collect()
    gc.freeze()  # the application's objects never become garbage; scanning them took a tenth of a page's time
    plan = plan_of(app, settings, threads=threads)
    with listener or listen_at(bind or f"127.0.0.1:{settings.port}") as line:
        work = partial(_work, plan, line, grace)
        Processes(work, workers, grace).run()


def plan_of(
    app: Flask, settings: Settings, *, threads: int = THREADS, limits: ServerLimits | None = None
) -> ServerPlan:
    """The server configuration of an application, with the paths and limits of its own configuration."""
    return ServerPlan(
        app=app,
        threads=threads,
        reserved=RESERVED,
        limits=limits or ServerLimits(by_path=dict(app.config.get("BODY_LIMITS", {}))),
        proxies=Proxies(settings.trusted_proxies),
        reserved_paths=tuple(app.config.get("RESERVED_PATHS", ())),
        acknowledged=pressure.Gauge().note,
    )


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; raises OSError if the port is in use."""
    return listen_at(f"127.0.0.1:{port}")


def listen_at(bind: str) -> socket.socket:
    """A socket that listens at `host:port`, `[address]:port` or `unix:/path`; raises OSError on failure."""
    family, address = _address(bind)
    # The protocol is explicit: asyncio sets TCP_NODELAY, which sends small responses at once, only on such sockets.
    proto = 0 if family == socket.AF_UNIX else socket.IPPROTO_TCP
    listener = socket.socket(family, socket.SOCK_STREAM, proto)
    try:
        if family != socket.AF_UNIX:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _address(bind: str) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    if bind.startswith("unix:"):
        path = Path(bind.removeprefix("unix:"))
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()  # left by a server that was killed
        return socket.AF_UNIX, str(path)
    host, _, port = bind.rpartition(":")
    if not port.isdecimal():
        raise OSError(f"{bind}: write host:port or unix:/path")
    found = socket.getaddrinfo(host.strip("[]") or "0.0.0.0", int(port), type=socket.SOCK_STREAM)  # noqa: S104
    family, _type, _proto, _name, address = found[0]
    return family, address[:2]  # type: ignore[return-value]  # host and port of either family


def _work(plan: ServerPlan, listener: socket.socket, grace: float, beat: Callable[[], None]) -> None:
    wake.send_in_background()
    run_worker(plan, listener, grace=grace, beat=beat)
