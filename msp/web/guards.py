"""Checks before a view runs: signed in, permission, first submission of a form."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit
from uuid import UUID

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from msp.kernel import idempotency
from msp.kernel.errors import Conflict, Denied, NotFound
from msp.people.access import may
from msp.tickets.models import Ticket
from msp.web.request_scope import current_person

P = ParamSpec("P")
Answer = str | Response | tuple[str, int]


def needs(*alternatives: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Require one of these permissions; anonymous users are redirected to sign-in, others without it are refused.

    Contacts get NotFound for pages of the desk, so that its existence is not revealed.
    """

    def decorate(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            if g.person is None:
                return redirect(url_for("security.login", next=page_in_view()))
            if not any(may(g.person, what) for what in alternatives):
                raise Denied("not_allowed") if g.person.is_staff else NotFound("page")
            return view(*args, **kwargs)

        return guarded

    return decorate


def page_in_view() -> str:
    """The path of the page the person sees; for a form or a page fragment, of the page that contains it."""
    around = request.headers.get("HX-Current-URL") or ("" if request.method in ("GET", "HEAD") else request.referrer)
    if around == "":
        return request.full_path.rstrip("?")
    try:
        parts = urlsplit(around or "")
    except ValueError:
        return url_for("home")
    return local_path(parts.path + (f"?{parts.query}" if parts.query else "")) or url_for("home")


def local_path(wanted: str) -> str:
    """The path to continue to if the address is on this site, otherwise empty: prevents open redirects."""
    is_plain = wanted.isprintable() and "\\" not in wanted
    return wanted if is_plain and wanted.startswith("/") and not wanted.startswith("//") else ""


def list_before() -> str:
    """The list that led to this ticket: `?back=`, or the referring page of this site unless it is a ticket."""
    if asked := local_path(request.args.get("back", "")):
        return asked
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    if parts.netloc != request.host or "/tickets/" in parts.path or parts.path == url_for("security.login"):
        return ""
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))


def check_version(ticket: Ticket) -> None:
    """Refuse a form that was loaded from an older version of the ticket."""
    version = request.form.get("version", "")
    if version and version != str(ticket.version):
        raise Conflict("ticket_changed")


def is_first_time() -> bool:
    """Whether this form key is new; a second submission has no effect."""
    key = request.form.get("idempotency_key", "")
    if not key or len(key) > idempotency.MAX_KEY:
        return True
    person_id: UUID = current_person().id
    replay = idempotency.begin(person_id, f"form:{key}", method=request.method, path=request.path, body=b"")
    return replay is None
