"""The HTTP server of the tests, in a separate process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from msp.web_server import listen_at
from tests.front.client import Client


@dataclass
class Served:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    _clients: list[Client] = field(default_factory=list)

    def client(self, timeout: float = 5.0) -> Client:
        """A connection to it, closed at the end of the test."""
        self._clients.append(Client(self.port, timeout))
        return self._clients[-1]

    def hang_up(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.close()
        self._clients.clear()


@contextmanager
def serving(module: str = "tests.front.served") -> Iterator[Served]:
    """Run the server and stop it."""
    with listen_at("127.0.0.1:0") as listener:
        port, number = listener.getsockname()[1], listener.fileno()
        process = subprocess.Popen([sys.executable, "-m", module, str(number)], pass_fds=[number])
    try:
        with Client(port, 30) as first:
            assert first.ask("GET", "/echo").status == 200
        yield Served(port, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(10)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Served]:
    """One server for the tests of a file."""
    with serving() as running:
        yield running


@pytest.fixture
def server(shared_server: Served) -> Iterator[Served]:
    """The file's server; connections are closed after each test."""
    yield shared_server
    shared_server.hang_up()


@pytest.fixture
def own_server() -> Iterator[Served]:
    """A server for one test, which may stop it."""
    with serving() as running:
        yield running
        running.hang_up()
