"""Tokens read the same data of companies and people as their person's role sees on pages."""

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.actions import assign
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.web.api.conftest import Programs
from tests.world import World

BILLING = ("legal_name", "tax_id", "tax_regime", "billing_address", "billing_email", "payment_days", "currency")


@pytest.mark.parametrize(
    ("who", "sees"),
    [("marta", False), ("dolores", True), ("tomas", False), ("rosa", True), ("carmen", True), ("ana", True)],
)
def test_tax_and_billing_data_of_a_client(program: Programs, world: World, who: str, sees: bool) -> None:
    caller = program(getattr(world, who))
    one = caller.get(f"/clients/{world.lozano.id}").get_json()
    listed = caller.get("/clients?code=LOZ").get_json()["items"][0]
    for row in (one, listed):
        assert row["name"] == "Ferretería Lozano"
        assert {name for name in BILLING if row.get(name)} <= (set(BILLING) if sees else set())
        assert ("B84562388" in str(row)) is sees


def test_clients_read_no_mail_addresses_of_staff(program: Programs, world: World) -> None:
    wanted = Request(subject="Un asunto", body="Un texto", source="portal")
    with work(Scope.staff()) as session:
        ticket = open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())[0]
        session.flush()
        assign(session.get_one(Ticket, ticket.id), world.tomas, at=clock.now())
    for person in (world.marta, world.dolores):
        caller = program(person)
        for path in (
            f"/tickets/{ticket.id}",
            "/tickets",
            f"/tickets/{ticket.id}/messages",
            "/people",
            "/search?q=texto",
        ):
            text = caller.get(path).text
            assert "@guardia.example" not in text, path
    assert caller.get(f"/tickets/{ticket.id}").get_json()["assignee"]["name"] == "Tomás Rey"
    assert "tomas@guardia.example" in program(world.irene).get(f"/tickets/{ticket.id}").text
