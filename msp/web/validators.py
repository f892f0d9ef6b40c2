"""HTTP validators (ETag): strong ones that do not depend on compression.

Programs that compress a response mark its ETag as weak, or append the name of the encoding. The ETags of responses stay
unmarked here, and such marks are removed from request headers before the comparison.
"""

import re

from flask import Flask, Response, request

_MARK = re.compile(r"[:;-](gzip|br|deflate|zstd)$")


def register(app: Flask) -> None:
    """Keep ETags of responses unchanged; call it before compression is registered."""
    app.after_request(_restore)


def is_sent_version(header: str, version: str) -> bool:
    """Whether If-Match or If-None-Match names this version, or any (`*`)."""
    tags = request.if_match if header == "If-Match" else request.if_none_match
    if tags.star_tag:
        return True
    return version in {_MARK.sub("", tag) for tag in tags.as_set(include_weak=True) if tag}  # None: an empty tag


def _restore(response: Response) -> Response:
    tag, is_weak = response.get_etag()
    if tag is not None and _MARK.search(tag):
        response.set_etag(_MARK.sub("", tag), weak=bool(is_weak))
    return response
