"""Every refusal and fault as RFC 9457 problem+json: a stable `code`, codes by field, the request's id, no details."""

import json
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from apiflask import HTTPError
from flask import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from msp.kernel import logs
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Denied, Invalid, Refusal, Temporary, TooMany

log = logging.getLogger(__name__)

# SQLSTATE codes and classes (PostgreSQL manual, appendix A) that are somebody's doing and no fault of ours.
_BY_SQLSTATE: Mapping[str, tuple[type[Refusal], str]] = {
    "23505": (Conflict, "already_exists"),
    "23P01": (Conflict, "already_exists"),
    "23000": (Conflict, "frozen"),
    "23503": (Conflict, "in_use_or_unknown"),
    "23514": (Invalid, "invalid"),
    "22": (Invalid, "invalid"),
    "40": (Conflict, "changed_meanwhile"),
    "42501": (Denied, "not_allowed"),
    "55P03": (Conflict, "changed_meanwhile"),
}
_NO_FIELDS = ("_schema", "key", "value")  # marshmallow's own levels: a whole object, and the two sides of a mapping
_BY_STATUS = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


class Unauthenticated(Refusal):
    """The token is missing or not valid."""

    status = 401


class Malformed(Refusal):
    """The request cannot be parsed."""

    status = 400


class Unavailable(Refusal):
    """A required service is not available; a retry may succeed."""

    status = 503


class Fault(Refusal):
    """What HTTP itself refuses: an unknown path, another method, too much."""

    def __init__(self, status: int) -> None:
        super().__init__(_BY_STATUS.get(status, HTTPStatus(status).name.lower()))
        self.status = status


def answer_with_problem(error: Exception) -> Response:
    """The error handler of the API: roll back, and say what happened in the API's terms."""
    db.session.rollback()
    refusal = as_refusal(error)
    if refusal is None:
        log.error("unhandled", exc_info=error)
        return problem(500, "internal_error")
    fields = getattr(refusal, "fields", None)
    response = problem(refusal.status, refusal.code, params=refusal.params, errors=fields)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="guardia"'
    if isinstance(error, HTTPException) and error.code == 405:
        response.headers.extend(error.get_headers())
        response.mimetype = "application/problem+json"
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def problem(
    status: int,
    code: str,
    *,
    params: Mapping[str, object] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> Response:
    """A problem+json answer; `errors` names the codes of each field."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "request_id": logs.request_id.get(),
    }
    if errors:
        body["errors"] = errors
    if params:
        body["params"] = params
    return Response(json.dumps(body, default=str), status, mimetype="application/problem+json")


def as_refusal(error: Exception) -> Refusal | None:
    """What an exception means to the caller; None where it is our own fault."""
    match error:
        case Refusal():
            return error
        case HTTPError():
            return Invalid(fields=field_codes(error.detail))
        case HTTPException():
            return Fault(error.code or 500)
        case StaleDataError():
            return Conflict("changed_meanwhile")
        case RecursionError():
            return Malformed("malformed")
        case Temporary():
            return Unavailable("unavailable")
        case DBAPIError():
            return _from_database(error)
    return None


def field_codes(detail: Mapping[str, object]) -> dict[str, list[str]]:
    """A validation's nested codes by dotted field: {"json": {"a": {"b": ["x"]}}} is {"a.b": ["x"]}."""
    fields: dict[str, list[str]] = {}
    for location in detail.values():
        for path, code in _leaves(location, ()):
            fields.setdefault(".".join(path) or "body", []).append(code)
    return fields


def _leaves(node: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value, path if key in _NO_FIELDS else (*path, str(key)))
    elif isinstance(node, list):
        for each in node:
            yield from _leaves(each, path)
    else:
        yield path, str(node)


def _from_database(error: DBAPIError) -> Refusal | None:
    if error.connection_invalidated:
        return Unavailable("unavailable")
    state = getattr(error.orig, "sqlstate", None) or "08"
    if state.startswith(("08", "53", "57")):
        return Unavailable("unavailable")
    kind, code = _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2]) or (None, "")
    return kind(code) if kind else None
