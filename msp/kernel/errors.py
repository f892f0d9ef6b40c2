"""Refusals (a verb that will not) and failures of the outside (temporary or permanent: the retry policy)."""

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """A verb will not do it: a stable code and parameters; sentences are made at the edge."""

    status = 422

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Invalid(Refusal):
    """What was given does not fit; `fields` names each field with its codes."""

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
    """It does not exist, or it belongs to somebody else: the answer is the same."""

    status = 404

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}_not_found")


class Denied(Refusal):
    """The person is known and may not do this."""

    status = 403


class Conflict(Refusal):
    """Somebody was faster, or the present state does not allow it."""

    status = 409


class PreconditionFailed(Refusal):
    """The `If-Match` that was sent names an older version."""

    status = 412


class TooMany(Refusal):
    """Too much of it at once or in a short time; `retry_after` is in seconds."""

    status = 429

    def __init__(self, code: str, *, retry_after: int) -> None:
        super().__init__(code, retry_after=retry_after)
        self.retry_after = retry_after


class OutsideFailure(Exception):
    """An outside service did not do its part."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Temporary(OutsideFailure):
    """Try again later; `retry_after` is in seconds, where the service named it."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Permanent(OutsideFailure):
    """Trying again cannot help: a person must look at it."""


class InDoubt(Temporary):
    """It may have been done: the connection broke, or the answer made no sense. Look before doing it again."""


class Broken(Permanent):
    """The connection itself is no longer good (token revoked, app removed): an administrator must renew it."""


class Unreachable(Permanent):
    """Nothing can be written in that conversation any more (archived, bot removed, blocked)."""
