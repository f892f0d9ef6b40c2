"""What befalls a desk's Valkey: wiped, full, held, or gone while its process runs on."""

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
    """A Valkey by its socket; `process` finds whose it is now."""

    path: Path
    process: Callable[[], psutil.Process]

    def wipe(self) -> None:
        """Forget everything."""
        self._door().flushall()

    def fill(self) -> None:
        """Take all the memory that it may use: what writes is refused from now on, for it evicts nothing."""
        door = self._door()
        door.config_set("maxmemory-policy", "noeviction")
        door.config_set("maxmemory", str(int(door.info("memory")["used_memory"]) + ROOM))
        try:
            while True:
                door.rpush(JUNK, b"x" * 4096)
        except redis.exceptions.OutOfMemoryError:
            return

    def empty(self) -> None:
        """Give the memory back."""
        door = self._door()
        door.config_set("maxmemory", "256mb")
        door.delete(JUNK)

    def be_away(self) -> None:
        """Be out of reach: no door to knock at, and whoever was in is out."""
        door = self._door()
        door.ping()
        self.path.rename(self._aside)
        try:
            door.client_kill_filter(_type="normal", skipme=False)
        except redis.RedisError:
            pass  # it was us too

    def be_back(self) -> None:
        """Be in reach again."""
        self._aside.rename(self.path)

    @property
    def _aside(self) -> Path:
        return self.path.with_suffix(".away")

    def _door(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.path), socket_timeout=5)
