"""Tickets are escalated and returned with a form that the next technician accepts."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.events import deliver_one
from msp.people.models import Person
from msp.tickets import actions, hand_offs
from msp.tickets.hand_off_models import HandOff
from msp.tickets.hand_offs import HandOffForm, hand_offs_of
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.tickets.sla_steps import events
from tests.web.api.conftest import Program, Programs, program, staff  # noqa: F401 (fixtures)
from tests.world import World, sign_in

PAGE = "/desk/tickets/LOZ-1"
FORM = HandOffForm("Reiniciar el router", "El puerto 3 está caído", "Cambiar el switch")
POSTED = {"tier": "2", "tried": FORM.tried, "found": FORM.found, "needed": FORM.needed}


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        request = Request(subject="Sin red", body="No hay red", source="portal")
        return open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def hand_off(ticket: Ticket, tier: int, person: Person, form: HandOffForm = FORM) -> Ticket:
    with work(Scope.staff(actor_id=person.id)) as session:
        this = session.get_one(Ticket, ticket.id, with_for_update=True)
        hand_offs.hand_off(this, tier, form, person=person, at=clock.now())
        return this


def settle() -> None:
    clock.advance(timedelta(seconds=11))
    while deliver_one():
        pass


def test_returned_to_the_person_who_escalated(world: World, ticket: Ticket) -> None:
    up = hand_off(ticket, 2, world.tomas)
    assert (up.tier, up.assignee_id) == (2, None)
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        this = session.get_one(Ticket, ticket.id)
        actions.take(this, world.irene, at=clock.now())
        [row] = hand_offs_of(this.id)
        assert (row.accepted_by_name, row.person_name) == (world.irene.name, world.tomas.name)
    back = hand_off(ticket, 1, world.irene)
    assert (back.tier, back.assignee_id) == (1, world.tomas.id)
    with work(Scope.staff()):
        latest, first = hand_offs_of(ticket.id)
        assert (latest.to_tier, latest.accepted_at, first.to_tier) == (1, None, 2)
    assert len(events(ticket, "ticket.hand_off_accepted")) == 1
    told = events(ticket, "ticket.tier_changed")
    assert [each.data["hand_off_id"] for each in told] == [str(first.id), str(latest.id)]


@pytest.mark.parametrize(
    ("tier", "form", "field"),
    [
        (1, FORM, "tier"),
        (4, FORM, "tier"),
        (2, HandOffForm("a", "b", " "), "needed"),
        (2, HandOffForm("a" * 4001, "", "c"), "tried"),
    ],
)
def test_what_is_refused(world: World, ticket: Ticket, tier: int, form: HandOffForm, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        hand_off(ticket, tier, world.tomas, form)
    assert list(refused.value.fields) == [field]


def test_a_finished_ticket_is_not_handed_off(world: World, ticket: Ticket) -> None:
    with work(Scope.staff()) as session:
        actions.change_status(session.get_one(Ticket, ticket.id), "resolved", at=clock.now())
    with pytest.raises(Conflict):
        hand_off(ticket, 2, world.tomas)


def test_the_next_technician_sees_and_accepts_it(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    assert 'id="hand-off"' in web.get(PAGE).text
    assert web.post(f"{PAGE}/hand-off", data=POSTED | {"needed": ""}).status_code == 422
    assert web.post(f"{PAGE}/hand-off", data=POSTED).status_code == 303
    assert "hand-off-notice" not in web.get(PAGE).text
    settle()
    sign_in(web, world.irene)
    page = web.get(PAGE).text
    assert "hand-off-notice" in page and FORM.needed in page and "Traspasado de N1 a N2 por Tomás" in page
    assert web.post(f"{PAGE}/accept-hand-off").status_code == 303
    page = web.get(PAGE).text
    assert "hand-off-notice" not in page and FORM.needed in page and "Traspaso aceptado" in page
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, ticket.id).assignee_id == world.irene.id
    sign_in(web, world.rosa)
    hand_off(ticket, 3, world.irene)
    with work(Scope.staff()) as session:
        actions.assign(session.get_one(Ticket, ticket.id), world.rosa, at=clock.now(), actor_id=world.ana.id)
    assert "hand-off-notice" in web.get(PAGE).text  # assigned by another person: still to be accepted
    sign_in(web, world.tomas)
    assert web.post(f"{PAGE}/accept-hand-off", headers={"HX-Request": "true"}).status_code == 409


def test_an_undone_hand_off_is_kept_in_the_form(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas).post(f"{PAGE}/hand-off", data=POSTED)
    with web.session_transaction() as cookie:
        asked = cookie["undo"]["asked"]
    assert web.post(f"{PAGE}/undo/{asked}").status_code == 303
    settle()
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, ticket.id).tier == 1 and hand_offs_of(ticket.id) == []
    assert FORM.found in web.get(PAGE).text
    web.post(f"{PAGE}/hand-off", data=POSTED | {"found": "Nada"})
    settle()
    with work(Scope.staff()):
        assert [each.found for each in hand_offs_of(ticket.id)] == ["Nada"]


def test_by_api_and_never_for_clients(
    staff: Program,  # noqa: F811
    program: Programs,  # noqa: F811
    world: World,
    ticket: Ticket,
) -> None:
    path = f"/tickets/{ticket.id}"
    answer = staff.post(f"{path}/hand-off", json={"tier": 2, "needed": FORM.needed}).get_json()
    assert (answer["tier"], answer["assignee_id"]) == (2, None)
    [row] = staff.get(f"{path}/hand-offs").get_json()["items"]
    assert (row["needed"], row["accepted_at"]) == (FORM.needed, None)
    irene = program(world.irene)
    assert irene.post(f"{path}/accept-hand-off").get_json()["assignee_id"] == str(world.irene.id)
    assert irene.get(f"{path}/hand-offs").get_json()["items"][0]["accepted_at"]
    assert program(world.dolores).get(f"{path}/hand-offs").status_code == 403
    assert program(world.nuria).get(f"{path}/hand-offs").status_code == 404
    assert staff.post(f"{path}/hand-off", json={"tier": 3}).status_code == 422
    with work(Scope.staff_some([world.azcarate.id])) as session:
        assert session.scalars(select(HandOff)).all() == []
