"""Lines of SMTP on a socket, with the checks of a strict server.

Sources: RFC 5321 2.3.8 (lines end with CRLF, a lone CR or LF is none), 4.5.3.1.4 and 4.5.3.1.6 (lengths), RFC 3207
(data sent before the TLS handshake is discarded).
"""

import select
import socket
import ssl
from dataclasses import dataclass

LONGEST_COMMAND = 2048  # bytes; RFC 5321 requires 512 and extensions add to it
LONGEST_TEXT_LINE = 1000  # bytes, without CRLF and the byte of the transparency dot
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Line:
    """One line without its end."""

    content: bytes
    ends_rightly: bool

    @property
    def is_bare(self) -> bool:
        """Whether it ended with a lone LF, or has a lone CR inside."""
        return not self.ends_rightly or b"\r" in self.content


class Wire:
    """Reads lines from a connection and detects input sent too early."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = bytearray()

    def line(self, limit: int = 0) -> Line | None:
        """Return the next line; None if the connection ended. With `limit`, at most so many bytes."""
        while (end := self._read.find(b"\n")) < 0:
            if limit and len(self._read) > limit:
                end = limit
                break
            chunk = self._connection.recv(CHUNK)
            if not chunk:
                return None
            self._read += chunk
        raw = bytes(self._read[: end + 1])
        del self._read[: end + 1]
        ends_rightly = raw.endswith(b"\r\n")
        return Line(raw[:-2] if ends_rightly else raw.removesuffix(b"\n"), ends_rightly)

    def is_spoken_ahead(self) -> bool:
        """Whether there is more input although it is this side's turn."""
        if self._read or (isinstance(self._connection, ssl.SSLSocket) and self._connection.pending()):
            return True
        readable, _, _ = select.select([self._connection], [], [], 0)
        return bool(readable) and self._has_bytes()

    def secure(self, connection: ssl.SSLSocket) -> None:
        """Read from the secured connection from now on; data from before the handshake is discarded."""
        self._connection = connection
        self._read.clear()

    def _has_bytes(self) -> bool:
        """Whether there are bytes to read; an ended connection is readable too, without bytes."""
        if isinstance(self._connection, ssl.SSLSocket):
            return False  # a TLS record on its way, which may hold no data
        return bool(self._connection.recv(1, socket.MSG_PEEK))
