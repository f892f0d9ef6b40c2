"""JSON request bodies: one that is nested too deep is treated like one that is malformed."""

from typing import Any

from flask import Request
from werkzeug.exceptions import BadRequest


class BodyRequest(Request):
    """A request whose JSON body may have any nesting depth."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as JSON; if malformed or nested too deep, raises BadRequest, or returns None if `silent`."""
        try:
            return super().get_json(force=force, silent=silent, cache=cache)
        except RecursionError as deep:
            if silent:
                return None
            raise BadRequest("JSON that is nested too deep") from deep
