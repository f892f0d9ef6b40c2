"""HTTP routes under /_control by which other processes drive and watch a simulator.

Bodies and answers are JSON; a wrong request is a 400 with {"error": why}.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from flask import Blueprint, Response, jsonify, request

from simulators.courier import Courier
from simulators.faults import Faults
from simulators.feed import Feed

LONGEST_WAIT = 25.0


@runtime_checkable
class Shown(Protocol):
    """An object that has a JSON form."""

    def as_json(self) -> dict[str, Any]:
        """The object as JSON."""
        ...


class Controlled(Protocol):
    """The interface of a simulator that its control routes use."""

    feed: Feed
    faults: Faults
    courier: Courier
    calls: deque[dict[str, Any]]

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The available acts, by name."""
        ...

    def describe(self) -> dict[str, Any]:
        """The current state: settings, people and places."""
        ...

    @property
    def messages(self) -> Callable[..., list[dict[str, Any]]]:
        """Return the posted messages, in order, filtered by the server's own keywords."""
        ...

    def load(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Add people and places."""
        ...

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change the addresses to which the platform sends."""
        ...

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is pending."""
        ...

    def reset(self, *, keep_world: bool = True) -> None:
        """Clear the history."""
        ...


def plain(value: Any) -> Any:
    """A result as JSON."""
    if isinstance(value, Shown):
        return value.as_json()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def control_routes(name: str, server: Controlled) -> Blueprint:
    """Return the /_control routes of a simulator."""
    routes = Blueprint(f"{name}_control", __name__, url_prefix="/_control")

    @routes.errorhandler(ValueError)
    @routes.errorhandler(KeyError)
    @routes.errorhandler(TypeError)
    @routes.errorhandler(StopIteration)
    def wrong(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": f"{type(error).__name__}: {error}"}), 400

    @routes.get("/state")
    def state() -> Response:
        return jsonify(server.describe() | {"acts": sorted(server.acts), "faults": server.faults.waiting()})

    @routes.get("/messages")
    def messages() -> Response:
        return jsonify({"messages": server.messages(**request.args.to_dict())})

    @routes.get("/feed")
    def feed() -> Response:
        query = request.args.to_dict()
        since = int(query.pop("since", "0"))
        wait = min(float(query.pop("wait", "0")), LONGEST_WAIT)
        limit = int(query.pop("limit", "500"))
        return jsonify(server.feed.since(since, wait=wait, limit=limit, where=query))

    @routes.get("/calls")
    def calls() -> Response:
        wanted = request.args.to_dict()
        kept = [c for c in list(server.calls) if all(str(c.get(k)) == v for k, v in wanted.items())]
        return jsonify({"calls": kept})

    @routes.get("/deliveries")
    def deliveries() -> Response:
        wanted = request.args.to_dict()
        shown = [delivery.as_json() for delivery in list(server.courier.deliveries)]
        kept = [d for d in shown if all(str(d.get(k)) == v for k, v in wanted.items())]
        return jsonify({"deliveries": kept})

    _changing_routes(routes, server)
    return routes


def _changing_routes(routes: Blueprint, server: Controlled) -> None:
    @routes.post("/act/<act>")
    def act(act: str) -> Response:
        if act not in server.acts:
            raise ValueError(f"there is no act {act}; there are {', '.join(sorted(server.acts))}")
        return jsonify({"result": plain(server.acts[act](**_body()))})

    @routes.get("/faults")
    def faults() -> Response:
        return jsonify({"faults": server.faults.waiting()})

    @routes.post("/faults")
    def add_fault() -> Response:
        server.faults.add(**_body())
        return faults()

    @routes.delete("/faults")
    def clear_faults() -> Response:
        server.faults.clear()
        return faults()

    @routes.post("/world")
    def world() -> Response:
        return jsonify(server.load(_body()))

    @routes.post("/settings")
    def settings() -> Response:
        return jsonify(server.configure(**_body()))

    @routes.post("/settle")
    def settle() -> Response:
        return jsonify({"settled": server.settle(min(float(_body().get("timeout", 10)), LONGEST_WAIT))})

    @routes.post("/reset")
    def reset() -> Response:
        server.reset(keep_world=bool(_body().get("keep_world", True)))
        return jsonify({"ok": True})


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValueError("the body is to be a JSON object, sent as application/json")
    return body
