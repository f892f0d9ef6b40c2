"""Receives request bodies completely before a thread sees them: in memory if small, else in a file."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import IO, Any

from msp.front.limits import ServerLimits

Receive = Callable[[], Awaitable[Any]]


class NotReceived(Exception):
    """The body was not received; `status` is 400, 408, 413 or 503, or 0 if the client is gone."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Budget:
    """Limit on the bytes of all bodies in a process."""

    left: int


class Body:
    """The bytes received so far; `close` frees them."""

    def __init__(self, limits: ServerLimits, budget: Budget) -> None:
        self._limits, self._budget = limits, budget
        self._file: IO[bytes] = io.BytesIO()
        self._in_memory = True
        self.length = 0

    def add(self, piece: bytes) -> None:
        """Add a chunk; raises NotReceived(503) if all bodies together exceed the budget."""
        if len(piece) > self._budget.left:
            raise NotReceived(503)
        self._budget.left -= len(piece)
        self.length += len(piece)
        if self._in_memory and self.length > self._limits.memory_bytes:
            self._move_to_file()
        self._file.write(piece)

    def open(self) -> IO[bytes]:
        """The whole body as a file, at its start."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Discard the body."""
        self._budget.left += self.length
        self.length = 0
        self._file.close()

    def _move_to_file(self) -> None:
        kept = tempfile.TemporaryFile(prefix="guardia-body-")  # noqa: SIM115  # closed with the body
        kept.write(self._file.getvalue())  # type: ignore[attr-defined]  # a BytesIO until here
        self._file, self._in_memory = kept, False


async def receive_body(receive: Receive, body: Body, *, announced: int | None, most: int, limits: ServerLimits) -> None:
    """Receive a body of at most `most` bytes into `body`; raises NotReceived.

    `announced` is its Content-Length; if that is too large, nothing is read and no 100-continue is sent.
    """
    if announced is not None and announced > most:
        raise NotReceived(413)
    if announced == 0:
        return
    seconds = limits.receiving_seconds(announced if announced is not None else most)
    try:
        async with asyncio.timeout(seconds):
            while await _next_piece(receive, body, limits):
                if body.length > most:
                    raise NotReceived(413)
    except TimeoutError:
        raise NotReceived(408) from None
    if body.length > most:
        raise NotReceived(413)


async def _next_piece(receive: Receive, body: Body, limits: ServerLimits) -> bool:
    """Receive the next chunk; returns whether there are more."""
    async with asyncio.timeout(limits.pause_seconds):
        message = await receive()
    if message["type"] != "http.request":
        raise NotReceived(0)
    body.add(message["body"])
    return bool(message["more_body"])
