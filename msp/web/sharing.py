"""What all clients share is not for everybody to change."""

from uuid import UUID

from flask import g

from msp.kernel.db import current_scope
from msp.kernel.errors import Denied


def refuse_restricted() -> None:
    """Refuse those who work for some clients only."""
    if g.person.is_restricted:
        raise Denied("not_allowed")


def clients_seen() -> tuple[UUID, ...] | None:
    """The clients of whoever works for some only, None for everybody else; for reads in the system's scope."""
    scope = current_scope()
    return scope.client_ids if scope.role == "msp_staff_some" else None
