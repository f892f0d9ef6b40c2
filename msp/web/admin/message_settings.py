"""The settings page's section about messages."""

from collections.abc import Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.tickets.grouping import LONGEST_SECONDS, grouping_seconds, set_grouping_seconds
from msp.web.admin.forms import refuse_restricted
from msp.web.guards import Answer


def save_messages() -> Answer | None:
    """Save for how long messages are grouped; returns None if the input is invalid."""
    refuse_restricted()
    typed = request.form.get("grouping_seconds", "").strip()
    try:
        set_grouping_seconds(int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else -1)
    except Invalid:
        return None
    flash(gettext("Saved. It applies to messages from now on."), "green")
    return redirect(url_for("admin.settings"), 303)


def messages_section(errors: Sequence[str]) -> Json:
    """The section with its form."""
    field = {
        "name": "grouping_seconds",
        "label": gettext("Group messages for (seconds)"),
        "type": "number",
        "value": request.form.get("grouping_seconds", grouping_seconds()) if errors else grouping_seconds(),
        "min": "0",
        "max": str(LONGEST_SECONDS),
        "hint": gettext("0 creates a ticket for each message."),
        "errors": errors,
    }
    return {
        "title": gettext("Messages"),
        "text": gettext(
            "Messages one person writes in a chat within this time become one ticket, until the team replies."
        ),
        "rows": [],
        "form": {"action_url": url_for("admin.save_messages"), "rows": [[field]]},
    }
