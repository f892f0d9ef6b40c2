"""New people get an invitation email in their language with a link to set a password; others get none."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.people.models import Account, Person
from simulators.smtp.server import MailServer
from tests.mail.test_accounts import door  # noqa: F401 (a fixture)
from tests.web.test_admin_people import FORM, sign_in_by_form
from tests.world import World, sign_in

Drain = Callable[[], int]
NEW = {"password": "cuatro-gatos-en-la-luna", "password_confirm": "cuatro-gatos-en-la-luna"}


@pytest.fixture
def ana(door: FlaskClient, world: World) -> FlaskClient:  # noqa: F811
    """An administrator's browser at a desk with mail."""
    return sign_in(door, world.ana)


def find(name: str = "Julia Vega") -> Person:
    with work(Scope.staff()) as session:
        return session.scalars(select(Person).where(Person.name == name)).one()


def account_of(person: Person) -> Account | None:
    with work(Scope.system()) as session:
        return session.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()


def link_in(text: str) -> str:
    found = re.search(r"http://127.0.0.1:8000(/reset/\S+)", text)
    assert found
    return found[1]


def test_a_technician_chooses_a_password_by_the_letter_once(
    ana: FlaskClient, mail_server: MailServer, drain: Drain
) -> None:
    page = ana.get("/admin/people/new").text
    assert 'name="invite" value="1" checked' in page and "Generar contraseña inicial" not in page
    answer = ana.post("/admin/people/new", data=FORM | {"invite": "1", "idempotency_key": "k"})
    assert answer.status_code == 303  # no password is shown
    ana.post("/admin/people/new", data=FORM | {"invite": "1", "idempotency_key": "k"})
    assert "Recibirá un correo de invitación con un enlace" in ana.get("/admin/people").text
    drain()
    [letter] = mail_server.messages()
    assert letter.recipients == ("julia@guardia.example",) and letter.subject == "Tu acceso a Guardia"
    assert "Hola, Julia." in letter.text and "Elige tu contraseña" in letter.text
    link = link_in(letter.text)
    with work(Scope.system()) as session:
        for event in session.scalars(select(StoredEvent)):
            assert link.removeprefix("/reset/") not in str(event.data)
    browser = ana.application.test_client()
    assert browser.get(link).status_code == 200
    assert browser.post(link, data=NEW).status_code == 302
    assert sign_in_by_form(ana.application.test_client(), "julia@guardia.example", NEW["password"]) == 302
    again = {"password": "otra-cosa-muy-distinta", "password_confirm": "otra-cosa-muy-distinta"}
    browser = ana.application.test_client()
    browser.post(link, data=again)
    assert sign_in_by_form(browser, "julia@guardia.example", again["password"]) == 200  # the link was used
    drain()
    assert [each.subject for each in mail_server.messages()] == ["Tu acceso a Guardia", "Tu contraseña ha cambiado"]


def test_the_letter_is_in_their_language(ana: FlaskClient, world: World, mail_server: MailServer, drain: Drain) -> None:
    form = FORM | {"role": "client_manager", "client_id": str(world.azcarate.id), "locale": "en", "invite": "1"}
    assert ana.post("/admin/people/new", data=form).status_code == 303
    drain()
    [letter] = mail_server.messages()
    assert letter.subject == "Your access to Guardia" and letter.text.startswith("Hello, Julia.")


def test_the_link_ends_after_two_days_and_another_can_be_sent(
    ana: FlaskClient, mail_server: MailServer, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.post("/admin/people/new", data=FORM | {"invite": "1"})
    drain()
    link = link_in(mail_server.messages()[0].text)
    monkeypatch.setitem(ana.application.config, "SECURITY_RESET_PASSWORD_WITHIN", timedelta(seconds=-1))
    assert ana.application.test_client().post(link, data=NEW).status_code == 302
    account = account_of(find())
    assert account is not None and account.password is None
    monkeypatch.undo()
    page = ana.get(f"/admin/people/{find().id}").text
    assert "Invitación enviada, todavía sin contraseña" in page and "Reenviar correo de invitación" in page
    assert ana.post(f"/admin/people/{find().id}/welcome").status_code == 303
    drain()
    assert ana.application.test_client().post(link_in(mail_server.messages()[1].text), data=NEW).status_code == 302
    assert account_of(find()).password is not None  # type: ignore[union-attr]
    assert "Reenviar correo de invitación" not in ana.get(f"/admin/people/{find().id}").text
    assert ana.post(f"/admin/people/{find().id}/welcome").status_code == 409


def test_people_of_clients_who_only_use_chat_are_not_written_to(
    ana: FlaskClient, world: World, mail_server: MailServer, drain: Drain
) -> None:
    page = ana.get(f"/admin/people/new?client_id={world.lozano.id}").text
    assert 'name="invite"' in page and 'name="invite" value="1" checked' not in page
    form = FORM | {"role": "client_employee", "client_id": str(world.lozano.id), "email": "julia@lozano.example"}
    assert ana.post("/admin/people/new", data=form).status_code == 303
    drain()
    assert mail_server.messages() == [] and account_of(find()) is None
    assert "Enviar correo de invitación" in ana.get(f"/admin/people/{find().id}").text
    ana.post(f"/admin/people/{find().id}/welcome", data={"idempotency_key": "w"})
    ana.post(f"/admin/people/{find().id}/welcome", data={"idempotency_key": "w"})
    drain()
    assert [each.recipients for each in mail_server.messages()] == [("julia@lozano.example",)]


def test_whoever_is_shut_out_before_the_letter_goes_gets_none(
    ana: FlaskClient, mail_server: MailServer, drain: Drain
) -> None:
    ana.post("/admin/people/new", data=FORM | {"invite": "1"})
    ana.post(f"/admin/people/{find().id}", data=FORM)  # with "active" unticked
    drain()
    assert mail_server.messages() == []
    assert ana.post(f"/admin/people/{find().id}/welcome").status_code == 409


def test_a_form_that_comes_back_keeps_what_was_ticked(ana: FlaskClient) -> None:
    answer = ana.post("/admin/people/new", data=FORM | {"name": " "})
    assert answer.status_code == 422 and 'name="invite" value="1" checked' not in answer.text
    answer = ana.post("/admin/people/new", data=FORM | {"name": " ", "invite": "1"})
    assert 'name="invite" value="1" checked' in answer.text


def test_without_mail_a_first_password_is_shown_as_before(web: FlaskClient, world: World, drain: Drain) -> None:
    sign_in(web, world.ana)
    assert "Generar contraseña inicial" in web.get("/admin/people/new").text
    assert "/welcome" not in web.get(f"/admin/people/{world.marta.id}").text
    assert web.post(f"/admin/people/{world.marta.id}/welcome").status_code == 303
    with work(Scope.system()) as session:
        assert session.scalars(select(StoredEvent).where(StoredEvent.kind == "account.mail_asked")).all() == []
    answer = web.post("/admin/people/new", data=FORM | {"invite": "1"})
    assert answer.status_code == 200 and re.search(r"<span>[a-z2-9]{4}(-[a-z2-9]{4}){3}</span>", answer.text)


def test_nobody_but_administrators_sends_letters(door: FlaskClient, world: World) -> None:  # noqa: F811
    assert sign_in(door, world.rosa).post(f"/admin/people/{world.marta.id}/welcome").status_code == 403
