"""Files that people sent: originals are downloads, never rendered on this origin; thumbnails are our own JPEGs."""

from flask import Response, send_file

from msp.kernel import files
from msp.kernel.file_names import file_name
from msp.tickets.attaching import UNKNOWN_TYPE
from msp.tickets.models import Attachment


def download(attachment: Attachment) -> Response:
    """The original of a stored file; raises NotFound if its bytes are missing."""
    answer = send_file(
        files.open_kept(attachment.storage_key or ""),
        mimetype=UNKNOWN_TYPE,
        as_attachment=True,
        download_name=file_name(attachment.name),
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def thumbnail(attachment: Attachment) -> Response:
    """The picture that we made of an image (msp.tickets.pictures)."""
    answer = send_file(files.open_kept(attachment.thumbnail_key or ""), mimetype="image/jpeg")
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer
