"""A fixed pool of threads with a bounded queue."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


class Busy(Exception):
    """The queue is full."""


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    abandoned: Callable[[Any], None] | None
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Threads:
    """A pool of threads with its own queue; belongs to one event loop."""

    def __init__(self, name: str, count: int, *, waiting: int) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._most, self._in_hand = count + waiting, 0
        for number in range(count):
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    async def run(
        self, work: Callable[[], Result], *, abandoned: Callable[[Result | None], None] | None = None
    ) -> Result:
        """Run `work` in a thread and return its result; raises Busy if the queue is full.

        If the caller is cancelled, a queued job is dropped. When a running one ends, `abandoned` is called on the event
        loop with its result, if any.
        """
        if self._in_hand >= self._most:
            raise Busy
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        self._in_hand += 1
        self._jobs.put(_Job(work, abandoned, loop, answer))
        return await answer

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            result, fault = None, None
            if not job.answer.cancelled():
                try:
                    result = job.work()
                except BaseException as raised:  # delivered to the caller
                    fault = raised
            try:
                job.loop.call_soon_threadsafe(self._done, job, result, fault)
            except RuntimeError:  # the event loop has ended
                return
            del job, result, fault

    def _done(self, job: _Job, result: Any, fault: BaseException | None) -> None:
        self._in_hand -= 1
        if job.answer.cancelled():
            if job.abandoned is not None:
                job.abandoned(result)
        elif fault is not None:
            job.answer.set_exception(fault)
        else:
            job.answer.set_result(result)
