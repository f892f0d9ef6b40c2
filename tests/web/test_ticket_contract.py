"""A client with several contracts: technicians choose a ticket's contract on its page."""

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from msp.contracts.models import Contract
from msp.contracts.queries import access_contract
from msp.contracts.service_level import PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.models import Ticket
from tests.tickets.sla_steps import another_contract, events, minutes, moved, opened, shown, the
from tests.world import World, sign_in

PAGE, FORM = "/desk/tickets/LOZ-1", "/desk/tickets/LOZ-1/set-contract"
MENU = 'action="/desk/tickets/LOZ-1/set-contract"'


@pytest.fixture
def ticket(world: World, drain: Callable[[], int]) -> Ticket:
    """A ten-minute-old ticket of Lozano on «Guardia 24»: a response target of 2 h."""
    made = opened(world)
    drain()
    clock.advance(minutes(10))
    return made


@pytest.fixture
def other(world: World, ticket: Ticket) -> Contract:
    """A second contract of Lozano, with a response target of one hour and a resolution target of four."""
    return another_contract(world, PriorityTargets(60, 240), name="Proyecto TPV")


def offered(web: FlaskClient) -> list[str]:
    page = unescape(web.get(PAGE).text)
    return [part.partition('"')[0] for part in page.split('name="contract_id" value="')[1:]]


def test_with_one_contract_there_is_no_choice(web: FlaskClient, world: World, ticket: Ticket) -> None:
    page = sign_in(web, world.tomas).get(PAGE).text
    assert MENU not in page and "Guardia 24" in page


def test_another_contract_moves_the_clocks_and_stands_on_the_timeline(
    web: FlaskClient, world: World, ticket: Ticket, other: Contract
) -> None:
    sign_in(web, world.tomas)
    assert offered(web) == [str(world.lozano_contract.id), str(other.id), ""]
    answer = web.post(FORM, data={"contract_id": str(other.id), "version": str(shown(ticket).version)})
    assert answer.status_code == 303 and shown(ticket).contract_id == other.id
    assert the(ticket, "first_response").due_at == ticket.created_at + minutes(60)
    assert the(ticket, "resolution").due_at == ticket.created_at + minutes(240)
    [changed] = events(ticket, "ticket.contract_changed")
    assert (changed.actor_id, changed.data["name"]) == (world.tomas.id, "Proyecto TPV")
    page = web.get(PAGE).text.replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "Contrato: Proyecto TPV" in page
        and "SLA recalculado (cambio de contrato): Primera respuesta 12:00 → 11:00" in page
    )
    assert "Contrato «Proyecto TPV», normal: 1 h" in page
    assert offered(web) == [str(other.id), str(world.lozano_contract.id), ""]


def test_without_a_contract_no_target_runs_and_back_again(
    web: FlaskClient, world: World, ticket: Ticket, other: Contract
) -> None:
    sign_in(web, world.tomas)
    due = the(ticket, "resolution").due_at
    assert web.post(FORM, data={"contract_id": ""}).status_code == 303
    assert shown(ticket).contract_id is None and the(ticket, "resolution").state == "cancelled"
    page = web.get(PAGE).text
    assert "Sin contrato" in page and offered(web) == [str(world.lozano_contract.id), str(other.id)]
    web.post(FORM, data={"contract_id": str(world.lozano_contract.id)})
    assert (the(ticket, "resolution").state, the(ticket, "resolution").due_at) == ("running", due)


def test_what_ended_before_or_begins_later_is_not_offered(
    web: FlaskClient, world: World, ticket: Ticket, other: Contract
) -> None:
    early = another_contract(world, PriorityTargets(60, 240), name="Antiguo")
    late = another_contract(world, PriorityTargets(60, 240), name="Del año que viene")
    with work(Scope.system()):
        access_contract(early.id).ends_on = date(2026, 11, 22)
        access_contract(late.id).starts_on = date(2027, 1, 1)
        access_contract(other.id).ends_on = date(2026, 11, 23)  # the day on which the ticket was opened
    clock.advance(timedelta(days=2))
    assert offered(sign_in(web, world.tomas)) == [str(world.lozano_contract.id), str(other.id), ""]


def test_a_finished_ticket_may_be_put_under_another_too(
    web: FlaskClient, world: World, ticket: Ticket, other: Contract
) -> None:
    """Its time is billed by the contract, even if nothing is due any more."""
    moved(world, ticket, "resolved")
    met = the(ticket, "resolution").due_at
    assert sign_in(web, world.tomas).post(FORM, data={"contract_id": str(other.id)}).status_code == 303
    assert shown(ticket).contract_id == other.id and the(ticket, "resolution").due_at == met


def test_people_of_clients_may_not(web: FlaskClient, world: World, ticket: Ticket, other: Contract) -> None:
    dolores = sign_in(web, world.dolores)
    assert dolores.get(PAGE).status_code == 404
    assert dolores.post(FORM, data={"contract_id": str(other.id)}).status_code == 404
    assert shown(ticket).contract_id == world.lozano_contract.id


@pytest.mark.parametrize("chosen", ["azcarate", "nobody", "nonsense"])
def test_a_contract_of_somebody_else_is_refused(
    web: FlaskClient, world: World, ticket: Ticket, other: Contract, chosen: str
) -> None:
    ids = {"azcarate": str(world.azcarate_contract.id), "nobody": str(ticket.id), "nonsense": "x"}
    answer = sign_in(web, world.tomas).post(FORM, data={"contract_id": ids[chosen]})
    assert answer.status_code in (404, 422)
    assert shown(ticket).contract_id == world.lozano_contract.id


def test_a_form_of_an_older_version_is_refused(web: FlaskClient, world: World, ticket: Ticket, other: Contract) -> None:
    sign_in(web, world.tomas)
    web.post("/desk/tickets/LOZ-1/set-priority", data={"priority": "high"})
    late = web.post(FORM, data={"contract_id": str(other.id), "version": str(ticket.version)})
    assert late.status_code == 409 and shown(ticket).contract_id == world.lozano_contract.id
