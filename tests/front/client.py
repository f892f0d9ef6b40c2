"""A client that speaks HTTP byte by byte, as attackers do."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """A parsed answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Client:
    """One connection to a port of this machine."""

    port: int
    timeout: float = 5.0
    _buffer: bytes = b""
    _line: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._line = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def send(self, data: bytes) -> Client:
        """Send bytes unchanged."""
        self._line.sendall(data)
        return self

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        """Send a whole request and return its answer."""
        lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + body)
        return self.answer(is_head=method == "HEAD")

    def answer(self, *, is_head: bool = False) -> Answer:
        """The next answer; raises EOFError if the connection ends first."""
        status, headers = self.head()
        if is_head or status in (204, 304) or status < 200:
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self._chunks())
        return Answer(status, headers, self.read(int(headers.get("content-length", 0))))

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer."""
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def read(self, size: int) -> bytes:
        """Read exactly `size` bytes."""
        while len(self._buffer) < size:
            self._receive()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def line(self) -> bytes:
        """Read to the end of a line."""
        while b"\r\n" not in self._buffer:
            self._receive()
        found, _, self._buffer = self._buffer.partition(b"\r\n")
        return found

    def chunk(self) -> bytes:
        """Read one chunk; empty at the end."""
        size = int(self.line(), 16)
        found = self.read(size)
        self.read(2)
        return found

    def is_ended(self, within: float) -> bool:
        """Whether the server closes the connection within the given seconds; ignores what it still sends."""
        until = time.monotonic() + within
        while (left := until - time.monotonic()) > 0:
            self._line.settimeout(left)
            try:
                if not self._line.recv(65536):
                    return True
            except TimeoutError:
                return False
            except ConnectionError:
                return True
        return False

    def _chunks(self) -> bytes:
        found = []
        while piece := self.chunk():
            found.append(piece)
        return b"".join(found)

    def _receive(self) -> None:
        data = self._line.recv(65536)
        if not data:
            raise EOFError
        self._buffer += data
