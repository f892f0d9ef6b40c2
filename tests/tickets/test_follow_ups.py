"""Closed tickets: reopened within the days of the setting, followed by a linked ticket later; the exported timeline."""

import csv
import json
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.tickets.actions import change_status
from msp.tickets.by_requester import confirm_solved
from msp.tickets.follow_ups import may_reopen, set_reopen_days, write_on
from msp.tickets.linking import links_of
from msp.tickets.messages import note
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.web.api.conftest import Programs, program  # noqa: F401 (fixture)
from tests.world import World, sign_in

PAGE, PORTAL = "/desk/tickets/LOZ-1", "/portal/tickets/LOZ-1"


@pytest.fixture
def ticket(world: World) -> Ticket:
    """Marta's ticket, which is closed."""
    with work(Scope.client(world.lozano.id)):
        request = Request(subject="Falla el TPV", body="=Falla el TPV", source="portal")
        made, _ = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        this = session.get_one(Ticket, made.id)
        note(this, author=world.tomas, body="Datáfono viejo", at=clock.now())
        change_status(this, "resolved", at=clock.now())
    with work(Scope.client(world.lozano.id)) as session:
        confirm_solved(session.get_one(Ticket, made.id), world.marta, at=clock.now())
    return made


def write(world: World, ticket: Ticket, body: str) -> Ticket:
    with work(Scope.client(world.lozano.id, actor_id=world.marta.id)) as session:
        this = session.get_one(Ticket, ticket.id)
        return write_on(this, author=world.marta, body=body, channel="portal", at=clock.now())[0]


@pytest.mark.parametrize(("days", "after", "reopens"), [(14, 14, True), (14, 15, False), (0, 1, False), (90, 89, True)])
def test_a_message_reopens_within_the_days(world: World, ticket: Ticket, days: int, after: int, reopens: bool) -> None:
    with work(Scope.system()):
        set_reopen_days(days)
    clock.advance(timedelta(days=after))
    now_on = write(world, ticket, "Vuelve a fallar el TPV")
    assert (now_on.id == ticket.id) is reopens and now_on.status == ("open" if reopens else "new")
    with work(Scope.staff()) as session:
        old = session.get_one(Ticket, ticket.id)
        assert old.status == ("open" if reopens else "closed")
        assert [each.relation for each in links_of(now_on.id)] == ([] if reopens else ["follow_up_of"])
        assert may_reopen(old, at=clock.now()) is reopens


def test_thanks_open_nothing_and_the_setting_has_limits(world: World, ticket: Ticket) -> None:
    clock.advance(timedelta(days=40))
    assert write(world, ticket, "Muchas gracias").id == ticket.id
    with pytest.raises(Invalid), work(Scope.system()):
        set_reopen_days(-1)


def test_portal_and_api_follow_up_alike(
    web: FlaskClient,
    program: Programs,  # noqa: F811
    world: World,
    ticket: Ticket,
) -> None:
    clock.advance(timedelta(days=40))
    sign_in(web, world.marta)
    page = web.get(PORTAL).text
    assert "abre uno nuevo que lo continúa" in page and "actions/reopen" not in page
    assert web.post(f"{PORTAL}/actions/reopen").status_code == 409
    assert web.post(f"{PORTAL}/reply", data={"body": "Otra vez el TPV"}).location.endswith("/LOZ-2")
    api = program(world.marta)
    made = api.post(f"/tickets/{ticket.id}/messages", json={"body": "Y otra vez más"}).get_json()
    assert api.get(f"/tickets/{made['ticket_id']}").get_json()["number"] == "LOZ-3"
    refused = api.post(f"/tickets/{ticket.id}/requester-actions", json={"action": "reopen"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "closed_too_long")


def test_an_administrator_sets_the_days(web: FlaskClient, world: World) -> None:
    sign_in(web, world.ana)
    assert 'name="reopen_days"' in web.get("/admin/settings").text
    assert web.post("/admin/settings/reopening", data={"reopen_days": "30"}).status_code == 303
    assert web.post("/admin/settings/reopening", data={"reopen_days": "x"}).status_code == 422
    assert 'value="30"' in web.get("/admin/settings").text


def test_the_timeline_is_exported_whole_to_staff_and_public_to_the_client(
    web: FlaskClient,
    program: Programs,  # noqa: F811
    world: World,
    ticket: Ticket,
) -> None:
    sign_in(web, world.tomas)
    assert f"{PAGE}/timeline.csv" in web.get(PAGE).text
    rows = list(csv.DictReader(StringIO(web.get(f"{PAGE}/timeline.csv").text.lstrip("\ufeff")), delimiter=";"))
    assert [each["type"] for each in rows].count("message") == 2 and rows[0]["text"] == "'=Falla el TPV"
    assert "Estado: resuelto" in [each["text"] for each in rows]
    kept = json.loads(web.get(f"{PAGE}/timeline.json").text)
    assert kept["number"] == "LOZ-1" and [each["at"] for each in kept["entries"]] == sorted(
        each["at"] for each in kept["entries"]
    )
    theirs = program(world.marta).get(f"/tickets/{ticket.id}/timeline").get_json()["entries"]
    assert {each["visibility"] for each in theirs} == {"public"} and len(theirs) < len(kept["entries"])
    assert program(world.inigo).get(f"/tickets/{ticket.id}/timeline").status_code == 404


@pytest.mark.parametrize("scope", [Scope.staff(), Scope.system()], ids=["staff", "system"])
@pytest.mark.parametrize("change", ["update event set data = '{}'", "delete from event"])
def test_no_role_of_the_desk_alters_a_timeline(world: World, ticket: Ticket, scope: Scope, change: str) -> None:
    with pytest.raises(DBAPIError) as told, work(scope) as session:
        session.execute(text(change))
    assert isinstance(told.value.orig, psycopg.errors.InsufficientPrivilege)
