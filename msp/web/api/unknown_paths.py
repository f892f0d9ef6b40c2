"""What lies under /api/v1 and is nothing: answered in the API's terms, 404 or 405, after asking who calls."""

from flask import current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from msp.web.api.resource import resource

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

blueprint = resource("unknown-paths", tag="Unknown paths")


@blueprint.route("/", defaults={"path": ""}, methods=METHODS)
@blueprint.route("/<path:path>", methods=METHODS)
@blueprint.doc(hide=True)
def unknown(path: str) -> str:
    """No resource has this path, or it has it for other methods."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    allowed = []
    for method in METHODS:
        try:
            endpoint, _ = adapter.match(method=method)
        except HTTPException:
            continue
        if endpoint != request.endpoint:
            allowed.append(method)
    raise MethodNotAllowed(valid_methods=allowed) if allowed else NotFound()
