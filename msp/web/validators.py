"""Validators of HTTP (ETag): strong ones that stay the same however an answer is compressed on its way.

Whoever compresses an answer marks its ETag: as a weak one, or with the name of the encoding behind it. We leave ours as
they are, and take such marks away from what comes back before it is compared.
"""

import re

from flask import Flask, Response, request

_MARK = re.compile(r"[:;-](gzip|br|deflate|zstd)$")


def register(app: Flask) -> None:
    """Keep the ETags of answers as they were set; call it before the compression is registered."""
    app.after_request(_restore)


def is_sent_version(header: str, version: str) -> bool:
    """Whether If-Match or If-None-Match names this version, or any (`*`)."""
    tags = request.if_match if header == "If-Match" else request.if_none_match
    if tags.star_tag:
        return True
    return version in {_MARK.sub("", tag) for tag in (*tags.as_set(include_weak=True),)}


def _restore(response: Response) -> Response:
    tag, is_weak = response.get_etag()
    if tag is not None and _MARK.search(tag):
        response.set_etag(_MARK.sub("", tag), weak=bool(is_weak))
    return response
