"""The console shows staff that the desk is behind, until it has caught up."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock, inbox
from msp.kernel.ttl_cache import clear
from msp.operations.lag import BEHIND
from tests.world import World, sign_in

LINES = {
    "en": "Processing is delayed: 3 messages and notifications pending, the oldest for 4",
    "es": "El procesamiento va con retraso: 3 mensajes y avisos pendientes, el más antiguo desde hace 4",
}


def pile_up() -> None:
    for number in range(3):
        inbox.store("drill", str(number), {}, key=str(number))


@pytest.mark.parametrize("path", ["/desk/team", "/desk/on-call"])
def test_every_page_says_it(web: FlaskClient, world: World, path: str) -> None:
    sign_in(web, world.tomas)
    assert 'id="behind" role="status" hidden' in web.get(path).text
    pile_up()
    clock.advance(timedelta(minutes=4))
    clear()
    page = web.get(path).text
    assert 'id="behind" role="status">' in page and LINES[world.tomas.locale] in page


def test_whoever_sees_some_clients_is_told_too(web: FlaskClient, world: World) -> None:
    pile_up()
    clock.advance(timedelta(minutes=4))
    assert LINES[world.nuria.locale] in sign_in(web, world.nuria).get("/desk/team").text


def test_an_open_page_hears_of_it(web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    version = web.get("/desk/live?since=").json["version"]  # type: ignore[index]
    assert web.get("/desk/live", query_string={"since": version}).status_code == 204
    pile_up()
    clock.advance(BEHIND)
    clear()
    behind = web.get("/desk/live", query_string={"since": version})
    assert behind.status_code == 200
    while inbox.work_one():
        pass
