"""What every blueprint of the API shares: bearer tokens, a body limit, idempotency, problems, one unit of work."""

from typing import Any, TypeAlias, TypeVar

from apiflask import APIBlueprint, HTTPError
from apiflask.schema_adapters.marshmallow import parser
from flask import Request, Response, g, request
from marshmallow import missing
from werkzeug.exceptions import HTTPException, UnsupportedMediaType, default_exceptions

from msp.kernel import idempotency
from msp.kernel.db import db
from msp.web.api.access import authenticate, caller
from msp.web.api.multipart import fields_of, has_files
from msp.web.api.problems import Malformed, answer_with_problem

PREFIX = "/api/v1"
MAX_BODY = 1024 * 1024
KEPT_HEADERS = ("Content-Type", "Location", "ETag")

Written = TypeVar("Written")
Answer: TypeAlias = Any  # what a view hands to @blueprint.output: a row or a dict, with status and headers if it likes


class Resource(APIBlueprint):
    """A blueprint whose requests come with a token: cookies sign nobody in here (msp/web/request_scope.py)."""

    own_scope = True


def resource(name: str, *, tag: str) -> Resource:
    """A blueprint under /api/v1; `name` is unique among resources, `tag` heads its part of the description."""
    blueprint = Resource(f"api-{name}", __name__, url_prefix=PREFIX, tag=tag)
    blueprint.before_request(_enter)
    blueprint.after_request(_finish)
    for code in default_exceptions:
        blueprint.register_error_handler(code, answer_with_problem)
    for kind in (HTTPException, HTTPError, Exception):
        blueprint.register_error_handler(kind, answer_with_problem)
    return blueprint


def settled(written: Written) -> Written:
    """What a verb changed, once it is written to the database: a lost race shows itself while we can still say so."""
    db.session.flush()
    return written


@parser.location_loader("json")
def load_json(incoming: Request, _schema: object) -> object:
    """The body as a JSON object, or the fields of a multipart body; nothing at all counts as missing."""
    if has_files(incoming):
        return fields_of(incoming)
    if not incoming.get_data():
        return missing
    if not incoming.is_json:
        raise UnsupportedMediaType
    body = incoming.get_json()
    if not isinstance(body, dict):
        raise Malformed("not_an_object")
    return body


def _enter() -> Response | None:
    if not has_files(request):
        request.max_content_length = MAX_BODY
    g.idempotency_key = None
    authenticate()
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None:
        return None
    if not 0 < len(key) <= idempotency.MAX_KEY:
        raise Malformed("idempotency_key_invalid")
    kept = idempotency.begin(
        caller().id, key, method=request.method, path=request.full_path, body=request.get_data(cache=True)
    )
    if kept is None:
        g.idempotency_key = key
        return None
    return Response(kept.body, kept.status, {**kept.headers, "Idempotency-Replayed": "true"})


def _finish(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers["Vary"] = "Authorization"
    if response.status_code >= 400 or request.method == "GET":
        return response
    try:
        _keep_answer(response)
        db.session.flush()
    except Exception as error:
        return answer_with_problem(error)
    return response


def _keep_answer(response: Response) -> None:
    if getattr(g, "idempotency_key", None) is None:
        return
    idempotency.finish(
        caller().id,
        g.idempotency_key,
        status=response.status_code,
        headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
        body=getattr(g, "answer_to_keep", None) or response.get_data(),
    )
