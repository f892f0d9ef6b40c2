"""One request of a run, and its checks: no fault, nothing stored after a refusal, a prompt answer."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient

from tests.fuzz.stored import StoredRows

SECONDS = 1.0  # seconds for one answer
PROTOCOL = {(501, "/api/messages")}  # Bot Framework's answer to an unknown invoke
SHOWN = 1500  # characters of a body in a report


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and its sender."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    by: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path[:300]} by {self.by or 'nobody'}, {self.content_type!r}: {self.body[:SHOWN]!r}"


@dataclass
class Tally:
    """The results of the calls of one part."""

    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)  # kind of fault → its first call
    slowest: float = 0.0

    def note(self, kind: str, call: Call) -> None:
        """Record a fault; for each kind the first call is shown."""
        self.faults.setdefault(kind, str(call))

    def __str__(self) -> str:
        counts = "  ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"{self.name}: {self.statuses.total()} calls, slowest {self.slowest:.2f} s; {counts}"


def make(call: Call, web: FlaskClient, stored: StoredRows, tally: Tally, *, about: str) -> int:
    """Make a call and check its answer; `about` names the route in a report. Returns the status."""
    status, seconds = _timed(lambda: _answer(call, web))
    written = stored.since_last()
    if seconds > SECONDS:  # the machine may have been busy: a call that is slow is repeated
        status_again, again = _timed(lambda: _answer(call, web))
        seconds = min(seconds, again)
        written = written if status_again < 400 else written | stored.since_last()
        stored.since_last()
    tally.statuses[status] += 1
    tally.slowest = max(tally.slowest, seconds)
    if (status, about) in PROTOCOL:
        return status
    if status >= 500:
        tally.note(f"{status} at {about}", call)
    elif status >= 400 and written:
        tally.note(f"{status} at {about} stored {', '.join(sorted(written))}", call)
    if seconds > SECONDS:
        tally.note(f"slow at {about}: {seconds:.1f} s", call)
    return status


def _answer(call: Call, web: FlaskClient) -> int:
    options: dict[str, Any] = {"content_type": call.content_type} if call.content_type else {}
    answer = web.open(call.path, method=call.method, data=call.body, headers=call.headers, **options)
    answer.close()
    return answer.status_code


def _timed(make_call: Callable[[], int]) -> tuple[int, float]:
    began = time.perf_counter()
    return make_call(), time.perf_counter() - began
