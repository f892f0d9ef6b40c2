"""Stores the demo's saved views: those of the team, and one of a technician."""

from datetime import datetime

from msp.demo.content.provider import STAFF
from msp.demo.loaded import Loaded
from msp.demo.roster import by_first_name
from msp.tickets.views.actions import add_view
from msp.tickets.views.definition import Definition

TEAM = {
    "SLA incumplido": Definition(sla="breached"),
    "Pendiente de cliente > 3 días": Definition(status=("waiting_client",), updated_before_days=3, order="idle"),
    "Sin asignar N1": Definition(assignee="none", tier=("1",)),
}


def load(loaded: Loaded, *, at: datetime) -> None:
    """Store the views of the team and of Irene (system scope)."""
    administrator = loaded.people[next(member.email for member in STAFF if member.role == "administrator")]
    for name, definition in TEAM.items():
        add_view(name, definition, person=administrator, is_shared=True, at=at)
    lozano = Definition(client=str(loaded.clients["LOZ"].id), order="updated")
    irene = loaded.people[by_first_name("Irene").email]
    add_view("Lozano", lozano, person=irene, is_shared=False, at=at)
