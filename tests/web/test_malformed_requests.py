"""Malformed requests of browsers: refused with a page that explains it, never a server error."""

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.http import parse_options_header

from msp.clients.models import Client
from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.models import Attachment
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in


@pytest.fixture
def ticket(world: World) -> str:
    """A ticket of Lozano's employee, by its label."""
    with work(Scope.system()) as session:
        client, marta = session.get_one(Client, world.lozano.id), session.get_one(Person, world.marta.id)
        request = Request(subject="La impresora", body="No imprime", source="portal")
        made, _ = open_ticket(client, requester=marta, request=request, at=clock.now())
        return f"LOZ-{made.number}"


@pytest.mark.parametrize("path", ["/desk/search?q=a%00b", "/desk/tickets/LOZ%00-1", "/admin/people?q=%00"])
def test_addresses_with_a_nul_are_refused(web: FlaskClient, world: World, path: str) -> None:
    assert sign_in(web, world.ana).get(path).status_code == 400


@pytest.mark.parametrize("words", ["²", "²-1", "LOZ-²", "#²", "9" * 5000])
def test_digits_that_are_no_numbers_find_nothing(web: FlaskClient, world: World, words: str) -> None:
    sign_in(web, world.tomas)
    assert web.get("/desk/search", query_string={"q": words}).status_code == 200
    assert web.get("/desk/live", query_string={"since": words}).status_code == 200
    assert web.get(f"/desk/tickets/{words}").status_code == 404


def test_forms_with_a_nul_are_refused(web: FlaskClient, world: World, ticket: str) -> None:
    sign_in(web, world.tomas)
    reply = {"body": "Va\x00ya", "visibility": "public"}
    assert web.post(f"/desk/tickets/{ticket}/reply", data=reply).status_code == 400
    assert web.post("/account", data={"name": "To\x00más"}).status_code == 400
    assert web.get("/account").status_code == 200


def test_names_of_files_with_a_nul_are_refused(web: FlaskClient, world: World) -> None:
    form = {"body": "Mirad", "files": (io.BytesIO(b"x"), "a\x00.bin")}
    assert sign_in(web, world.marta).post("/portal/new", data=form).status_code == 400


def test_a_file_beyond_the_limit_is_refused_by_its_field(
    web: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    form = {"body": "Mirad", "files": (io.BytesIO(b"x" * 1001), "grande.bin")}
    answer = sign_in(web, world.marta).post("/portal/new", data=form)
    assert answer.status_code == 422


@pytest.mark.parametrize("minutes", ["²", "9" * 400, "-5", "1e3", "🕐"])
def test_minutes_that_are_none_are_refused(web: FlaskClient, world: World, ticket: str, minutes: str) -> None:
    form = {"minutes": minutes, "work_type": "remote"}
    assert sign_in(web, world.tomas).post(f"/desk/tickets/{ticket}/log-time", data=form).status_code == 422


def test_the_first_day_of_all_is_refused_east_of_greenwich(web: FlaskClient, world: World, ticket: str) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).timezone = "Asia/Tokyo"
    form = {"minutes": "15", "on": "0001-01-01", "work_type": "remote"}
    assert sign_in(web, world.tomas).post(f"/desk/tickets/{ticket}/log-time", data=form).status_code == 422


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_to_no_other_site(web: FlaskClient, world: World, ticket: str, back: str) -> None:
    page = sign_in(web, world.tomas).get(f"/desk/tickets/{ticket}", query_string={"back": back})
    assert page.status_code == 200
    assert "evil" not in page.text.partition("</header>")[0].partition("<title>")[2]
    assert f'href="{back}"' not in page.text


def test_the_way_back_leads_to_our_own_lists(web: FlaskClient, world: World, ticket: str) -> None:
    page = sign_in(web, world.tomas).get(f"/desk/tickets/{ticket}", query_string={"back": "/desk/queue/team?tier=2"})
    assert 'href="/desk/queue/team?tier=2"' in page.text


def test_restricted_staff_keep_their_own_settings(web: FlaskClient, world: World) -> None:
    sign_in(web, world.nuria)
    form = {"name": "Nuria Font", "locale": "en", "timezone": "Europe/Lisbon"}
    assert web.post("/account", data=form).status_code == 303
    with work(Scope.system()) as session:
        assert session.get_one(Person, world.nuria.id).locale == "en"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("tres\nlíneas.txt", "tres líneas.txt"), ("../../etc/passwd", "passwd"), ("a\u202egnp.exe", "agnp.exe")],
)
def test_files_come_back_under_a_tidy_name(web: FlaskClient, world: World, ticket: str, sent: str, kept: str) -> None:
    form = {"body": "Mirad", "files": (io.BytesIO(b"x"), sent.replace("\n", "\x1f"))}
    assert sign_in(web, world.marta).post(f"/portal/tickets/{ticket}/reply", data=form).status_code == 303
    with work(Scope.system()) as session:
        row = session.scalars(select(Attachment)).one()
        assert row.name == kept
        session.execute(text("update attachment set name = :sent"), {"sent": sent})  # as stored by earlier versions
    for whose, path in ((world.marta, "portal"), (world.tomas, "desk")):
        answer = sign_in(web.application.test_client(), whose).get(f"/{path}/attachments/{row.id}")
        assert answer.status_code == 200
        assert parse_options_header(answer.headers["Content-Disposition"])[1]["filename"] == kept
        answer.close()
