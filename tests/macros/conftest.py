"""A ticket of Lozano and macros for it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.macros.actions import add_macro
from msp.macros.definition import MacroValues
from msp.macros.models import Macro
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="portal", tags=("tpv",))
GREETING = {
    "text_es": "Hola, {{requester.first_name}}: mira {{ticket.label}}. {{agent.first_name}}",
    "text_en": "Hi {{requester.first_name}}, see {{ticket.label}}. {{agent.first_name}}",
}
AddMacro = Callable[..., Macro]


@pytest.fixture
def ticket(world: World, app: Flask) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]


@pytest.fixture
def add(world: World, app: Flask) -> AddMacro:
    """Add a macro of the team, or with `owner` or `client_id` of a person or a client."""

    def make(name: str = "Saludo", *, owner: Person | None = None, client_id: Any = None, **values: Any) -> Macro:
        with work(Scope.staff()):
            made = MacroValues(name=name, **values)
            owner_id = owner.id if owner else None
            return add_macro(made, by=owner or world.ana, owner_id=owner_id, client_id=client_id, at=clock.now())

    return make
