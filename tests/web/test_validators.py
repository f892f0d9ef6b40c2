"""ETags stay the same however an answer is compressed on its way, and If-Match accepts them (F14)."""

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.tokens import create_token
from msp.tickets.opening import Request, open_ticket
from tests.world import World


@pytest.fixture
def ticket(world: World) -> tuple[str, dict[str, str]]:
    """A ticket whose answer is long enough to be compressed, and the headers of a person who may change it."""
    with work(Scope.client(world.lozano.id)):
        request = Request(subject="VPN", body="no va " * 2000, source="portal")
        made = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]
    with work(Scope.system()):
        token = create_token("ana@guardia.example", "admin", "tests", at=clock.now())
    return f"/api/v1/tickets/{made.id}", {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}


def test_the_etag_of_a_compressed_answer_is_the_ticket_version(
    web: FlaskClient, ticket: tuple[str, dict[str, str]]
) -> None:
    path, headers = ticket
    answer = web.get(path, headers=headers)
    assert answer.headers["Content-Encoding"] == "gzip"
    plain = web.get(path, headers=headers | {"Accept-Encoding": "identity"})
    assert answer.headers["ETag"] == plain.headers["ETag"] == '"1"'
    assert web.get(path, headers=headers | {"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"{}:gzip"', 'W/"{}-gzip"', '"{};br"', '"7", "{}"', "*"])
def test_if_match_knows_the_version_again(web: FlaskClient, ticket: tuple[str, dict[str, str]], form: str) -> None:
    path, headers = ticket
    version = web.get(path, headers=headers).headers["ETag"].strip('"')
    changed = web.patch(path, headers=headers | {"If-Match": form.format(version)}, json={"subject": "Otra cosa"})
    assert changed.status_code == 200, changed.text
    again = web.patch(path, headers=headers | {"If-Match": f'"{version}"'}, json={"subject": "Y otra"})
    assert again.status_code == 412


@pytest.mark.parametrize("tags", ['""', 'W/""', '"", "7"'])
def test_an_empty_etag_names_no_version(web: FlaskClient, ticket: tuple[str, dict[str, str]], tags: str) -> None:
    path, headers = ticket
    assert web.get(path, headers=headers | {"If-None-Match": tags}).status_code == 200
    assert web.patch(path, headers=headers | {"If-Match": tags}, json={"subject": "Otra"}).status_code == 412
