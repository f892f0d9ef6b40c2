"""Scheduled time in the API: changed alone, refused if the ticket is not scheduled, never ignored."""

from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.people.tokens import add_token
from msp.tickets.opening import Request, open_ticket
from tests.world import World


def test_a_time_without_a_status_moves_a_scheduled_ticket_or_is_refused(web: FlaskClient, world: World) -> None:
    with work(Scope.system()) as session:
        wanted = Request(subject="El TPV", body="x", source="portal")
        marta = session.get_one(Person, world.marta.id)
        ticket, _ = open_ticket(world.lozano, requester=marta, request=wanted, at=clock.now())
        bearer = {"Authorization": f"Bearer {add_token(world.tomas, role='staff', name='t', at=clock.now())}"}
    path, first, later = f"/api/v1/tickets/{ticket.id}", "2026-11-25T10:00:00Z", "2026-11-26T10:00:00Z"
    refused = web.patch(path, json={"scheduled_for": first}, headers=bearer)
    assert refused.status_code == 422 and "scheduled_for" in refused.text
    scheduled = {"status": "scheduled", "scheduled_for": first}
    assert web.patch(path, json=scheduled, headers=bearer).get_json()["scheduled_for"] == first
    moved = web.patch(path, json={"scheduled_for": later}, headers=bearer).get_json()
    assert (moved["status"], moved["scheduled_for"]) == ("scheduled", later)
    for wrong in (None, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):
        assert web.patch(path, json={"scheduled_for": wrong}, headers=bearer).status_code == 422
