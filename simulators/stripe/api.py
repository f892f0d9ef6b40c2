"""One request to a local Stripe API: authentication, version, idempotency, faults.

Source: docs.stripe.com/api/authentication, /api/idempotent_requests, /error-low-level.
"""

import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, request

from simulators.faults import Fault, Faults
from simulators.stripe.errors import StripeRefusal
from simulators.stripe.params import read_params
from simulators.stripe.reading import expand
from simulators.stripe.routes import Route, find
from simulators.stripe.world import Object, StripeWorld, random_text, shown

Pairs = Sequence[tuple[str, str]]
AFTER_COMMIT = "after_commit"
AFTER_COMMIT_FOR_GOOD = "after_commit_for_good"
_LONGEST_KEY = 255


class StripeApi:
    """Answers /v1 requests on a world; `calls` is the log of requests and results."""

    def __init__(
        self, world: StripeWorld, faults: Faults, *, api_key: str, committed: Callable[[list[Object]], None]
    ) -> None:
        self.world = world
        self.faults = faults
        self.api_key = api_key
        self.calls: deque[dict[str, Any]] = deque(maxlen=10_000)
        self._committed = committed
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, *, origin: str) -> Response:
        """Answer Flask's current request; `origin` is the base address of this server's own pages."""
        call: dict[str, Any] = {
            "at": self.world.now().isoformat(), "request_id": f"req_{random_text(14)}", "method": request.method,
            "path": request.path, "operation": None, "params": {}, "fault": None, "replayed": False,
            "idempotency_key": request.headers.get("Idempotency-Key"),
            "version": request.headers.get("Stripe-Version"),
        }  # fmt: skip
        try:
            answer = self._admit(call, origin)
        except StripeRefusal as refusal:
            answer = _refused(refusal)
        call["status"] = answer.status_code
        self.calls.append(call)
        answer.headers["Request-Id"] = call["request_id"]
        answer.headers["Stripe-Version"] = self.world.api_version
        if call["idempotency_key"]:
            answer.headers["Idempotency-Key"] = call["idempotency_key"]
        return answer

    def commit(self) -> None:
        """Save changes and send their events; the world's lock is held."""
        self.world.save()
        self._committed(self.world.take_events())

    def _admit(self, call: dict[str, Any], origin: str) -> Response:
        self._check_caller(call)
        found = find(request.method, request.path)
        if found is None:
            raise StripeRefusal(
                f"Unrecognized request URL ({request.method}: {request.path}). This local server speaks a part of"
                " Stripe's API only.",
                status=404,
            )
        route, id = found
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        call |= {"operation": route.name, "params": dict(pairs)}
        key = call["idempotency_key"] if route.method == "POST" else None
        if key is None:
            return self._meet(call, lambda: self._perform(route, id, pairs, call, origin))
        return self._once(key, call, pairs, lambda: self._perform(route, id, pairs, call, origin))

    def _check_caller(self, call: dict[str, Any]) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise StripeRefusal("You did not provide an API key.", status=401)
        if (self.api_key and key != self.api_key) or not key.startswith(("sk_test_", "rk_test_")):
            raise StripeRefusal(f"Invalid API Key provided: {key[:8]}****", status=401)
        if call["version"] not in (None, self.world.api_version):
            raise StripeRefusal(
                f"Invalid Stripe API version: {call['version']}. This local server speaks {self.world.api_version}."
            )

    def _once(self, key: str, call: dict[str, Any], pairs: Pairs, act: Callable[[], Response]) -> Response:
        """Perform a POST when its key is first used, and repeat its answer after that."""
        if len(key) > _LONGEST_KEY:
            raise StripeRefusal("Idempotency keys can have up to 255 characters.", executed=False)
        asked = json.dumps([call["path"], sorted(pairs)])
        mark = hashlib.sha256(asked.encode()).hexdigest()
        with self._lock:
            if key in self._under_way:
                raise StripeRefusal(
                    "There is currently another in-progress request using this Idempotent Key.",
                    status=409,
                    type="idempotency_error",
                    code="idempotency_key_in_use",
                )
            kept = self._kept(key)
            if kept is not None:
                return self._repeat(kept, key, call, mark)
            self._under_way.add(key)
        try:
            call["_mark"] = mark
            return self._meet(call, act)
        finally:
            self._under_way.discard(key)
            call.pop("_mark", None)

    def _kept(self, key: str) -> dict[str, Any] | None:
        with self.world.lock:
            self.world.forget_old_keys()
            return self.world.keys.get(key)

    def _repeat(self, kept: dict[str, Any], key: str, call: dict[str, Any], mark: str) -> Response:
        if kept["path"] != call["path"]:
            raise StripeRefusal(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for"
                f" ('{call['path']}' vs '{kept['path']}'). Try using a key other than '{key}' if you meant to"
                " execute a different request.",
                type="idempotency_error",
            )
        if kept["mark"] != mark:
            raise StripeRefusal(
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
                f" Try using a key other than '{key}' if you meant to execute a different request.",
                type="idempotency_error",
            )
        call["replayed"] = True
        answer = _json(kept["body"], kept["status"])
        answer.headers["Idempotent-Replayed"] = "true"
        answer.headers["Original-Request"] = kept["request_id"]
        return answer

    def _meet(self, call: dict[str, Any], act: Callable[[], Response]) -> Response:
        fault = self.faults.take(str(call["operation"]), call["params"])
        call["fault"] = fault and (fault.error or fault.kind)
        return self.faults.meet(fault, act=act, refuse=lambda met: self._broken(met, call, act))

    def _broken(self, fault: Fault, call: dict[str, Any], act: Callable[[], Response]) -> Response:
        if fault.kind == "429":
            return _json(_error("Request rate limit exceeded.", "invalid_request_error", code="rate_limit"), 429)
        if fault.kind in ("502", "503"):
            return Response("<html><body>Bad gateway</body></html>", status=int(fault.kind), mimetype="text/html")
        if fault.error in (AFTER_COMMIT, AFTER_COMMIT_FOR_GOOD):
            act()
            if fault.error == AFTER_COMMIT_FOR_GOOD:
                self._keep(call, _SORRY, 500)
        elif fault.kind == "error":
            return _json(_error("An error was asked for.", "api_error", code=fault.error), fault.status or 400)
        return _json(_SORRY, 500)

    def _perform(self, route: Route, id: str, pairs: Pairs, call: dict[str, Any], origin: str) -> Response:
        """Perform a request under the world's lock; an error after its start uses the key up too, as at Stripe."""
        with self.world.lock:
            self.world.origin = origin
            self.world.request = {"id": call["request_id"], "idempotency_key": call["idempotency_key"]}
            try:
                params = read_params(route.declared, pairs, ours=route.ours)
                body, status = self._act(route, id, params), 200
            except StripeRefusal as refusal:
                body, status = {"error": refusal.error}, refusal.status
                if not refusal.executed:
                    return _json(body, status)
            if not route.reads:
                self._keep(call, body, status)
                self.commit()
        return _json(body, status)

    def _act(self, route: Route, id: str, params: dict[str, Any]) -> Object:
        answer = route.act(self.world, id, params)
        return expand(self.world, shown(answer), params.get("expand") or [])

    def _keep(self, call: dict[str, Any], body: Object, status: int) -> None:
        if "_mark" in call:
            self.world.keys[call["idempotency_key"]] = {
                "at": self.world.stamp(), "path": call["path"], "mark": call["_mark"], "status": status,
                "body": body, "request_id": call["request_id"],
            }  # fmt: skip


def _error(message: str, type: str, *, code: str | None = None) -> Object:
    return {"error": {"message": message, "type": type} | ({"code": code} if code else {})}


_SORRY: Object = _error("Sorry, something went wrong on our end.", "api_error")


def _refused(refusal: StripeRefusal) -> Response:
    return _json({"error": refusal.error}, refusal.status)


def _json(body: Object, status: int) -> Response:
    return Response(json.dumps(body, indent=2), status=status, mimetype="application/json")
