"""Domain refusals, and failures of other services (temporary or permanent, which decides about retries)."""

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """The domain refuses an action: a stable code and parameters; its sentence is made at the edge."""

    status = 422

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Invalid(Refusal):
    """Invalid input; `fields` has the codes of each field."""

    status = 422

    def __init__(
        self,
        code: str = "invalid",
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(code)
        self.fields = {name: list(codes) for name, codes in (fields or {}).items()}


class NotFound(Refusal):
    """It does not exist, or belongs to another tenant: indistinguishable."""

    status = 404

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}_not_found")


class Denied(Refusal):
    """The person is authenticated but not allowed."""

    status = 403


class Conflict(Refusal):
    """The current state does not allow it, for example after a concurrent change."""

    status = 409


class PreconditionFailed(Refusal):
    """`If-Match` names an older version."""

    status = 412


class TooMany(Refusal):
    """Rate limit or quota exceeded; `retry_after` in seconds."""

    status = 429

    def __init__(self, code: str, *, retry_after: int) -> None:
        super().__init__(code, retry_after=retry_after)
        self.retry_after = retry_after


class OutsideFailure(Exception):
    """Another service failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Temporary(OutsideFailure):
    """May succeed later; `retry_after` in seconds if the service named it."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Permanent(OutsideFailure):
    """Retrying cannot help: a person has to look at it."""


class InDoubt(Temporary):
    """The outcome is unknown: the connection broke, or the answer was invalid. Check before repeating."""


class Broken(Permanent):
    """The connection is no longer valid (token revoked, app removed): an administrator has to renew it."""


class Unreachable(Permanent):
    """The conversation can no longer be written to (archived, bot removed, blocked)."""
