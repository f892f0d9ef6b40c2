"""The console for technicians: the queue, a ticket, and concurrent changes by two people."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import messages_of
from msp.worklog.actions import entries_of
from tests.world import World, sign_in

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="slack", priority="urgent")


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]


def fresh(ticket: Ticket) -> Ticket:
    with work(Scope.staff()) as session:
        return session.get_one(Ticket, ticket.id)


def test_strangers_are_sent_to_sign_in_and_back(web: FlaskClient, world: World) -> None:
    answer = web.get("/desk/mine")
    assert answer.status_code == 302 and "/signin?next=/desk/mine" in answer.location


def test_people_of_clients_find_no_desk(web: FlaskClient, world: World) -> None:
    assert sign_in(web, world.marta).get("/desk/team").status_code == 404


def test_the_queue_groups_by_what_is_due(web: FlaskClient, world: World, ticket: Ticket) -> None:
    clock.advance(timedelta(minutes=31))
    page = sign_in(web, world.tomas).get("/desk/team").text
    assert "LOZ-1" in page and "El TPV no cobra" in page and "group-late" in page


def test_a_restricted_technician_sees_only_their_clients(web: FlaskClient, world: World, ticket: Ticket) -> None:
    page = sign_in(web, world.nuria).get("/desk/team")
    assert page.status_code == 200 and "LOZ-1" not in page.text
    assert web.get("/desk/tickets/LOZ-1").status_code == 404


def test_take_reply_note_and_log_time(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    assert web.get("/desk/tickets/LOZ-1").status_code == 200
    assert web.post("/desk/tickets/LOZ-1/take").status_code == 303
    web.post("/desk/tickets/LOZ-1/reply", data={"body": "Hola, Marta", "visibility": "public"})
    web.post("/desk/tickets/LOZ-1/reply", data={"body": "Datáfono viejo", "visibility": "internal"})
    web.post("/desk/tickets/LOZ-1/log-time", data={"minutes": "25", "note": "Revisado", "billable": "1"})
    after = fresh(ticket)
    assert (after.status, after.assignee_id) == ("open", world.tomas.id)
    with work(Scope.staff()):
        assert [m.visibility for m in messages_of(ticket.id)] == ["public", "public", "internal"]
        assert [(e.minutes, e.billable) for e in entries_of(ticket.id)] == [(25, True)]
    page = web.get("/desk/tickets/LOZ-1").text
    assert "Datáfono viejo" in page and "is-internal" in page


def test_a_form_sent_twice_acts_once(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    form = {"body": "Hola", "visibility": "public", "idempotency_key": "k1"}
    for _ in range(2):
        assert web.post("/desk/tickets/LOZ-1/reply", data=form).status_code == 303
    with work(Scope.staff()) as session:
        assert session.query(Message).filter_by(body="Hola").count() == 1


def test_a_form_drawn_from_an_older_version_is_refused(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    web.post("/desk/tickets/LOZ-1/set-priority", data={"priority": "high"})
    late = web.post("/desk/tickets/LOZ-1/set-status", data={"status": "open", "version": str(ticket.version)})
    assert late.status_code == 409 and fresh(ticket).status == "new"


def test_the_other_console_hears_of_it(web: FlaskClient, world: World, ticket: Ticket, app: object) -> None:
    sign_in(web, world.tomas)
    news = web.get("/desk/live?since=0").json
    assert news is not None
    assert web.get(f"/desk/live?since={news['version']}").status_code == 204
    web.post("/desk/tickets/LOZ-1/take")
    changed = web.get(f"/desk/live?since={news['version']}").json
    assert changed is not None and changed["tickets"] == [str(ticket.id)]


def test_who_else_is_looking(world: World, ticket: Ticket, web: FlaskClient) -> None:
    irene = sign_in(web.application.test_client(), world.irene)
    irene.get("/desk/tickets/LOZ-1")
    assert "Irene" in sign_in(web, world.tomas).get("/desk/tickets/LOZ-1").text


@pytest.mark.parametrize("words", ["LOZ-1", "tpv", "TPV cob", "lozano", "marta"])
def test_search_finds_by_number_words_and_names(web: FlaskClient, world: World, ticket: Ticket, words: str) -> None:
    answer = sign_in(web, world.tomas).get("/desk/search", query_string={"q": words}, follow_redirects=True)
    assert answer.status_code == 200 and ("TPV" in answer.text or "Lozano" in answer.text or "Marta" in answer.text)


@pytest.mark.parametrize("words", ["'", "a' | b", "%_", "!!", "&|", "\\", "x" * 300, "LOZ-999999999999"])
def test_strange_words_find_nothing_and_break_nothing(web: FlaskClient, world: World, words: str) -> None:
    assert sign_in(web, world.tomas).get("/desk/search", query_string={"q": words}).status_code == 200


def test_a_ticket_by_phone(web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    assert web.get(f"/desk/new?client_id={world.lozano.id}").status_code == 200
    form = {
        "client_id": str(world.lozano.id),
        "requester_id": str(world.marta.id),
        "subject": "Impresora atascada",
        "body": "La de recepción",
    }
    assert web.post("/desk/new", data=form).location.endswith("/desk/tickets/LOZ-1")
    assert web.post("/desk/new", data=form | {"subject": " "}).status_code == 422


def test_a_caller_nobody_knew_is_added_with_the_ticket(web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    form = {
        "client_id": str(world.lozano.id),
        "requester_name": "Julia  Peña",
        "requester_email": "julia@lozano.example",
        "requester_phone": "+34 968 12 34 56",
        "subject": "Impresora atascada",
        "body": "La de recepción",
    }
    assert web.post("/desk/new", data=form).location.endswith("/desk/tickets/LOZ-1")
    assert web.post("/desk/new", data=form | {"requester_name": ""}).location.endswith("/desk/tickets/LOZ-2")
    with work(Scope.staff()) as session:
        added = session.scalars(select(Person).where(Person.email == "julia@lozano.example")).one()
        assert (added.name, added.client_id, added.phone) == ("Julia Peña", world.lozano.id, "+34 968 12 34 56")
        assert (added.role, added.locale) == ("client_employee", world.lozano.locale)
        assert {each.requester_id for each in session.scalars(select(Ticket))} == {added.id}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"requester_name": "", "requester_email": ""}, "Campo obligatorio"),
        ({"requester_email": "julia"}, "nombre@"),
        ({"requester_name": "", "requester_email": "nadie@lozano.example"}, "Campo obligatorio"),
        ({"requester_phone": "llamar luego"}, "No es válido"),
        ({"requester_id": "x"}, "No es válido"),
        ({"client_id": ""}, "Campo obligatorio"),
        ({"type": "x"}, "No"),
    ],
)
def test_a_new_ticket_says_what_is_wrong_with_it(
    web: FlaskClient, world: World, wrong: dict[str, str], sentence: str
) -> None:
    form = {"client_id": str(world.lozano.id), "requester_name": "Julia", "subject": "Impresora", "body": "La de aquí"}
    answer = sign_in(web, world.tomas).post("/desk/new", data=form | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text.partition('<form class="form')[2].partition("</form>")[0]
    with work(Scope.staff()) as session:
        assert session.scalars(select(Ticket)).all() == []
        assert session.scalars(select(Person).where(Person.name == "Julia")).all() == []
