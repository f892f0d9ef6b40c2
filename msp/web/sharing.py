"""Limits of restricted staff for data that all clients share."""

from uuid import UUID

from flask import g

from msp.kernel.db import current_scope
from msp.kernel.errors import Denied


def refuse_restricted() -> None:
    """Refuse people who work for some clients only."""
    if g.person.is_restricted:
        raise Denied("not_allowed")


def clients_seen() -> tuple[UUID, ...] | None:
    """The client ids of a restricted person, None for everybody else; for queries in the system scope."""
    scope = current_scope()
    return scope.client_ids if scope.role == "msp_staff_some" else None
