"""The control doors of the local servers, as the page uses them: over HTTP, like any other program."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

TIMEOUT = 10.0  # seconds; a pressed button waits for the desk's own answer
ALL = 20_000


class NoAnswer(Exception):
    """The local server is not up, or did not understand; says why."""


@dataclass(frozen=True, slots=True)
class Door:
    """The door of one server at `url`, which ends without a slash."""

    url: str

    def state(self) -> dict[str, Any]:
        """Who and what is there."""
        return self._get("state", {})

    def messages(self, **narrowed: str) -> list[dict[str, Any]]:
        """What was said, oldest first."""
        found: list[dict[str, Any]] = self._get("messages", narrowed)["messages"]
        return found

    def act(self, name: str, **arguments: Any) -> Any:
        """Do something as a person; returns what came of it."""
        return self._ask("POST", f"act/{name}", json=arguments)["result"]

    def load(self, world: Mapping[str, Any]) -> None:
        """Add workspaces, people and places."""
        self._ask("POST", "world", json=world)

    def cursor(self) -> int:
        """Where the feed stands now."""
        return int(self._get("feed", {"since": "0", "limit": str(ALL), "kind": "none"})["cursor"])

    def news(self, since: int, *, wait: float) -> tuple[list[dict[str, Any]], int]:
        """What happened after a cursor, and the new cursor; waits up to `wait` seconds while there is nothing."""
        feed = self._ask(
            "GET", "feed", params={"since": str(since), "wait": str(wait), "limit": str(ALL)}, timeout=wait + TIMEOUT
        )
        return feed["entries"], int(feed["cursor"])

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return self._ask("GET", path, params=params)

    def _ask(self, method: str, path: str, *, timeout: float = TIMEOUT, **more: Any) -> dict[str, Any]:
        try:
            answer = requests.request(method, f"{self.url}/_control/{path}", timeout=timeout, **more)
            body: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as fault:
            raise NoAnswer(type(fault).__name__) from fault
        if answer.status_code != 200:
            raise NoAnswer(str(body.get("error", answer.status_code)))
        return body
