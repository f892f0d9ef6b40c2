"""Confirmation pages for actions that cannot be undone; the page's form sends the same request again.

A button that needs confirmation is in a form with `{{ ask_first() }}` (parts/form.html). A view calls
`needs_confirmation` and returns `confirmation(…)` if it is true; an action that always needs a confirmation, whatever
the client, passes `is_always=True`.
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
    """Whether this request must be confirmed first: its form asks for it, or `is_always` is set."""
    return CONFIRMED not in request.form and (is_always or ASK in request.form)


def came_from() -> str:
    """The path of the page that contains the pressed button, also after several confirmations; empty if unknown."""
    try:
        referring = urlsplit(request.referrer or "").path
    except ValueError:  # not an address
        referring = ""
    return local_path(request.form.get(CAME_FROM, "") or referring)


def confirmation(
    title: str, text: str, *, facts: Sequence[tuple[str, str]] = (), warning: str = "", button: str, back_url: str
) -> str:
    """The confirmation page: the consequence, the object (label and text), and warnings."""
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
