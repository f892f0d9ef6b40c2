"""Every route of the API with unexpected parameters and bodies: refused as a problem, never a server error."""

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.opening import Request, open_ticket
from tests.web.api.conftest import Program
from tests.web.test_odd_input import ALSO, BODIES, NAMES, ODD, api_paths
from tests.world import World


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


@pytest.mark.parametrize("odd", ODD)
def test_odd_parameters_break_nothing(admin: Program, opened: None, odd: str) -> None:
    broken = []
    for rule, path in api_paths(admin.web.application, "GET"):
        for name in NAMES:
            if rule.rule.endswith((".json", "/docs")):
                continue
            answer = admin.get(path, query_string={name: ODD[odd]})
            if answer.status_code >= 500:
                broken.append((rule.rule, name, answer.status_code))
            answer.close()
    assert broken == []


@pytest.mark.parametrize("odd", ["letters", "negative", "huge", "no date", "last day", "control", "long"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_odd_objects_break_nothing(admin: Program, opened: None, odd: str, method: str) -> None:
    broken = []
    for value in (ODD[odd], [ODD[odd]], {ODD[odd]: ODD[odd]}):
        for rule, path in api_paths(admin.web.application, method):
            answer = admin.call(method, path, json=dict.fromkeys(NAMES + ALSO, value))
            if answer.status_code >= 500:
                broken.append((rule.rule, answer.status_code))
            answer.close()
    assert broken == []


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_odd_bodies_break_nothing(admin: Program, opened: None, body: str, method: str) -> None:
    broken = []
    for rule, path in api_paths(admin.web.application, method):
        answer = admin.call(method, path, data=BODIES[body], content_type="application/json")
        if answer.status_code >= 500 or (answer.status_code >= 400 and not answer.get_json().get("code")):
            broken.append((rule.rule, answer.status_code))
        answer.close()
    assert broken == []
