"""Stores the demo's macros."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msp.demo.content.macros import OF_CLIENTS, PERSONAL, TEAM
from msp.demo.content.provider import STAFF
from msp.demo.loaded import Loaded
from msp.demo.roster import by_first_name
from msp.macros.actions import add_macro
from msp.macros.definition import MacroValues
from msp.people.models import Person


def load(loaded: Loaded, *, at: datetime) -> None:
    """Store the macros of the team, of clients and of technicians (system scope)."""
    administrator = loaded.people[next(member.email for member in STAFF if member.role == "administrator")]
    _add(TEAM, by=administrator, at=at)
    for code, macros in OF_CLIENTS.items():
        _add(macros, by=administrator, at=at, client_id=loaded.clients[code].id)
    for name, macros in PERSONAL.items():
        owner = loaded.people[by_first_name(name).email]
        _add(macros, by=owner, at=at, owner_id=owner.id)


def _add(
    macros: Iterable[MacroValues],
    *,
    by: Person,
    at: datetime,
    owner_id: UUID | None = None,
    client_id: UUID | None = None,
) -> None:
    for values in macros:
        add_macro(values, by=by, at=at, owner_id=owner_id, client_id=client_id)
