"""The RQ jobs: two of our functions by name, with plain arguments as JSON. Nothing else can run.

Anyone who can write to Redis could otherwise name any function, also as a callback, and unpickling runs code.
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
    """Allow jobs of this name to run the function, with text arguments only."""
    _functions[name] = function


class WakeJob(Job):
    """A job that runs an allowed function, and never a callback, a URL or another job."""

    @property
    def func(self) -> Callable[..., None]:
        """The function; raises Permanent for any other."""
        return _allowed(self.func_name, self.instance, self.args, self.kwargs)

    def restore(self, raw_data: Any) -> Any:
        """Read the job from Redis without its callbacks."""
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
