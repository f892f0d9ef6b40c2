"""What a client may take: seconds, bytes and connections. All of it for one process."""

import resource
from collections.abc import Mapping
from dataclasses import dataclass, field

KIB, MIB = 1024, 1024 * 1024
MOST_CONNECTIONS = 4096
DESCRIPTORS_BESIDE = 256  # files, database connections and whatever else a process opens


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes; what goes beyond is answered with 408, 413, 414, 431, 503 or 504, or cut off."""

    head_seconds: float = 10.0  # from the first byte (or the connection) to the end of the headers
    keep_alive_seconds: float = 15.0
    pause_seconds: float = 10.0  # between two pieces of a body, and for a client that takes nothing of its answer
    body_seconds: float = 30.0  # for a body of up to `anonymous_bytes`
    upload_seconds: float = 300.0  # for a longer one
    answer_seconds: float = 60.0  # from the whole request to its answer, waiting for a thread included
    delivery_seconds: float = 600.0  # for the client to take its answer
    head_bytes: int = 64 * KIB
    url_bytes: int = 16 * KIB
    headers: int = 100
    anonymous_bytes: int = MIB  # of a body that comes without a cookie or an Authorization header
    body_bytes: int = 31 * MIB  # of any body
    memory_bytes: int = 256 * KIB  # of a body that is kept in memory; the rest goes to a file
    bodies_bytes: int = 512 * MIB  # of all bodies together
    by_path: Mapping[str, int] = field(default_factory=dict)  # bytes of a body, by how the path begins
    waiting: int = 200  # requests that wait for a thread, for each group of threads
    connections: int = MOST_CONNECTIONS

    def body_limit(self, path: str, *, is_anonymous: bool) -> int:
        """The most bytes of a body sent to this path."""
        limit = self.anonymous_bytes if is_anonymous else self.body_bytes
        named = [most for start, most in self.by_path.items() if path.startswith(start)]
        return min([limit, *named])

    def receiving_seconds(self, length: int) -> float:
        """How long a body of so many bytes may take."""
        return self.body_seconds if length <= self.anonymous_bytes else self.upload_seconds


def allow_connections(wanted: int) -> int:
    """Raise this process's limit of open files as far as it needs and may; returns how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + DESCRIPTORS_BESIDE
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(wanted, soft - DESCRIPTORS_BESIDE))
