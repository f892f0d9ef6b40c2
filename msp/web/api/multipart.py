"""Requests that carry files: `multipart/form-data` with the fields of the JSON body and `files`."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Request, current_app

View = TypeVar("View", bound=Callable[..., Any])
MEDIA_TYPE = "multipart/form-data"
_FILES = {
    "type": "array",
    "items": {"type": "string", "contentMediaType": "application/octet-stream"},
    "maxItems": 10,
    "description": "At most 10 files of 20 MB each, 29 MB in total",
}


def takes_files(view: View) -> View:
    """Mark a view whose body may also be `multipart/form-data`; the innermost decorator."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def has_files(incoming: Request) -> bool:
    """Whether this request is multipart and its view takes files."""
    if incoming.mimetype != MEDIA_TYPE or incoming.endpoint is None:
        return False
    return getattr(current_app.view_functions[incoming.endpoint], "takes_files", False)


def fields_of(incoming: Request) -> dict[str, str]:
    """The fields of a multipart body besides its files."""
    return incoming.form.to_dict()


def describe(operation: dict[str, Any]) -> None:
    """Add the multipart form to the description of an operation."""
    content = operation["requestBody"]["content"]
    files = {"type": "object", "properties": {"files": _FILES}}
    content[MEDIA_TYPE] = {"schema": {"allOf": [content["application/json"]["schema"], files]}}
