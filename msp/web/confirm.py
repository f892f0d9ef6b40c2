"""Confirmation of what cannot be undone: a page that says what will happen, whose form sends the same again.

A button with one click's consequences stands in a form with `{{ ask_first() }}` (parts/form.html). A view calls
`needs_confirmation` and returns `confirmation(…)` where it is true; what may never happen by one request, whoever sends
it, calls it with `is_always=True`.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import render_template, request

from msp.people.access import may
from msp.web.guards import local_path
from msp.web.portal.frame import frame
from msp.web.request_scope import current_person
from msp.web.shell import shell

ASK, CONFIRMED = "ask_first", "confirmed"
CAME_FROM = "came_from"
_OWN = {"csrf_token", ASK, CONFIRMED, CAME_FROM}


def needs_confirmation(*, is_always: bool = False) -> bool:
    """Whether this request has to be confirmed first: it came from such a button, or it always has to be."""
    return CONFIRMED not in request.form and (is_always or ASK in request.form)


def came_from() -> str:
    """The path of the page whose button was pressed, however many questions were asked since; or nothing."""
    try:
        referring = urlsplit(request.referrer or "").path
    except ValueError:  # no address
        referring = ""
    return local_path(request.form.get(CAME_FROM, "") or referring)


def confirmation(
    title: str, text: str, *, facts: Sequence[tuple[str, str]] = (), warning: str = "", button: str, back_url: str
) -> str:
    """The page that asks: what will happen, to what (label and text), and what should make one hesitate."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN]
    kept.append((CAME_FROM, came_from()))
    is_staff = may(current_person(), "desk")
    return render_template(
        "confirm.html",
        frame="base.html" if is_staff else "portal/base.html",
        shell=shell(current="") if is_staff else None,
        portal=None if is_staff else frame(current=""),
        title=title,
        text=text,
        facts=facts,
        warning=warning,
        button=button,
        back_url=back_url,
        action_url=request.full_path.rstrip("?"),
        kept=kept,
    )
