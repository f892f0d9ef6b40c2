"""Server-side sessions: listed, ended singly or at once, by timeout, by a new password, by deactivation."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from sqlalchemy import event, select

from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Conflict
from msp.people.editing import edit_person
from msp.people.models import Account, Person
from msp.people.tokens import create_token
from msp.tickets.opening import Request, open_ticket
from tests.conftest import MONDAY
from tests.world import World, sign_in

PASSWORD = "correcto caballo pila grapa"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)


@contextmanager
def now(at: datetime) -> Iterator[None]:
    with clock.frozen(at):
        yield


def give_password(person: Person) -> None:
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.person_id == person.id)).one()
        account.password = hash_password(PASSWORD)


def browser(app: Flask, person: Person, *, agent: str = FIREFOX, address: str = "192.0.2.7") -> FlaskClient:
    """A browser in which the person signed in through the form."""
    web = app.test_client()
    web.environ_base.update({"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address})
    answer = web.post("/signin", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return web


def copy_of(web: FlaskClient) -> FlaskClient:
    """Another browser with copied cookies."""
    other = web.application.test_client()
    for cookie in web._cookies.values():  # type: ignore[union-attr]
        other.set_cookie(cookie.key, cookie.value)
    return other


def is_in(web: FlaskClient) -> bool:
    return web.get("/account").status_code == 200


@pytest.fixture
def tomas(app: Flask, world: World) -> FlaskClient:
    give_password(world.tomas)
    return browser(app, world.tomas)


def test_a_copied_cookie_is_worth_nothing_after_sign_out(tomas: FlaskClient) -> None:
    copied = copy_of(tomas)
    assert is_in(copied)
    tomas.post("/signout")
    assert not is_in(tomas) and not is_in(copied)


def test_sign_out_ends_this_session_only(app: Flask, world: World, tomas: FlaskClient) -> None:
    other = browser(app, world.tomas, agent=SAFARI)
    tomas.post("/signout")
    assert is_in(other)


def test_a_session_without_use_ends(tomas: FlaskClient) -> None:
    with now(MONDAY + timedelta(hours=71)):
        assert is_in(tomas)
    with now(MONDAY + timedelta(hours=71 + 73)):
        assert not is_in(tomas)
    with now(MONDAY + timedelta(hours=72)):
        assert not is_in(tomas)  # and stays ended


def test_a_session_ends_however_much_it_is_used(tomas: FlaskClient) -> None:
    for day in range(30):
        with now(MONDAY + timedelta(days=day)):
            assert is_in(tomas)
    with now(MONDAY + timedelta(days=30, minutes=1)):
        assert not is_in(tomas)


@pytest.mark.parametrize("path", ["/desk/live", "/portal/live"])
def test_a_page_left_open_does_not_keep_a_session_alive(app: Flask, world: World, path: str) -> None:
    person = world.tomas if path.startswith("/desk") else world.marta
    give_password(person)
    web = browser(app, person)
    for hours in range(0, 73, 6):
        with now(MONDAY + timedelta(hours=hours)):
            assert web.get(path).status_code in (200, 204)
    with now(MONDAY + timedelta(hours=73)):
        assert web.get(path).status_code == 302


def test_an_administrator_sets_both_limits(app: Flask, world: World, tomas: FlaskClient) -> None:
    ana = sign_in(app.test_client(), world.ana)
    form = {"idle_hours": "2", "absolute_days": "1"}
    assert ana.post("/admin/settings/sessions", data=form).status_code == 303
    assert 'name="idle_hours" type="number" value="2"' in ana.get("/admin/settings").text
    with now(MONDAY + timedelta(hours=1)):
        assert is_in(tomas)
    with now(MONDAY + timedelta(hours=4)):
        assert not is_in(tomas)


@pytest.mark.parametrize("form", [("0", "30"), ("721", "60"), ("x", "30"), ("24", "0"), ("24", "366"), ("48", "1")])
def test_limits_that_cannot_be_are_refused(app: Flask, world: World, form: tuple[str, str]) -> None:
    ana = sign_in(app.test_client(), world.ana)
    data = {"idle_hours": form[0], "absolute_days": form[1]}
    answer = ana.post("/admin/settings/sessions", data=data)
    assert answer.status_code == 422 and "field-error" in answer.text
    assert 'name="idle_hours" type="number" value="72"' in ana.get("/admin/settings").text


def test_people_see_their_sessions_and_end_them_one_by_one(app: Flask, world: World, tomas: FlaskClient) -> None:
    phone = browser(app, world.tomas, agent=SAFARI, address="2001:db8::5")
    page = tomas.get("/account/sessions").text
    assert "Firefox" in page and "192.0.2.7" in page and "Safari" in page and "2001:db8::5" in page
    ends = re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end)"', page)
    assert len(ends) == 1, "the session in hand is ended by signing out"
    assert tomas.post(ends[0]).status_code == 303
    assert not is_in(phone) and is_in(tomas)


def test_people_end_all_other_sessions_at_once(app: Flask, world: World, tomas: FlaskClient) -> None:
    others = [browser(app, world.tomas, agent=SAFARI) for _ in range(2)]
    assert tomas.post("/account/sessions/end").status_code == 303
    assert is_in(tomas) and not any(is_in(each) for each in others)


def test_clients_have_the_same_page(app: Flask, world: World) -> None:
    give_password(world.marta)
    marta = browser(app, world.marta)
    assert "Firefox" in marta.get("/account/sessions").text


def test_nobody_ends_sessions_of_others(app: Flask, world: World, tomas: FlaskClient) -> None:
    browser(app, world.tomas, agent=SAFARI)
    end = re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end)"', tomas.get("/account/sessions").text)[0]
    for person in (world.irene, world.marta, world.ana):
        assert sign_in(app.test_client(), person).post(end).status_code == 404
    assert end in tomas.get("/account/sessions").text


def test_a_new_password_ends_every_other_session(app: Flask, world: World, tomas: FlaskClient) -> None:
    copied, other = copy_of(tomas), browser(app, world.tomas, agent=SAFARI)
    form = {
        "password": PASSWORD,
        "new_password": "otra clave muy larga",
        "new_password_confirm": "otra clave muy larga",
    }
    assert tomas.post("/change", data=form).status_code == 302
    assert is_in(tomas) and not is_in(other) and not is_in(copied)


def test_an_administrator_sees_and_ends_sessions(app: Flask, world: World, tomas: FlaskClient) -> None:
    phone = browser(app, world.tomas, agent=SAFARI, address="198.51.100.9")
    ana = sign_in(app.test_client(), world.ana)
    address = f"/admin/people/{world.tomas.id}/sessions"
    page = ana.get(address).text
    assert "Firefox" in page and "198.51.100.9" in page
    ends = re.findall(rf'action="({address}/[0-9a-f-]+/end)"', page)
    assert len(ends) == 2
    ana.post(ends[0])
    assert [is_in(phone), is_in(tomas)].count(True) == 1
    assert ana.post(f"{address}/end").status_code == 303
    assert not is_in(phone) and not is_in(tomas)


def test_only_administrators_of_all_clients_do(app: Flask, world: World, tomas: FlaskClient) -> None:
    address = f"/admin/people/{world.tomas.id}/sessions"
    assert sign_in(app.test_client(), world.rosa).get(address).status_code == 403
    with work(Scope.system()) as session:
        session.get_one(Person, world.carmen.id).role = "administrator"
        session.get_one(Person, world.carmen.id).is_restricted = True
    carmen = sign_in(app.test_client(), world.carmen)
    assert carmen.get(address).status_code == 403
    assert carmen.post(f"{address}/end").status_code == 403
    assert is_in(tomas)


def test_somebody_switched_off_is_out_at_once_and_for_good(app: Flask, world: World, tomas: FlaskClient) -> None:
    assert is_in(tomas)
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.tomas.id), at=clock.now(), active=False)
    assert not is_in(tomas)
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.tomas.id), at=clock.now(), active=True)
    assert not is_in(tomas)


def switch(client: Client, *, active: bool) -> None:
    with work(Scope.staff()) as session:
        edit_client(session.get_one(Client, client.id), at=clock.now(), active=active)


def test_a_client_switched_off_ends_all_its_people_have(app: Flask, world: World, drain: Callable[[], int]) -> None:
    """Sessions end, nobody signs in, tokens are refused with a reason, nobody opens tickets for the client."""
    give_password(world.dolores)
    dolores = browser(app, world.dolores)
    with work(Scope.system()):
        token = create_token("dolores@lozano.example", "client", "x", at=clock.now())
    bearer = {"Authorization": f"Bearer {token}"}
    assert is_in(dolores) and app.test_client().get("/api/v1/tickets", headers=bearer).status_code == 200
    switch(world.lozano, active=False)
    drain()
    assert not is_in(dolores)
    again = app.test_client().post("/signin", data={"email": world.dolores.email, "password": PASSWORD})
    assert again.status_code == 200 and not again.headers.getlist("Location")
    answer = app.test_client().get("/api/v1/tickets", headers=bearer)
    assert (answer.status_code, json.loads(answer.text).get("code")) == (403, "client_not_active")
    wanted = Request(subject="Un asunto", body="Un texto", source="api")
    with pytest.raises(Conflict, match="client_not_active"), work(Scope.staff()) as session:
        open_ticket(session.get_one(Client, world.lozano.id), requester=world.dolores, request=wanted, at=clock.now())
    switch(world.lozano, active=True)
    assert not is_in(dolores)  # the old session stays ended
    assert is_in(browser(app, world.dolores))
    assert app.test_client().get("/api/v1/tickets", headers=bearer).status_code == 200


def test_staff_hear_why_a_ticket_cannot_be_opened(app: Flask, world: World) -> None:
    switch(world.lozano, active=False)
    form = {"client_id": str(world.lozano.id), "requester_id": str(world.marta.id), "subject": "x", "body": "x"}
    answer = sign_in(app.test_client(), world.tomas).post("/desk/new", data=form)
    assert answer.status_code in (409, 422) and "no está activo" in answer.text


def test_there_are_no_other_tokens_than_those_of_the_api(app: Flask, world: World) -> None:
    """The sign-in library would issue a token on request, and accept it in a header, an address or a body."""
    give_password(world.tomas)
    said = {"email": world.tomas.email, "password": PASSWORD}
    for address in ("/signin?include_auth_token", "/signin?include_auth_token=1"):
        for answer in (
            app.test_client().post(address, json=said),
            app.test_client().post(address, data=said, headers={"Accept": "application/json"}),
        ):
            assert "authentication_token" not in answer.text
    with app.test_request_context():
        with work(Scope.system()) as session:
            account = session.scalars(select(Account).where(Account.person_id == world.tomas.id)).one()
        token = str(account.get_auth_token())
    web = app.test_client()
    assert web.get("/account", headers={"Authentication-Token": token}).status_code == 302
    assert web.get(f"/account?auth_token={token}").status_code == 302
    assert web.get("/account", json={"auth_token": token}).status_code == 302
    assert web.get("/change", headers={"Authentication-Token": token}).status_code == 302


def test_a_request_reads_session_person_and_clients_in_one_statement(app: Flask, world: World) -> None:
    """It also writes the last use, at most once a minute."""
    nuria = sign_in(app.test_client(), world.nuria)
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "account_session" in statement or "staff_client" in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with now(MONDAY + timedelta(minutes=5)):
            nuria.get("/account/sessions")
            seen.clear()
            nuria.get("/desk/live")
        assert len(seen) <= 1
        with now(MONDAY + timedelta(minutes=5, seconds=50)):
            seen.clear()
            nuria.get("/account")
        assert not [each for each in seen if each.lower().startswith("update")]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
