"""Upload limits: shown at the field, checked by script before sending and by the server afterwards."""

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup

from msp.kernel import files
from msp.tickets.attaching import MOST_FILES
from msp.words import formats

FOR_THE_REST = 1024 * 1024  # bytes of a request besides its files


def upload_hint(left: int) -> str:
    """The limits as a sentence; `left` is how many bytes the person may still send today."""
    return gettext(
        "At most %(count)s files of %(each)s each, %(all)s in total; %(left)s left for today.",
        count=MOST_FILES,
        each=_megabytes(files.MAX_BYTES),
        all=_megabytes(_most_in_all()),
        left=_megabytes(left),
    )


def upload_limits(left: int) -> Markup:
    """The limits as attributes of a file field, in bytes."""
    return Markup('data-most-files="{}" data-most-each="{}" data-most-all="{}" data-limits="{}"').format(
        MOST_FILES, files.MAX_BYTES, min(_most_in_all(), left), upload_hint(left)
    )


def _megabytes(count: int) -> str:
    return f"{formats.number(count // 1024**2)}{formats.THIN}MB"


def _most_in_all() -> int:
    return int(current_app.config["MAX_CONTENT_LENGTH"]) - FOR_THE_REST
