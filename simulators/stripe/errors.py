"""Stripe's errors: an HTTP status and an error object in Stripe's own shape.

Source: docs.stripe.com/api/errors and docs.stripe.com/error-codes.
"""

from typing import Any


class StripeRefusal(Exception):
    """A request that the server answers with an error; `executed` means that its idempotency key is used up."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        executed: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        self.error = {"message": message, "type": type} | {
            key: value for key, value in (("code", code), ("param", param), *more.items()) if value is not None
        }
        if code is not None:
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"


def missing(what: str, id: str, *, param: str = "id", status: int = 404) -> StripeRefusal:
    """No object has this id: 404 if the path names it, 400 if a parameter does."""
    return StripeRefusal(f"No such {what}: '{id}'", status=status, code="resource_missing", param=param)


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeRefusal:
    """A request with invalid parameters; its idempotency key stays free."""
    return StripeRefusal(message, param=param, code=code, executed=False)
