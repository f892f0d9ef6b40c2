"""The settings page's section about closed tickets that a message reopens."""

from collections.abc import Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.tickets.follow_ups import LONGEST_DAYS, reopen_days, set_reopen_days
from msp.web.admin.forms import refuse_restricted
from msp.web.guards import Answer


def save_reopening() -> Answer | None:
    """Save for how long a message reopens a closed ticket; returns None if the input is invalid."""
    refuse_restricted()
    typed = request.form.get("reopen_days", "").strip()
    try:
        set_reopen_days(int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else -1)
    except Invalid:
        return None
    flash(gettext("Saved. It applies to messages from now on."), "green")
    return redirect(url_for("admin.settings"), 303)


def reopening_section(errors: Sequence[str]) -> Json:
    """The section with its form."""
    field = {
        "name": "reopen_days",
        "label": gettext("Reopen closed tickets for (days)"),
        "type": "number",
        "value": request.form.get("reopen_days", reopen_days()) if errors else reopen_days(),
        "min": "0",
        "max": str(LONGEST_DAYS),
        "hint": gettext("0 never reopens a closed ticket."),
        "errors": errors,
    }
    return {
        "title": gettext("Closed tickets"),
        "text": gettext(
            "A client’s message reopens a ticket that was closed within this time. Later, it opens a new ticket that"
            " follows it."
        ),
        "rows": [],
        "form": {"action_url": url_for("admin.save_reopening"), "rows": [[field]]},
    }
