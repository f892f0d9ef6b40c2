"""Delivery of a platform's requests to the application: one request, its answer, and the retries."""

import heapq
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests

from simulators.ids import Now

MAX_REDIRECTS = 2
REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True)
class Answer:
    """The answer to one request; `status` is None without an answer, and `reason` says why."""

    status: int | None
    reason: str | None
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def accepted(self) -> bool:
        """Whether the application answered with a 2xx in time."""
        return self.status is not None and 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Delivery:
    """One delivery to one URL, with all its attempts."""

    id: str
    kind: str
    url: str
    attempts: list[dict[str, Any]] = field(default_factory=list)
    state: str = "pending"  # pending, delivered, failed
    answer: Answer | None = None
    settled: threading.Event = field(default_factory=threading.Event, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The delivery as the control routes show it."""
        return {
            "id": self.id, "kind": self.kind, "url": self.url, "state": self.state,
            "attempts": list(self.attempts),
        }  # fmt: skip


Prepare = Callable[[int, str | None], tuple[bytes, Mapping[str, str]]]
"""Makes body and headers for attempt number (0 is the first) and the reason for retrying, if any."""

Again = Callable[[Answer], bool]
"""Whether a failed answer is to be retried."""


def request_once(url: str, *, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
    """POST once, following at most two redirects; never raises for network errors."""
    began = time.monotonic()
    session = requests.Session()
    session.trust_env = False
    try:
        for _ in range(MAX_REDIRECTS + 1):
            reply = session.post(url, data=body, headers=dict(headers), timeout=timeout, allow_redirects=False)
            if reply.status_code not in REDIRECTS or "Location" not in reply.headers:
                reason = None if reply.ok else "http_error"
                seconds = time.monotonic() - began
                return Answer(reply.status_code, reason, dict(reply.headers), reply.content, seconds)
            url = urljoin(url, reply.headers["Location"])
        reason = "too_many_redirects"
    except requests.exceptions.SSLError:
        reason = "ssl_error"
    except requests.exceptions.Timeout:
        reason = "http_timeout"
    except requests.exceptions.ConnectionError:
        reason = "connection_failed"
    except requests.exceptions.RequestException:
        reason = "unknown_error"
    finally:
        session.close()
    return Answer(None, reason, {}, b"", time.monotonic() - began)


class Courier:
    """Delivers, retries on a schedule, and keeps a log; `close` drops pending retries."""

    def __init__(
        self,
        now: Now,
        *,
        timeout: float,
        schedule: Sequence[float],
        again: Again,
        on_settled: Callable[[Delivery], None],
        workers: int = 8,
    ) -> None:
        self.timeout = timeout
        self.schedule = tuple(schedule)
        self.deliveries: deque[Delivery] = deque(maxlen=10_000)
        self.closing = threading.Event()
        self._now = now
        self._again = again
        self._on_settled = on_settled
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="courier")
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._clock: threading.Thread | None = None

    def send(self, kind: str, external_id: str, *, url: str, prepare: Prepare, wait: bool) -> Delivery:
        """Deliver; with `wait` the first attempt is made before this returns, otherwise in the background."""
        delivery = Delivery(external_id, kind, url)
        self.deliveries.append(delivery)
        if not url:
            self._settle(delivery, "failed")
        elif wait:
            self._attempt(delivery, prepare, None)
        else:
            self._submit(lambda: self._attempt(delivery, prepare, None))
        return delivery

    def ask(self, kind: str, external_id: str, *, url: str, prepare: Prepare) -> Delivery:
        """Deliver once and wait: for requests whose answer is the result, which are not retried."""
        delivery = Delivery(external_id, kind, url)
        self.deliveries.append(delivery)
        self._try_once(delivery, prepare, None)
        self._settle(delivery, "delivered" if delivery.answer and delivery.answer.accepted else "failed")
        return delivery

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is pending; returns False if something still is after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        return all(d.settled.wait(max(0.0, deadline - time.monotonic())) for d in list(self.deliveries))

    def close(self) -> None:
        """Stop retrying; running attempts end on their own."""
        self.closing.set()
        with self._changed:
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _attempt(self, delivery: Delivery, prepare: Prepare, reason: str | None) -> None:
        answer = self._try_once(delivery, prepare, reason)
        made = len(delivery.attempts)
        if answer.accepted:
            self._settle(delivery, "delivered")
        elif made > len(self.schedule) or not self._again(answer) or self.closing.is_set():
            self._settle(delivery, "failed")
        else:
            self._later(self.schedule[made - 1], lambda: self._attempt(delivery, prepare, answer.reason))

    def _try_once(self, delivery: Delivery, prepare: Prepare, reason: str | None) -> Answer:
        body, headers = prepare(len(delivery.attempts), reason)
        began = self._now().isoformat()
        answer = request_once(delivery.url, body=body, headers=headers, timeout=self.timeout)
        delivery.answer = answer
        delivery.attempts.append(
            {"at": began, "status": answer.status, "reason": answer.reason, "retry_reason": reason,
             "seconds": round(answer.seconds, 4)}
        )  # fmt: skip
        return answer

    def _settle(self, delivery: Delivery, state: str) -> None:
        delivery.state = state
        delivery.settled.set()
        self._on_settled(delivery)

    def _submit(self, work: Callable[[], None]) -> None:
        if not self.closing.is_set():
            self._pool.submit(work)

    def _later(self, delay: float, work: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._order), work))
            if self._clock is None:
                self._clock = threading.Thread(target=self._run_clock, name="courier clock", daemon=True)
                self._clock.start()
            self._changed.notify_all()

    def _run_clock(self) -> None:
        while not self.closing.is_set():
            with self._changed:
                pause = self._due[0][0] - time.monotonic() if self._due else 3600.0
                if pause > 0:
                    self._changed.wait(pause)
                    continue
                _, _, work = heapq.heappop(self._due)
            self._submit(work)
