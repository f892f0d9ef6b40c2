"""The settings page's section about actions that can be undone."""

from collections.abc import Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.tickets.undoable import LONGEST_SECONDS, set_undo_seconds, undo_seconds
from msp.web.admin.forms import refuse_restricted
from msp.web.guards import Answer


def save_undo() -> Answer | None:
    """Save for how long actions can be undone; returns None if the input is invalid."""
    refuse_restricted()
    typed = request.form.get("undo_seconds", "").strip()
    try:
        set_undo_seconds(int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1)
    except Invalid:
        return None
    flash(gettext("Saved. It applies to actions from now on."), "green")
    return redirect(url_for("admin.settings"), 303)


def undo_section(errors: Sequence[str]) -> Json:
    """The section with its form."""
    field = {
        "name": "undo_seconds",
        "label": gettext("Undo period (seconds)"),
        "type": "number",
        "value": request.form.get("undo_seconds", undo_seconds()) if errors else undo_seconds(),
        "min": "0",
        "max": str(LONGEST_SECONDS),
        "hint": gettext("0 turns undo off."),
        "errors": errors,
    }
    return {
        "title": gettext("Undo"),
        "text": gettext("Resolving and escalating can be undone during this period. Nothing is sent before it ends."),
        "rows": [],
        "form": {"action_url": url_for("admin.save_undo"), "rows": [[field]]},
    }
