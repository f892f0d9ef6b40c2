"""Client of the simulators' control routes, over HTTP, used by the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

TIMEOUT = 10.0  # seconds; pressing a button waits for the desk's own answer
ALL = 20_000


class NoAnswer(Exception):
    """The local server is not up, or did not understand; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Door:
    """The control routes of one server at `url`, without a trailing slash."""

    url: str

    def state(self) -> dict[str, Any]:
        """The current state: settings, people and places."""
        return self._get("state", {})

    def messages(self, **narrowed: str) -> list[dict[str, Any]]:
        """The messages, oldest first."""
        found: list[dict[str, Any]] = self._get("messages", narrowed)["messages"]
        return found

    def act(self, name: str, **arguments: Any) -> Any:
        """Do something as a person; returns the result."""
        return self._ask("POST", f"act/{name}", json=arguments)["result"]

    def load(self, world: Mapping[str, Any]) -> None:
        """Add workspaces, people and places."""
        self._ask("POST", "world", json=world)

    def cursor(self) -> int:
        """The current cursor of the feed."""
        return int(self._get("feed", {"since": "0", "limit": str(ALL), "kind": "none"})["cursor"])

    def news(self, since: int, *, wait: float) -> tuple[list[dict[str, Any]], int]:
        """Return the entries after a cursor, and the new cursor; waits up to `wait` seconds if there are none."""
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
