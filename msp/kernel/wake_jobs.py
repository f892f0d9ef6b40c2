"""The jobs in Redis: two functions of ours by name, with plain arguments as JSON. Nothing else is run.

Whoever can write to that Redis could name any function, also as a callback, and pickled data run while they are read.
"""

from collections.abc import Callable
from typing import Any

from rq.job import Job
from rq.serializers import JSONSerializer

from msp.kernel.errors import Permanent

SERIALIZER = JSONSerializer
RUN = "msp.kernel.jobs.run"
TICK = "msp.kernel.jobs.tick"
_functions: dict[str, Callable[..., None]] = {}


def allow(name: str, function: Callable[..., None]) -> None:
    """Have jobs of this name run the function, with text as its only arguments."""
    _functions[name] = function


class WakeJob(Job):
    """A job that runs a function that was allowed, and never a callback, a web address or another job."""

    @property
    def func(self) -> Callable[..., None]:
        """The function; raises Permanent for any other."""
        return _allowed(self.func_name, self.instance, self.args, self.kwargs)

    def restore(self, raw_data: Any) -> Any:
        """Read the job from Redis, without what would run something else after it."""
        restored = super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []
        self._dependency_ids = []
        self.retries_left = self.repeats_left = None
        return restored


def _allowed(name: object, instance: object, args: Any, kwargs: Any) -> Callable[..., None]:
    function = _functions.get(name) if isinstance(name, str) else None
    if function is None or instance or kwargs or not all(isinstance(each, str) for each in args):
        raise Permanent(f"not one of our jobs: {name!r}")
    return function
