"""Upload limits: shown at the field, checked by script before sending and by the server afterwards."""

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup

from msp.kernel import files
from msp.words import formats

MOST_FILES = 10
FOR_THE_REST = 1024 * 1024  # bytes of a request besides its files


def upload_hint() -> str:
    """The limits as a sentence."""
    return gettext(
        "At most %(count)s files of %(each)s each, %(all)s in total.",
        count=MOST_FILES,
        each=_megabytes(files.MAX_BYTES),
        all=_megabytes(_most_in_all()),
    )


def upload_limits() -> Markup:
    """The limits as attributes of a file field, in bytes."""
    return Markup('data-most-files="{}" data-most-each="{}" data-most-all="{}" data-limits="{}"').format(
        MOST_FILES, files.MAX_BYTES, _most_in_all(), upload_hint()
    )


def _megabytes(count: int) -> str:
    return f"{formats.number(count // 1024**2)}{formats.THIN}MB"


def _most_in_all() -> int:
    return int(current_app.config["MAX_CONTENT_LENGTH"]) - FOR_THE_REST
