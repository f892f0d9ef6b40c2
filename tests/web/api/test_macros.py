"""Macros in the API: made, changed, removed, and applied at once."""

from uuid import UUID

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.web.api.conftest import Program, Programs, codes
from tests.world import World

MACRO = {"name": "Saludo", "text_es": "Hola, {{requester.first_name}}", "priority": "high", "minutes": 5}


def opened(world: World) -> Ticket:
    request = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def test_from_making_to_removing(world: World, admin: Program, staff: Program, program: Programs) -> None:
    lead = program(world.rosa)
    made = lead.post("/macros", MACRO)
    assert made.status_code == 201 and made.get_json()["scope"] == "team"
    path = f"/macros/{made.get_json()['id']}"
    assert staff.get(path).get_json()["work_type"] == "remote"
    assert [each["name"] for each in staff.get("/macros").get_json()["items"]] == ["Saludo"]
    assert staff.post("/macros", MACRO).status_code == 403
    assert staff.patch(path, {"name": "x"}).status_code == 403
    assert codes(lead.patch(path, {"text_en": "{{no}}"}))["text_en"] == ["unknown_variable"]
    assert lead.patch(path, {"name": "Hola", "tags": ["a"], "active": False}).get_json()["active"] is False
    assert lead.delete(path).status_code == 204
    assert staff.get(path).status_code == 404


def test_personal_macros_are_their_owners(world: World, staff: Program, program: Programs) -> None:
    mine = staff.post("/macros", MACRO | {"is_personal": True}).get_json()
    assert (mine["scope"], mine["owner_id"]) == ("personal", str(world.tomas.id))
    other = program(world.irene)
    assert other.get(f"/macros/{mine['id']}").status_code == 404
    assert other.get("/macros").get_json()["items"] == []


def test_applying_all_of_it_at_once(world: World, staff: Program, program: Programs, manager: Program) -> None:
    macro = program(world.rosa).post("/macros", MACRO | {"status": "resolved"}).get_json()
    ticket = opened(world)
    [offered] = staff.get(f"/tickets/{ticket.id}/macros").get_json()["items"]
    assert offered["text"] == "Hola, Marta"
    applied = staff.post(f"/tickets/{ticket.id}/macros/{macro['id']}/apply").get_json()
    assert applied["message"]["body"] == "Hola, Marta" and applied["time_entry_id"]
    assert (applied["ticket"]["status"], applied["ticket"]["priority"]) == ("resolved", "high")
    assert manager.get(f"/tickets/{ticket.id}/macros").status_code == 403
    assert manager.get("/macros").status_code == 403
    unknown = staff.post(f"/tickets/{ticket.id}/macros/{UUID(int=1)}/apply")
    assert unknown.status_code == 404
