"""Faults of a desk's Valkey: wiped, full, or unreachable while its process runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

ROOM = 32 * 1024  # bytes that are left before it is full
JUNK = "junk"


@dataclass(frozen=True)
class Valkey:
    """A Valkey by its socket; `process` finds its current process."""

    path: Path
    process: Callable[[], psutil.Process]

    def wipe(self) -> None:
        """Delete all keys."""
        self._door().flushall()

    def fill(self) -> None:
        """Use all of its memory: writes are refused from now on, since it evicts nothing."""
        door = self._door()
        door.config_set("maxmemory-policy", "noeviction")
        door.config_set("maxmemory", str(int(door.info("memory")["used_memory"]) + ROOM))
        try:
            while True:
                door.rpush(JUNK, b"x" * 4096)
        except redis.exceptions.OutOfMemoryError:
            return

    def empty(self) -> None:
        """Free the memory."""
        door = self._door()
        door.config_set("maxmemory", "256mb")
        door.delete(JUNK)

    def be_away(self) -> None:
        """Become unreachable: the socket is moved away and open connections are closed."""
        door = self._door()
        door.ping()
        self.path.rename(self._aside)
        try:
            door.client_kill_filter(_type="normal", skipme=False)
        except redis.RedisError:
            pass  # this connection is closed too

    def be_back(self) -> None:
        """Become reachable again."""
        self._aside.rename(self.path)

    @property
    def _aside(self) -> Path:
        return self.path.with_suffix(".away")

    def _door(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.path), socket_timeout=5)
