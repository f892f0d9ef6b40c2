"""The portal as a separate process: its database login has the client role only, so no statement can do more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.config import Settings, libpq_url
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.people.editing import edit_person
from msp.people.models import AccountSession, Person
from msp.people.session_limits import set_session_limits
from msp.portal_process import make_portal, portal_settings
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in
from wsgi import create_app


@pytest.fixture
def portal(app: Flask, settings: Settings) -> Iterator[Flask]:
    """The portal's application; its requests share no state with those of the desk."""
    made = make_portal(settings)
    made.config["WTF_CSRF_ENABLED"] = False
    made.test_client_class = app.test_client_class
    yield made
    with made.app_context():
        db.engine.dispose()
    create_app(settings)


def at_portal(app: Flask, portal: Flask, person: Person) -> FlaskClient:
    """A browser that signed in at the desk and sends requests to the portal's process."""
    web, here = sign_in(app.test_client(), person), portal.test_client()
    cookie = web.get_cookie("guardia")
    assert cookie is not None
    here.set_cookie("guardia", cookie.value)
    return here


@pytest.fixture
def ticket(world: World) -> Ticket:
    wanted = Request(subject="Un asunto", body="Un texto", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())[0]


def line_of(settings: Settings) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(libpq_url(portal_settings(settings).app_database_url), autocommit=True)


@pytest.mark.parametrize("role", ["msp_system", "msp_staff", "msp_staff_some"])
def test_its_login_takes_no_other_role(settings: Settings, role: str) -> None:
    with line_of(settings) as line:
        line.execute("set role msp_client")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute(f"set role {role}".encode())


@pytest.mark.parametrize("table", ["account", "account_session", "api_token", "inbound", "ticket", "person"])
def test_its_login_reads_nothing_by_itself_and_no_accounts_as_the_role(settings: Settings, table: str) -> None:
    with line_of(settings) as line:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute(f"select * from {table}".encode())
        line.execute("set role msp_client")
        line.execute("select set_config('msp.client_id', '', false)")
        if table in ("ticket", "person"):
            rows = line.execute(f"select client_id from {table} where client_id is not null".encode()).fetchall()
            assert rows == []
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                line.execute(f"select * from {table}".encode())


def test_the_login_is_nobody_special(settings: Settings) -> None:
    query = (
        "select rolsuper, rolbypassrls, rolinherit, rolcreaterole, array(select b.rolname::text from pg_auth_members m"
        " join pg_roles b on b.oid = m.roleid where m.member = r.oid) from pg_roles r where rolname = current_user"
    )
    with line_of(settings) as line:
        assert line.execute(query).fetchone() == (False, False, False, False, ["msp_client"])


@pytest.mark.parametrize("who", ["marta", "dolores"])
def test_its_pages_serve_clients(app: Flask, portal: Flask, world: World, ticket: Ticket, who: str) -> None:
    web = at_portal(app, portal, getattr(world, who))
    assert "Un asunto" in web.get("/portal/").text
    assert web.get(f"/portal/tickets/{ticket.client.code}-{ticket.number}").status_code == 200
    assert web.get("/portal/live").status_code == 200
    made = web.post("/portal/new", data={"body": "La impresora no va", "urgency": "medium"})
    assert made.status_code == 303
    reply = web.post(f"/portal/tickets/{ticket.client.code}-{ticket.number}/reply", data={"body": "Sigue igual"})
    assert reply.status_code == 303
    for path in ("/portal/reports", "/portal/invoices/"):
        assert web.get(path).status_code == (200 if who == "dolores" else 404), path
    with work(Scope.staff()) as session:
        assert session.scalars(select(Ticket).where(Ticket.body == "La impresora no va")).one()


@pytest.mark.parametrize(
    "path", ["/", "/desk/mine", "/admin/clients", "/api/v1/tickets", "/signin", "/account", "/metrics", "/slack/events"]
)
def test_it_serves_nothing_else(app: Flask, portal: Flask, world: World, path: str) -> None:
    assert at_portal(app, portal, world.dolores).get(path).status_code == 404
    assert portal.test_client().post(path).status_code == 404


def test_it_says_that_it_works(portal: Flask) -> None:
    assert portal.test_client().get("/healthz").status_code == 200
    assert portal.test_client().get("/readyz").get_json() == {"status": "ready", "reasons": {}}


def test_staff_and_strangers_are_sent_to_sign_in(app: Flask, portal: Flask, world: World) -> None:
    for web in (portal.test_client(), at_portal(app, portal, world.ana)):
        answer = web.get("/portal/")
        assert answer.status_code == 302 and answer.location.startswith("/signin")


def test_sessions_end_there_too(app: Flask, portal: Flask, world: World) -> None:
    web = at_portal(app, portal, world.marta)
    assert web.get("/portal/").status_code == 200
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.marta.id), at=clock.now(), active=False)
    assert web.get("/portal/").status_code == 302


def test_limits_and_last_use_hold_there_too(app: Flask, portal: Flask, world: World) -> None:
    with work(Scope.system()):
        set_session_limits(idle_hours=2, absolute_days=1)
    web = at_portal(app, portal, world.marta)
    clock.advance(timedelta(hours=1))
    assert web.get("/portal/", headers={"User-Agent": "Firefox"}).status_code == 200
    with work(Scope.system()) as session:
        used = session.scalars(select(AccountSession)).one()
        assert (used.last_used_at, used.user_agent) == (clock.now(), "Firefox")
    clock.advance(timedelta(hours=3))
    assert web.get("/portal/").status_code == 302


def test_its_address_may_be_given_instead_of_the_owners(settings: Settings) -> None:
    own = portal_settings(settings).app_database_url
    assert portal_settings(replace(settings, database_url=own)).app_database_url == own
