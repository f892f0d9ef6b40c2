"""An employee's token has the same limits as the portal: their own tickets, none of colleagues' data."""

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.opening import Request, open_ticket
from tests.web.api.conftest import Programs
from tests.world import World


def _of_dolores(world: World) -> str:
    request = Request(subject="Nóminas", body="No puedo abrir las nóminas", source="portal")
    with work(Scope.client(world.lozano.id)):
        return str(open_ticket(world.lozano, requester=world.dolores, request=request, at=clock.now())[0].id)


def test_an_employees_token_reads_no_ticket_of_a_colleague(program: Programs, world: World) -> None:
    hers, employee = _of_dolores(world), program(world.marta)
    for path in ("", "/messages", "/events"):
        assert employee.get(f"/tickets/{hers}{path}").status_code == 404, path
    assert employee.get(f"/tickets?requester_id={world.dolores.id}").status_code == 403
    for query in ("", "?order=due", "?q=nóminas"):
        assert employee.get(f"/tickets{query}").get_json()["items"] == [], query
    assert len(program(world.dolores).get("/tickets").get_json()["items"]) == 1


def test_an_employees_token_writes_on_no_ticket_of_a_colleague(program: Programs, world: World) -> None:
    hers, employee = _of_dolores(world), program(world.marta)
    assert employee.post(f"/tickets/{hers}/messages", {"body": "Cotilleo"}).status_code == 404
    assert employee.patch(f"/tickets/{hers}", {"status": "resolved"}).status_code == 404


def test_an_employees_token_works_on_their_own_tickets(program: Programs, world: World) -> None:
    employee = program(world.marta)
    mine = employee.post("/tickets", {"subject": "El ratón"}).get_json()["id"]
    assert employee.get(f"/tickets/{mine}").status_code == 200
    assert [each["id"] for each in employee.get("/tickets?order=due").get_json()["items"]] == [mine]
    assert employee.post(f"/tickets/{mine}/messages", {"body": "Sigue igual"}).status_code == 201
