"""Uploaded files of a request: the field `files` of page forms and of multipart bodies of the API."""

from functools import partial

from flask import request
from werkzeug.datastructures import FileStorage

from msp.tickets.attaching import Upload

CHUNK = 65536


def sent_files() -> list[Upload]:
    """The files of this request; an empty file field sends one without a name, which is left out."""
    return [_upload(each) for each in request.files.getlist("files") if each.filename]


def close_files(_error: BaseException | None) -> None:
    """Delete the temporary files of a request, also of one that was refused before they were read."""
    if "files" in request.__dict__:
        request.close()


def _upload(sent: FileStorage) -> Upload:
    return Upload(sent.filename or "", sent.mimetype or "", iter(partial(sent.stream.read, CHUNK), b""))
