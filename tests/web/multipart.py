"""Multipart bodies with files, encoded in memory: the test client leaves large ones in an open file."""

import io
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

Sent = tuple[bytes, str, str]  # content, name and content type


def multipart(fields: dict[str, str], *sent: Sent) -> dict[str, Any]:
    """The arguments of a request with these fields and files."""
    files = [FileStorage(io.BytesIO(content), name, content_type=kind) for content, name, kind in sent]
    boundary, body = encode_multipart({**fields, "files": files}, boundary="x")
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}
