"""The load generator: plain sockets kept open, so that its own cost is small compared with what it measures."""

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Make = Callable[[int], bytes]  # the bytes of the n-th request


class BadAnswer(Exception):
    """The server gave an unexpected answer; a figure computed from it would be meaningless."""


@dataclass(slots=True)
class Sample:
    """Measurements of one load run: seconds per answer, and the length of the run."""

    seconds: list[float] = field(default_factory=list)
    span: float = 0.0
    size: int = 0  # bytes of the last answer's body as sent

    def quantile(self, share: float) -> float:
        """The milliseconds within which this share of the answers arrived."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.seconds) / self.span


class LoadLine:
    """One open connection; reopened if the server closed it between two requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, int]:
        """Send a request and read the whole answer; returns its status and the length of its body."""
        try:
            return self._ask(request)
        except OSError:
            self.close()
            return self._ask(request)

    def _ask(self, request: bytes) -> tuple[int, int]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._read()
        head = bytes(received[:end]).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        missing = length - (len(received) - end - 4)
        while missing > 0:
            missing -= len(self._read())
        if b"connection: close" in head:
            self.close()
        return int(head[9:12]), length

    def _read(self) -> bytes:
        assert self._socket is not None
        chunk = self._socket.recv(262_144)
        if not chunk:
            raise ConnectionResetError("closed by the server")
        return chunk

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def request(method: str, path: str, headers: Mapping[str, str] | None = None, *, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def closed_loop(port: int, make: Make, *, clients: int, seconds: float, expect: int = 200) -> Sample:
    """A number of clients, each sending the next request as soon as the last one was answered."""
    sample, lock = Sample(), threading.Lock()
    began = time.perf_counter()

    def one(number: int) -> None:
        line, mine, count = LoadLine(port), [], 0
        while time.perf_counter() - began < seconds:
            asked = make(count * clients + number)
            sent = time.perf_counter()
            status, size = line.ask(asked)
            mine.append(time.perf_counter() - sent)
            _expect(status, expect, asked)
            count += 1
        line.close()
        with lock:
            sample.seconds += mine
            sample.size = size

    _together(one, clients)
    sample.span = time.perf_counter() - began
    return sample


def open_loop(port: int, requests: Sequence[bytes], *, rate: float, lines: int = 48, expect: int = 200) -> Sample:
    """A fixed number of requests per second, whatever the answers take; each is timed from the moment it was due."""
    sample, lock = Sample(), threading.Lock()
    began = time.perf_counter() + 0.2

    def one(number: int) -> None:
        line, mine = LoadLine(port), []
        for place in range(number, len(requests), lines):
            due = began + place / rate
            pause = due - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            status, _size = line.ask(requests[place])
            mine.append(time.perf_counter() - due)
            _expect(status, expect, requests[place])
        line.close()
        with lock:
            sample.seconds += mine

    _together(one, lines)
    sample.span = time.perf_counter() - began
    return sample


def _expect(status: int, expected: int, asked: bytes) -> None:
    if status != expected:
        raise BadAnswer(f"{status} instead of {expected} for {asked[:200]!r}")


def _together(work: Callable[[int], None], count: int) -> None:
    faults: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
