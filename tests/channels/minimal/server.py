"""The server of the minimal platform: people, what the product wrote to them, and failures on demand."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from simulators import RunningServer, serve

KEY = "minimal-key"


@dataclass
class MinimalServer:
    """Spaces with people; `failing` answers the next calls of a method with a status."""

    people: dict[str, dict[str, str]] = field(default_factory=dict)
    posted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failing: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    always: int = 0

    def reset(self) -> None:
        self.people.clear()
        self.posted.clear()
        self.failing.clear()
        self.always = 0

    def serve(self) -> RunningServer:
        app = Flask(__name__)
        app.add_url_rule("/<space>/people/<person>", "person", self._person)
        app.add_url_rule("/<space>/chats/<person>", "post", self._post, methods=["POST"])
        return serve(app)

    def _person(self, space: str, person: str) -> ResponseReturnValue:
        if answer := self._failure():
            return answer
        found = self.people.get(person)
        return jsonify(found) if found else ("", 404)

    def _post(self, space: str, person: str) -> ResponseReturnValue:
        if answer := self._failure():
            return answer
        messages = self.posted.setdefault(person, [])
        messages.append(request.get_json() | {"id": f"m{len(messages) + 1}", "key": request.headers.get("X-Key", "")})
        return jsonify(id=messages[-1]["id"])

    def _failure(self) -> ResponseReturnValue | None:
        waiting = self.failing.get(request.method, [])
        if waiting:
            status, retry_after = waiting.pop(0)
            return "", status, {"Retry-After": str(retry_after)}
        if self.always and request.method == "POST":
            return "", self.always
        return None
