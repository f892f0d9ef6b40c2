"""Limits per client and process: seconds, bytes and connections."""

import resource
from collections.abc import Mapping
from dataclasses import dataclass, field

KIB, MIB = 1024, 1024 * 1024
MOST_CONNECTIONS = 4096
DESCRIPTORS_BESIDE = 256  # file descriptors for files, database connections and others


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Seconds and bytes; beyond them the response is 408, 413, 414, 431, 503 or 504, or the connection is closed."""

    head_seconds: float = 10.0  # from the first byte (or the connection) to the end of the headers
    keep_alive_seconds: float = 15.0
    pause_seconds: float = 10.0  # between two chunks of a body, and for a client that reads nothing
    body_seconds: float = 30.0  # for a body of up to `anonymous_bytes`
    upload_seconds: float = 300.0  # for a larger body
    answer_seconds: float = 60.0  # from the complete request to its response, including waiting for a thread
    delivery_seconds: float = 600.0  # for the client to read the response
    head_bytes: int = 64 * KIB
    url_bytes: int = 16 * KIB
    headers: int = 100
    anonymous_bytes: int = MIB  # of a body without a cookie or an Authorization header
    body_bytes: int = 31 * MIB  # of any body
    memory_bytes: int = 256 * KIB  # of a body in memory; larger ones go to a file
    bodies_bytes: int = 512 * MIB  # of all bodies together
    by_path: Mapping[str, int] = field(default_factory=dict)  # bytes of a body, by path prefix
    waiting: int = 200  # requests waiting for a thread, per pool
    connections: int = MOST_CONNECTIONS

    def body_limit(self, path: str, *, is_anonymous: bool) -> int:
        """The maximum bytes of a body for this path."""
        limit = self.anonymous_bytes if is_anonymous else self.body_bytes
        named = [most for start, most in self.by_path.items() if path.startswith(start)]
        return min([limit, *named])

    def receiving_seconds(self, length: int) -> float:
        """The time limit in seconds for receiving a body of this length."""
        return self.body_seconds if length <= self.anonymous_bytes else self.upload_seconds


def allow_connections(wanted: int) -> int:
    """Raise this process's limit of open files if necessary and allowed; returns how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + DESCRIPTORS_BESIDE
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(wanted, soft - DESCRIPTORS_BESIDE))
