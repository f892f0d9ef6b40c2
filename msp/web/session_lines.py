"""Open sessions of a person as rows of the session pages."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask_babel import gettext

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import AccountSession
from msp.people.sessions import open_sessions
from msp.web.parts.devices import device_name


def session_lines(person_id: UUID, *, here: UUID | None, end_url: Callable[[UUID], str]) -> list[dict[str, Any]]:
    """A row for each open session, the current one (`here`) first and without a button to end it."""
    with work(Scope.system()):
        found = open_sessions(person_id, at=clock.now())
    found.sort(key=lambda each: each.id != here)
    return [_line(each, is_here=each.id == here, end_url=end_url(each.id)) for each in found]


def _line(found: AccountSession, *, is_here: bool, end_url: str) -> dict[str, Any]:
    return {
        "name": device_name(found.user_agent) or gettext("Unknown browser"),
        "ip": found.ip,
        "is_here": is_here,
        "is_kept": found.is_kept,
        "created_at": found.created_at,
        "last_used_at": found.last_used_at,
        "end_url": "" if is_here else end_url,
    }
