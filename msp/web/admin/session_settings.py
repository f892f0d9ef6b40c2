"""The settings page's section about sessions."""

from collections.abc import Mapping, Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.people.session_limits import (
    read_session_limits,
    set_session_limits,
)
from msp.web.admin.forms import refuse_restricted
from msp.web.guards import Answer


def save_session_limits() -> Answer | dict[str, list[str]]:
    """Save session lifetimes; returns error codes by field if the input is invalid."""
    refuse_restricted()
    try:
        set_session_limits(idle_hours=_whole("idle_hours"), absolute_days=_whole("absolute_days"))
    except Invalid as wrong:
        return wrong.fields
    flash(gettext("Saved. It also applies to open sessions."), "green")
    return redirect(url_for("admin.settings"), 303)


def sessions_section(errors: Mapping[str, Sequence[str]]) -> Json:
    """The section with its form."""
    kept = read_session_limits()
    values = {"idle_hours": kept.idle_hours, "absolute_days": kept.absolute_days}
    faults = {name: errors[name] for name in values if name in errors}
    typed = request.form if faults else {}
    fields = (
        ("idle_hours", gettext("Inactivity limit (hours)"), gettext("Open pages do not count as activity.")),
        ("absolute_days", gettext("Maximum length (days)"), ""),
    )
    return {
        "title": gettext("Sessions"),
        "text": gettext("How long users stay signed in."),
        "rows": [],
        "form": {
            "action_url": url_for("admin.save_session_limits"),
            "rows": [
                [
                    {
                        "name": name,
                        "label": label,
                        "type": "number",
                        "value": typed.get(name, values[name]),
                        "hint": hint,
                        "errors": faults.get(name),
                    }
                    for name, label, hint in fields
                ]
            ],
        },
    }


def _whole(name: str) -> int:
    typed = request.form.get(name, "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else -1
