"""Guests of other companies through the API: the client's setting, the mark on a person and on a ticket."""

import pytest

from tests.web.api.conftest import Programs
from tests.world import World


def test_a_clients_setting_for_guests(program: Programs, world: World) -> None:
    ana, here = program(world.ana), f"/clients/{world.lozano.id}"
    assert ana.get(here).get_json()["guest_policy"] == "accept"
    assert ana.patch(here, {"guest_policy": "refuse"}).get_json()["guest_policy"] == "refuse"
    assert ana.get(here).get_json()["guest_policy"] == "refuse"
    refused = ana.patch(here, {"guest_policy": "maybe"})
    assert refused.status_code == 422 and "guest_policy" in refused.get_json()["errors"]
    added = ana.post("/clients", {"code": "NEW", "name": "Nueva", "guest_policy": "refuse"})
    assert added.get_json()["guest_policy"] == "refuse"


def test_a_guest_is_called_one(program: Programs, world: World) -> None:
    ana = program(world.ana)
    luis = {"client_id": str(world.lozano.id), "name": "Luis", "role": "client_employee", "is_guest": True}
    added = ana.post("/people", luis).get_json()
    assert added["is_guest"] is True
    listed = ana.get(f"/people?client_id={world.lozano.id}").get_json()["items"]
    assert {each["name"]: each["is_guest"] for each in listed} == {
        "Marta Ruiz": False, "Dolores Prieto": False, "Luis": True,
    }  # fmt: skip
    wanted = {"client_id": str(world.lozano.id), "requester_id": added["id"], "subject": "VPN", "body": "No entra"}
    ticket = ana.post("/tickets", wanted).get_json()
    assert ticket["requester"]["is_guest"] is True
    [message] = ana.get(f"/tickets/{ticket['id']}/messages").get_json()["items"]
    assert message["author"]["is_guest"] is True


@pytest.mark.parametrize("is_guest", [True, "yes"])
def test_nobody_of_staff_is_a_guest(program: Programs, world: World, is_guest: object) -> None:
    answer = program(world.ana).post("/people", {"name": "Eva", "role": "technician", "is_guest": is_guest})
    assert answer.status_code == 422 and "is_guest" in answer.get_json()["errors"]
