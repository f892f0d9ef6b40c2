"""The portal for employees: their own tickets only."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_status
from msp.tickets.messages import note, reply
from msp.tickets.models import Attachment, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.web.multipart import multipart
from tests.world import World, sign_in


@pytest.fixture
def ticket(world: World) -> Ticket:
    wanted = Request(subject="Wi-Fi del almacén", body="No llega al fondo.", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.dolores, request=wanted, at=clock.now())[0]


def test_ask_with_a_file_and_read_it_back(web: FlaskClient, world: World) -> None:
    sign_in(web, world.marta)
    assert web.get("/portal/new").status_code == 200
    form = {"body": "No imprime\nLa de arriba", "type": "incident", "urgency": "high"}
    made = web.post("/portal/new", data=form | {"files": (BytesIO(b"<script>"), "foto.html", "text/html")})
    assert made.location.endswith("/portal/tickets/LOZ-1")
    page = web.get("/portal/tickets/LOZ-1").text
    assert "No imprime" in page and "foto.html" in page
    with work(Scope.staff()) as session:
        attachment = session.query(Attachment).one()
    file = web.get(f"/portal/attachments/{attachment.id}")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.mimetype == "application/octet-stream"
    file.close()


def test_an_employee_sees_their_own_and_a_manager_the_company(web: FlaskClient, world: World, ticket: Ticket) -> None:
    assert "Wi-Fi" not in sign_in(web, world.marta).get("/portal/").text
    assert web.get("/portal/tickets/LOZ-1").status_code == 404
    assert web.post("/portal/tickets/LOZ-1/reply", data={"body": "x"}).status_code == 404
    assert "Wi-Fi" in sign_in(web, world.dolores).get("/portal/").text


def test_another_company_finds_nothing(web: FlaskClient, world: World, ticket: Ticket) -> None:
    assert sign_in(web, world.inigo).get("/portal/tickets/LOZ-1").status_code == 404


def test_notes_stay_among_us_and_solving_is_the_clients_word(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        reply(mine, author=world.tomas, body="Pongo otro punto de acceso.", at=clock.now())
        note(mine, author=world.tomas, body="El armario está cerrado con llave", at=clock.now())
        change_status(mine, "resolved", at=clock.now())
    page = sign_in(web, world.dolores).get("/portal/tickets/LOZ-1").text
    assert "punto de acceso" in page and "armario" not in page
    web.post("/portal/tickets/LOZ-1/actions/reopen")
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, ticket.id).status == "open"


def test_account_settings(web: FlaskClient, world: World) -> None:
    sign_in(web, world.marta)
    form = {"name": "Marta R.", "locale": "en", "timezone": "Atlantic/Canary", "theme": "dark"}
    assert web.post("/account", data=form).status_code == 303
    page = web.get("/account").text
    assert 'lang="en"' in page and "Marta R." in page
    assert web.get("/desk/team").status_code == 404


def test_what_is_wrong_with_files_stands_at_their_field(web: FlaskClient, world: World) -> None:
    browser = sign_in(web, world.marta)
    assert "10 archivos de 20" in browser.get("/portal/new").text
    many = [(b"x", f"{number}.txt", "text/plain") for number in range(11)]
    for sent, sentence in (
        ([(b"x" * (files.MAX_BYTES + 1), "grande.bin", "")], "demasiado grande"),
        (many, "como máximo 10 archivos."),
    ):
        answer = browser.post("/portal/new", **multipart({"body": "Mirad"}, *sent))
        field = answer.text.partition('id="f-files"')[2].partition("</div>")[0]
        assert answer.status_code == 422 and sentence in field.lower() and 'role="alert" hidden' not in field
