"""JSON that others send: what is nested too deep is as unreadable as what is cut off."""

from typing import Any

from flask import Request
from werkzeug.exceptions import BadRequest


class BodyRequest(Request):
    """A request whose JSON body may be nested as deep as anybody likes."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as JSON; BadRequest, or None if `silent`, for what is none and for what is nested too deep."""
        try:
            return super().get_json(force=force, silent=silent, cache=cache)
        except RecursionError as deep:
            if silent:
                return None
            raise BadRequest("JSON that is nested too deep") from deep
