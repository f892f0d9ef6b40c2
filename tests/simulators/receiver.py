"""An application for Slack and Teams: it stores requests and answers as configured."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from simulators import RunningServer, serve


@dataclass(frozen=True)
class Got:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers every POST with `answer(request)`, by default 200 without a body."""

    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Response] = lambda got: Response(status=200)
    server: RunningServer | None = None
    _grew: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> "Receiver":
        """Start on a free port."""
        app = Flask("receiver", static_folder=None)
        app.add_url_rule("/<path:path>", view_func=self._take, methods=["POST"])
        self.server = serve(app)
        return self

    @property
    def url(self) -> str:
        """Its address."""
        assert self.server is not None
        return self.server.url

    def _take(self, path: str) -> Response:
        got = Got(f"/{path}", dict(request.headers), request.get_data())
        with self._grew:
            self.got.append(got)
            self._grew.notify_all()
        return self.answer(got)

    def wait_for(self, count: int, *, seconds: float = 5.0) -> list[Got]:
        """The received requests, once there are at least so many."""
        with self._grew:
            assert self._grew.wait_for(lambda: len(self.got) >= count, timeout=seconds), self.got
            return list(self.got)

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """The received Slack events, optionally of one type."""
        found = [got.json["event"] for got in self.got if b'"event"' in got.body]
        return [event for event in found if kind in ("", event["type"])]


def busy(seconds: float) -> Callable[[Got], Response]:
    """An answer that takes too long."""

    def answer(got: Got) -> Response:
        time.sleep(seconds)
        return Response(status=200)

    return answer
