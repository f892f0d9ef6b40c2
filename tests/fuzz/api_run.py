"""The run of API requests, in a module of its own: importing the case generator takes a second."""

from collections.abc import Iterator
from random import Random
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from msp.clients.models import Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import ApiToken
from msp.people.tokens import add_token
from msp.tickets.models import Ticket
from tests.fuzz.api import Api
from tests.fuzz.calls import Tally
from tests.fuzz.runs import PAGES_BATCH, Ground, checked, listening
from tests.world import World

FEWEST = 25  # cases of one operation: the first of them costs as much as the others together
TOKENS = {"ana": "admin", "tomas": "staff", "dolores": "client"}


def run_api(ground: Ground, *, count: int, seed: int, only: str = "") -> Tally:
    """Requests generated from the API's description, with each kind of token."""
    tally = Tally("API requests")
    with listening(ground):
        ground.renew()
        api = Api(ground.app.test_client().get("/api/v1/openapi.json").get_json())
        operations = [each for each in api.operations if only in each.label]
        web = ground.app.test_client()
        for number, (operation, case) in enumerate(_cases(api, operations, count, seed)):
            if number % PAGES_BATCH == 0:
                world = ground.renew()
                tokens = _tokens(world)
                known = _known(world, web, tokens["tomas"])
                ground.stored.since_last()
            random = Random(f"{seed} api {number}")
            by = random.choice(list(TOKENS))
            call = api.call(case, known, tokens[by], random, by=by)
            checked(ground, call, web, tally, about=operation.label)
    return tally


def _cases(api: Api, operations: list[Any], count: int, seed: int) -> Iterator[tuple[Any, Any]]:
    """So many cases, spread evenly over the operations; with few cases the seed selects the operations."""
    chosen = Random(f"{seed} operations").sample(operations, min(len(operations), max(1, count // FEWEST)))
    for number, operation in enumerate(chosen):
        share = count * (number + 1) // len(chosen) - count * number // len(chosen)
        for case in api.cases(operation, count=share, seed_of_run=seed):
            yield operation, case


def _tokens(world: World) -> dict[str, str]:
    with work(Scope.system()):
        return {
            who: add_token(getattr(world, who), role=role, name="fuzz", at=clock.now()) for who, role in TOKENS.items()
        }


def _known(world: World, web: FlaskClient, token: str) -> dict[str, str]:
    """Existing values by the names of path and body parameters."""
    with work(Scope.system()) as session:
        ticket = session.scalars(select(Ticket).where(Ticket.client_id == world.lozano.id)).one()
        link = session.scalars(select(Connection).where(Connection.client_id == world.lozano.id)).one()
        other = session.scalars(select(ApiToken).where(ApiToken.person_id == world.tomas.id)).one()
    work_done = {"started_at": "2026-11-20T09:00:00Z", "minutes": 30, "work_type": "remote"}
    path, headers = f"/api/v1/tickets/{ticket.id}/time-entries", {"Authorization": f"Bearer {token}"}
    entry = web.post(path, json=work_done, headers=headers).get_json()
    return {
        "client_id": str(world.lozano.id), "ticket_id": str(ticket.id), "person_id": str(world.marta.id),
        "contract_id": str(world.lozano_contract.id), "calendar_id": str(world.calendar.id), "year": "2026",
        "requester_id": str(world.marta.id), "assignee_id": str(world.tomas.id), "entry_id": str(entry["id"]),
        "connection_id": str(link.id), "token_id": str(other.id), "technician_id": str(world.tomas.id),
    }  # fmt: skip
