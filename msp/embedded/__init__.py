"""Embedded PostgreSQL and Valkey from Python wheels, for installations without servers of their own.

Data, logs and sockets are under MSP_HOME, so that installations in different folders are independent. Both servers
listen on Unix sockets only. They end with the process that started them, even if it is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from msp.config import Settings
from msp.embedded.home import HomeInUse, alone
from msp.embedded.postgres import ensure_database, postgres_answers, start_postgres
from msp.embedded.process import TIMEOUT, EmbeddedServerError, ServerProcess, end_with_parent, wait_until
from msp.embedded.valkey import start_valkey, valkey_answers

__all__ = [
    "EmbeddedServerError",
    "HomeInUse",
    "ServerProcess",
    "alone",
    "are_up",
    "end_with_parent",
    "ensure_database",
    "running",
    "start_all",
    "start_postgres",
    "start_valkey",
]


@contextmanager
def running(settings: Settings, *, durable: bool = True) -> Iterator[None]:
    """Run the embedded servers inside the block; reuses those of a running installation.

    `durable=False` trades durability for speed: for tests only.
    """
    if not (settings.embedded_database or settings.embedded_redis):
        yield
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(settings, purpose="command", timeout=TIMEOUT))
        except HomeInUse as other:
            if other.purpose != "run":
                raise
            wait_until(lambda: are_up(settings), f"the servers of process {other.pid}")
        else:
            for server in start_all(settings, durable=durable):
                stack.callback(server.stop)
                server.wait()
            if settings.embedded_database:
                ensure_database(settings)
        yield


def start_all(settings: Settings, *, durable: bool = True) -> list[ServerProcess]:
    """Start the servers that the settings do not configure; the caller waits for each."""
    servers = []
    if settings.embedded_redis:
        servers.append(start_valkey(settings))
    if settings.embedded_database:
        servers.append(start_postgres(settings, durable=durable))
    return servers


def are_up(settings: Settings) -> bool:
    """Whether all embedded servers that these settings need answer."""
    if settings.embedded_redis and not valkey_answers(settings.runtime_dir / "valkey.sock"):
        return False
    return not settings.embedded_database or postgres_answers(settings)
