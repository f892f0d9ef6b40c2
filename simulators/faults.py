"""Faults on demand: the next calls of an operation are throttled, broken, slow or cut off."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import Response, request

from simulators.ids import Now

KINDS = ("429", "500", "502", "503", "error", "hang", "slow", "drop", "html", "garbage")


@dataclass
class Fault:
    """A fault for the calls of `operation` ("*": all), `times` times (None: until cleared).

    kind "429" answers with Retry-After `retry_after` seconds; "500", "502", "503" answer with that status; "error"
    answers with the platform's own `error` code (and HTTP `status`, if it has one); "hang" keeps the connection open
    for `seconds` and then closes it without acting; "slow" waits `seconds` and then acts; "drop" acts and then closes
    the connection without an answer; "html" and "garbage" do not act and answer 200 with a page of some proxy, or with
    meaningless bytes. `where` restricts the fault to calls whose arguments have these values.
    """

    operation: str
    kind: str
    times: int | None = 1
    retry_after: int = 1
    seconds: float = 60.0
    error: str = ""
    status: int = 0
    where: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a fault's kind is one of {', '.join(KINDS)}")

    def hits(self, operation: str, arguments: Mapping[str, Any]) -> bool:
        """Whether it applies to this call."""
        if self.operation not in ("*", operation) or self.times == 0:
            return False
        return all(str(arguments.get(key)) == value for key, value in self.where.items())


class Faults:
    """The pending faults; `closing` ends a hanging call when the server closes."""

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._cleared = threading.Event()

    def add(self, operation: str, kind: str, **details: Any) -> Fault:
        """Add a fault; see `Fault` for its arguments."""
        fault = Fault(operation, kind, **details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults and end hanging calls."""
        with self._lock:
            self._faults.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults not used up yet."""
        with self._lock:
            return [asdict(fault) for fault in self._faults if fault.times != 0]

    def take(self, operation: str, arguments: Mapping[str, Any]) -> Fault | None:
        """Return the fault for this call and count it down; None if there is none."""
        with self._lock:
            fault = next((f for f in self._faults if f.hits(operation, arguments)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            return fault

    def meet(
        self, fault: Fault | None, *, act: Callable[[], Response], refuse: Callable[[Fault], Response]
    ) -> Response:
        """Answer a call according to its fault; without a fault, act."""
        if fault is None:
            return act()
        if fault.kind == "hang":
            self.wait(fault.seconds)
            return cut_line()
        if fault.kind == "slow":
            self.wait(fault.seconds)
            return act()
        if fault.kind == "drop":
            act()
            return cut_line()
        if fault.kind in ("html", "garbage"):
            return nonsense(fault.kind)
        return refuse(fault)

    def wait(self, seconds: float) -> None:
        """Wait; returns earlier when the faults are cleared or the server closes."""
        cleared = self._cleared
        steps = max(1, int(seconds / 0.05))
        for _ in range(steps):
            if self._closing.is_set() or cleared.wait(seconds / steps):
                return


def nonsense(kind: str) -> Response:
    """An answer from something else than the platform: a sign-in page, or bytes that are no text."""
    if kind == "html":
        return Response("<!DOCTYPE html><title>Sign in to the network</title>", mimetype="text/html")
    return Response(b"\x00\xff{]\xfe not an answer", mimetype="application/json")


def cut_line() -> Response:
    """Close the caller's connection; the returned response is not sent."""
    line = request.environ.get("werkzeug.socket")
    if line is None:
        raise RuntimeError("a connection can only be cut when the server runs on a port")
    line.shutdown(2)
    return Response(status=500)


class Pace:
    """Sliding windows: how soon a caller may call again."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._calls: dict[tuple[str, ...], deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def wait_needed(self, key: tuple[str, ...], rules: Sequence[tuple[int, float]]) -> float:
        """Count a call against rules of (calls, seconds); above zero, the call is refused for that many seconds."""
        at = self._now().timestamp()
        with self._lock:
            calls = self._calls[key]
            longest = max((window for _, window in rules), default=0.0)
            while calls and calls[0] <= at - longest:
                calls.popleft()
            needed = max((self._excess(calls, at, rule) for rule in rules), default=0.0)
            if needed <= 0:
                calls.append(at)
            return needed

    def clear(self) -> None:
        """Remove all counted calls."""
        with self._lock:
            self._calls.clear()

    @staticmethod
    def _excess(calls: deque[float], at: float, rule: tuple[int, float]) -> float:
        count, window = rule
        inside = [call for call in calls if call > at - window]
        return inside[-count] + window - at if len(inside) >= count else 0.0
