"""One process of the server: its event loop from start to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

from uvicorn.config import Config
from uvicorn.server import ServerState

from msp.front.application import Front, ServerPlan
from msp.front.connection import Connections, HttpConnection, settings_of
from msp.front.limits import ServerLimits, allow_connections

BEAT_SECONDS = 1.0


def run_worker(plan: ServerPlan, listener: socket.socket, *, grace: float, beat: Callable[[], None]) -> None:
    """Serve connections of `listener` until SIGTERM or SIGINT, then end within `grace` seconds. Blocks.

    `beat` is called each second while the loop runs. Threads may still run when this returns: the caller ends the
    process.
    """
    limits = replace(plan.limits, connections=allow_connections(plan.limits.connections))
    with asyncio.Runner() as runner:
        runner.run(_Worker(replace(plan, limits=limits), listener, grace=grace, beat=beat).serve())


class _Worker:
    def __init__(self, plan: ServerPlan, listener: socket.socket, *, grace: float, beat: Callable[[], None]) -> None:
        self._plan, self._listener, self._grace, self._beat = plan, listener, grace, beat
        self._limits: ServerLimits = plan.limits
        self._connections = Connections(plan.limits.connections)
        self._state = ServerState()
        self._made: set[asyncio.Task[object]] = set()
        self._config: Config
        self._front: Front

    async def serve(self) -> None:
        loop, stop_requested = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop_requested.set)
        self._front = Front(self._plan)
        self._config = settings_of(self._front, self._limits)
        self._config.load()
        beating = loop.create_task(self._go_on_beating())
        self._listener.setblocking(False)
        loop.add_reader(self._listener, self._accept)
        try:
            await stop_requested.wait()
        finally:
            loop.remove_reader(self._listener)
            await self._end()
            beating.cancel()

    def _accept(self) -> None:
        """Accept one connection at a time, so that idle processes accept more."""
        try:
            line, _address = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # no file descriptor left: free one for the next try
            self._connections.make_room()
            return
        if not self._connections.make_room():
            line.close()
            return
        line.setblocking(False)
        _set_user_timeout(line, self._limits.pause_seconds)
        loop = asyncio.get_running_loop()
        task: asyncio.Task[object] = loop.create_task(loop.connect_accepted_socket(self._connection, line))
        self._made.add(task)
        task.add_done_callback(self._made.discard)

    def _connection(self) -> HttpConnection:
        return HttpConnection(self._config, self._state, limits=self._limits, connections=self._connections)

    async def _go_on_beating(self) -> None:
        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            self._beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def _end(self) -> None:
        """Finish requests in progress, close idle connections, and cut off the rest after the grace period."""
        self._front.end_streams()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._grace
        for connection in self._connections:
            connection.shutdown()
        while self._state.tasks and loop.time() < until:
            await asyncio.wait(self._state.tasks, timeout=min(0.2, until - loop.time()))
            self._front.end_streams()  # one may have started meanwhile
        while any(not each.transport.is_closing() for each in self._connections) and loop.time() < until:
            for connection in self._connections:
                connection.shutdown()
            await asyncio.sleep(0.02)
        await asyncio.sleep(0)
        for connection in self._connections:
            connection.cut_off() if connection.has_request else connection.transport.close()


def _set_user_timeout(line: socket.socket, seconds: float) -> None:
    """Make the kernel close a connection whose client acknowledges nothing for so long (TCP_USER_TIMEOUT)."""
    if line.family == socket.AF_UNIX:
        return
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
