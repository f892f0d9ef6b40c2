"""Test servers that answer slowly, byte by byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


@contextmanager
def dripping(first: bytes = HTTP, *, every: float = 0.1) -> Iterator[int]:
    """A server that answers `first`, and then one byte at a time while the client reads; returns its port."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads = [threading.Thread(target=_accept, args=(listener, first, every, stop), daemon=True)]
        threads[0].start()
        yield listener.getsockname()[1]
        stop.set()
        with suppress(OSError), socket.create_connection(listener.getsockname()):
            pass
        threads[0].join(2)


def _accept(listener: socket.socket, first: bytes, every: float, stop: threading.Event) -> None:
    while not stop.is_set():
        line, _ = listener.accept()
        threading.Thread(target=_drip, args=(line, first, every, stop), daemon=True).start()


def _drip(line: socket.socket, first: bytes, every: float, stop: threading.Event) -> None:
    with line, suppress(OSError):
        line.sendall(first)
        while not stop.wait(every):
            line.sendall(b"a")
