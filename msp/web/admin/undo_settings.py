"""The settings page's section about actions and replies that can be undone."""

from collections.abc import Mapping, Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.tickets.undoable import LONGEST_SECONDS, set_undo_seconds, undo_seconds
from msp.web.admin.forms import Errors, refuse_restricted
from msp.web.guards import Answer

FIELDS = {"undo_seconds": False, "reply_undo_seconds": True}  # name of the field: whether it is that of replies


def save_undo() -> Answer | Errors:
    """Save for how long actions and replies can be undone; returns the errors if the input is invalid."""
    refuse_restricted()
    errors: Errors = {}
    for name, of_replies in FIELDS.items():
        if name not in request.form:
            continue
        typed = request.form[name].strip()
        try:
            whole = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1
            set_undo_seconds(whole, of_replies=of_replies)
        except Invalid as wrong:
            errors |= wrong.fields
    if errors:
        db.session.rollback()
        return errors
    flash(gettext("Saved. It applies to actions from now on."), "green")
    return redirect(url_for("admin.settings"), 303)


def undo_section(errors: Mapping[str, Sequence[str]]) -> Json:
    """The section with its form."""
    labels = {
        "undo_seconds": gettext("Resolving and escalating (seconds)"),
        "reply_undo_seconds": gettext("Public replies (seconds)"),
    }
    has_errors = any(errors.get(name) for name in FIELDS)
    fields = [
        {
            "name": name,
            "label": labels[name],
            "type": "number",
            "value": _value(name, of_replies=of_replies, is_posted=has_errors),
            "min": "0",
            "max": str(LONGEST_SECONDS),
            "hint": gettext("0 turns undo off."),
            "errors": errors.get(name, ()),
        }
        for name, of_replies in FIELDS.items()
    ]
    return {
        "title": gettext("Undo"),
        "text": gettext(
            "Resolving, escalating and replies written in the console can be undone during this period. Nothing is sent"
            " before it ends."
        ),
        "rows": [],
        "form": {"action_url": url_for("admin.save_undo"), "rows": [fields]},
    }


def _value(name: str, *, of_replies: bool, is_posted: bool) -> object:
    stored = undo_seconds(of_replies=of_replies)
    return request.form.get(name, stored) if is_posted else stored
