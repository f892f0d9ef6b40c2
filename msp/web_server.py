"""The web process: gunicorn with a few processes of a few threads each, configured here and nowhere else."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from gunicorn.app.base import BaseApplication

from msp.config import Settings
from msp.embedded import end_with_parent

WORKERS = 2
THREADS = 8
GRACE = 30  # seconds for requests in hand when the server is told to stop
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # where heartbeats cost no disk


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
    """Serve the application until SIGTERM; blocks. On `bind`, or a socket that listens already, or loopback:PORT.

    The application is made once, before the worker processes are forked, so that they share its memory.
    """
    where = f"fd://{listener.fileno()}" if listener else bind or f"127.0.0.1:{settings.port}"
    options = {
        "bind": [where],
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "preload_app": True,
        "timeout": 60,
        "graceful_timeout": int(grace),
        "keepalive": 5,
        "accesslog": None,
        "loglevel": "warning",
        "worker_tmp_dir": str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None,
        "control_socket_disable": True,
        "post_fork": _after_fork,
    }
    _Server(app_factory, options).run()


def listen(port: int) -> socket.socket:
    """A socket that listens on loopback; raises OSError where the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    listener.listen(2048)
    return listener


class _Server(BaseApplication):
    def __init__(self, app_factory: Callable[[], Flask], options: dict[str, object]) -> None:
        self._app_factory = app_factory
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = self._app_factory()
        gc.collect()
        gc.freeze()  # what the application is made of never becomes garbage: looking through it cost a tenth of a page
        return app


def _after_fork(_server: object, _worker: object) -> None:
    end_with_parent(signal.SIGTERM)
