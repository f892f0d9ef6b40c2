"""The OpenAPI 3.1 description of the API, made from the shapes that validate it, and its page."""

import re
from typing import Any

from apiflask import APIFlask
from flask import Flask, Response, current_app, jsonify, render_template

from msp.config import Settings
from msp.web.api import multipart
from msp.web.request_scope import own_scope

SPEC_PATH = "/api/v1/openapi.json"
ABOUT = """All functions of the help desk for integrations.

Send `Authorization: Bearer <token>`; create a token with `msp token create`.

JSON in snake_case; times are RFC 3339 in UTC; money is `{"amount": "123.45", "currency": "EUR"}`; ids are UUIDs.
Lists accept `limit` and `cursor` and return `items` and `next_cursor`. Every POST accepts an `Idempotency-Key`: a retry
with the same key and body returns the first response and changes nothing. Errors are RFC 9457
`application/problem+json` with a stable `code`, and for fields `errors: {field: [code, …]}`. Data of another client is
404."""

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable error code"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "Error codes by field; nested fields are separated by dots",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "params": {"type": "object", "description": "Parameters of the error"},
    },
}
REASONS = {
    "400": "The body cannot be parsed",
    "401": "Token missing or not valid",
    "403": "The token's role or its person's role does not allow it",
    "404": "Not found, or belongs to another client",
    "409": "Conflict with the current state, or edited by someone else",
    "412": "`If-Match` is not the current version",
    "413": "The body is over 1 MiB, or 30 MiB with files",
    "415": "The body is neither JSON nor, where files are accepted, multipart",
    "422": "A field is not valid",
}
KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "Unique key of this request; a retry with it returns the first response and changes nothing",
}
VERSION_HEADERS = {
    "patch": ("If-Match", "Change only this version (`ETag`)"),
    "get": ("If-None-Match", "Return 304 if this is the current version"),
}


class DescribedFlask(APIFlask):
    """Flask that describes its API: each shape once, by its name, wherever it is used.

    The library would describe a shape twice that stands in a list before it stands alone.
    """

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """Pages are blueprints too, and the library stumbles over one of Flask's own that has a `before_request`."""
        blueprint.enable_openapi = getattr(blueprint, "enable_openapi", False)
        super().register_blueprint(blueprint, **options)

    def ensure_sync(self, func: Any) -> Any:
        """No view here is a coroutine: asking each of them each time costs more than some of them."""
        return func

    def _register_schema_and_get_ref(
        self, spec: object, registered_schema_classes: object, schema_obj: Any
    ) -> dict[str, str]:
        resolver = self._ma_plugin.resolver
        assert resolver is not None
        reference: dict[str, str] = resolver.resolve_schema_dict(schema_obj)  # type: ignore[no-untyped-call]
        return reference

    @staticmethod
    def _schema_name_resolver(schema: Any) -> str:
        kind = schema if isinstance(schema, type) else type(schema)
        return re.sub("(?<=.)(Out|Shape)$", "", kind.__name__)


def register(app: Flask) -> None:
    """Serve the description at /api/v1/openapi.json and its page at /api/docs."""
    assert isinstance(app, DescribedFlask)
    settings: Settings = app.config["SETTINGS"]
    app.title, app.version = "Guardia REST API", "1"
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        SERVERS=[{"url": settings.public_url}],
        DESCRIPTION=ABOUT,
        SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer"}},
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=True,
    )
    app.spec_processor(_finish)
    app.add_url_rule(SPEC_PATH, "api_description", openapi)
    app.add_url_rule("/api/docs", "api_docs", docs)


def description() -> dict[str, Any]:
    """The whole description, made once."""
    known: dict[str, Any] | None = current_app.extensions.get("api_description")
    if known is None:
        known = current_app.extensions["api_description"] = current_app.spec  # type: ignore[attr-defined]
    return known


@own_scope
def openapi() -> Response:
    """The description as JSON; no token needed."""
    return jsonify(description())


@own_scope
def docs() -> str:
    """The description as a page."""
    spec = description()
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in spec["tags"]}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            groups[operation["tags"][0]].append({"path": path, "method": method, **operation})
    return render_template("api/docs.html", spec=spec, groups=groups, schemas=spec["components"]["schemas"])


def _finish(spec: Any) -> Any:
    spec["security"] = [{"bearer": []}]
    spec["components"]["schemas"]["Problem"] = PROBLEM
    spec["components"]["responses"] = {
        f"Problem{code}": {
            "description": reason,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for code, reason in REASONS.items()
    }
    spec["paths"] = {path: each for path, each in spec["paths"].items() if path.startswith("/api/v1/")}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    used = {tag for operations in spec["paths"].values() for each in operations.values() for tag in each["tags"]}
    spec["tags"] = [tag for tag in spec.get("tags", ()) if tag["name"] in used]
    return spec


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    operation["operationId"] = re.sub(r"^[a-z]+_api-[a-z-]+_", "", operation["operationId"])
    for parameter in operation["parameters"]:
        schema = _in_path(parameter["schema"]) if parameter["in"] == "path" else parameter["schema"]
        # The library writes parameters in 3.0's words, which know null by another name.
        parameter["schema"] = {name: each for name, each in schema.items() if name != "nullable" and each is not None}
    if method == "post":
        operation["parameters"].append(KEY_HEADER)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    if path == "/api/v1/tickets/{ticket_id}/messages" and method == "post":
        multipart.describe(operation)
    if path == "/api/v1/tickets/{ticket_id}":
        _add_version(method, operation)
    for code in _codes_of(path, method, operation):
        operation["responses"].setdefault(code, {"$ref": f"#/components/responses/Problem{code}"})
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _in_path(schema: dict[str, Any]) -> dict[str, Any]:
    """A part of a path is an id, or a number such as a year."""
    return {"type": "integer"} if schema.get("type") == "integer" else {"type": "string", "format": "uuid"}


def _add_version(method: str, operation: dict[str, Any]) -> None:
    name, text = VERSION_HEADERS[method]
    operation["parameters"].append({"in": "header", "name": name, "schema": {"type": "string"}, "description": text})
    operation["responses"]["200"]["headers"] = {
        "ETag": {"schema": {"type": "string"}, "description": "Current version"}
    }
    if method == "get":
        operation["responses"]["304"] = {"description": "Not modified"}
    else:
        operation["responses"]["412"] = {"$ref": "#/components/responses/Problem412"}


def _codes_of(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    codes = ["401", "403"]
    if "{" in path:
        codes.append("404")
    if method != "get":
        codes.append("409")
    if "requestBody" in operation:
        codes += ["400", "413", "415"]
    if "requestBody" in operation or any(each["in"] == "query" for each in operation["parameters"]):
        codes.append("422")
    return codes
