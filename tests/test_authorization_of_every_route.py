"""Every route of the desk as unauthorised users: a stranger, another client, restricted staff.

The list is read from the application, so that a page that is added later is covered too.
"""

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in

OPEN = {  # open to anybody; each has its own check by signature or token, or shows nothing secret
    "healthz",
    "readyz",
    "metrics",
    "static",
    "home",
}
DOORS = ("/slack/", "/api/", "/stripe/", "/playground", "/signin", "/signout", "/change", "/reset", "/verify", "/us-")
SECRET = "Contraseña del router de Getafe"


@pytest.fixture
def ticket(world: World) -> Ticket:
    wanted = Request(subject=SECRET, body=SECRET, source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())[0]


def pages(app: Flask, *, method: str) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint not in OPEN and not rule.rule.startswith(DOORS)
    ]


def address(app: Flask, rule: Rule, world: World, ticket: Ticket) -> str:
    """The rule's address, filled in with ids of Lozano."""
    values: dict[str, object] = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        if name == "label":
            values[name] = "LOZ-1"
        elif name == "client_id":
            values[name] = world.lozano.id
        elif name == "contract_id":
            values[name] = world.lozano_contract.id
        elif name == "calendar_id":
            values[name] = world.calendar.id
        elif name == "person_id":
            values[name] = world.marta.id
        elif name == "ticket_id":
            values[name] = ticket.id
        elif converter.regex.startswith("(?:") and "|" in converter.regex:
            values[name] = converter.regex[3:-1].split("|")[0]
        elif "A-Fa-f0-9" in converter.regex:
            values[name] = UUID(int=1)
        elif converter.regex.startswith("\\d"):
            values[name] = 1
        else:
            values[name] = "x"
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)  # type: ignore[arg-type]


def test_strangers_see_the_sign_in_and_nothing_else(app: Flask, web: FlaskClient, world: World, ticket: Ticket) -> None:
    for rule in pages(app, method="GET"):
        answer = web.get(address(app, rule, world, ticket))
        assert answer.status_code in (302, 401, 404), (rule.rule, answer.status_code)
        assert SECRET not in answer.text, rule.rule
        if answer.status_code == 302:
            assert "/signin" in answer.location, rule.rule


def test_strangers_change_nothing(app: Flask, web: FlaskClient, world: World, ticket: Ticket) -> None:
    for rule in pages(app, method="POST"):
        answer = web.post(address(app, rule, world, ticket), data={"body": "x", "status": "closed"})
        assert answer.status_code in (302, 401, 403, 404, 405), (rule.rule, answer.status_code)
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, ticket.id).version == ticket.version


@pytest.mark.parametrize("who", ["inigo", "nuria"])
def test_people_of_elsewhere_never_read_it(
    app: Flask, web: FlaskClient, world: World, ticket: Ticket, who: str
) -> None:
    sign_in(web, getattr(world, who))
    for rule in pages(app, method="GET"):
        answer = web.get(address(app, rule, world, ticket))
        assert answer.status_code in (200, 302, 303, 403, 404), (rule.rule, answer.status_code)
        assert SECRET not in answer.text, rule.rule
        if rule.arguments & {"label", "client_id", "contract_id", "ticket_id"} and rule.endpoint != "desk.live_ticket":
            assert answer.status_code != 200, rule.rule


@pytest.mark.parametrize("who", ["inigo", "nuria"])
def test_people_of_elsewhere_change_nothing(
    app: Flask, web: FlaskClient, world: World, ticket: Ticket, who: str
) -> None:
    sign_in(web, getattr(world, who))
    for rule in pages(app, method="POST"):
        if "label" in rule.arguments or "client_id" in rule.arguments:
            answer = web.post(address(app, rule, world, ticket), data={"body": "x", "status": "closed"})
            assert answer.status_code in (302, 403, 404), (rule.rule, answer.status_code)
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, ticket.id).version == ticket.version


@pytest.mark.parametrize("who", ["tomas", "carmen", "rosa", "ana", "marta", "dolores"])
def test_no_page_breaks_for_anybody(app: Flask, web: FlaskClient, world: World, ticket: Ticket, who: str) -> None:
    sign_in(web, getattr(world, who))
    for rule in pages(app, method="GET"):
        answer = web.get(address(app, rule, world, ticket))
        assert answer.status_code < 500, (rule.rule, answer.status_code)


def test_a_client_says_nothing_to_the_administration(web: FlaskClient, world: World, app: Flask) -> None:
    sign_in(web, world.dolores)
    for rule in pages(app, method="GET"):
        if rule.rule.startswith(("/admin", "/desk", "/billing")):
            assert web.get(rule.rule.replace("<", "").replace(">", "")).status_code == 404, rule.rule
