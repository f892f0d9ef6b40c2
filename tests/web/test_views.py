"""The filter form of the console and saved views: pages, counts, who sees and changes them, statements of a page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.ttl_cache import clear
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in

MANY = 70
MAX_STATEMENTS = 12


@pytest.fixture
def many(world: World) -> None:
    """70 urgent tickets of Lozano, one normal."""
    with work(Scope.client(world.lozano.id)):
        for number in range(MANY + 1):
            wanted = Request(f"Caja {number}", "x", "portal", priority="urgent" if number < MANY else "normal")
            open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())
    clear()


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that the session sends meanwhile; the batch of news is one more."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def shown(page: str) -> list[str]:
    return re.findall(r'data-row data-ticket="[^"]*" data-label="([^"]*)"', page)


def test_a_filter_is_saved_and_shown_in_pages(web: FlaskClient, world: World, many: None) -> None:
    sign_in(web, world.tomas)
    path = "/desk/filter?priority=urgent&order=oldest&client=" + str(world.lozano.id)
    page = web.get(path).text
    assert f"{MANY} tickets" in page and len(shown(page)) == 60 and "Prioridad: " in page
    definition = re.findall(r'name="definition" value="([^"]*)"', page)[0].replace("&#34;", '"')
    saved = web.post("/desk/views", data={"definition": definition, "name": "TPV", "save": "new"})
    page = web.get(saved.location).text
    assert re.search(rf'href="{saved.location}" aria-current="page">.*?TPV.*?>{MANY}<', page, re.S)
    older = re.search(r'rel="next" href="([^"]*)"', page)
    assert older
    rest = shown(web.get(older[1].replace("&amp;", "&")).text)
    assert [*shown(page), *rest] == [f"LOZ-{n}" for n in range(1, MANY + 1)]
    changed = {"definition": "{}", "name": "Todo", "save": "over", "from": saved.location.rpartition("/")[2]}
    assert web.post("/desk/views", data=changed).location == saved.location
    assert f"{MANY + 1} tickets" in web.get(saved.location).text
    assert "Todo" in web.post(f"{saved.location}/delete", data={"ask_first": "1"}).text
    web.post(f"{saved.location}/delete", data={"confirmed": "1"})
    assert web.get(saved.location).status_code == 404


def test_views_of_the_team_are_changed_by_leads_only(web: FlaskClient, world: World) -> None:
    sign_in(web, world.rosa)
    made = web.post("/desk/views", data={"definition": '{"tag": ["vpn"]}', "name": "VPN", "is_shared": "1"}).location
    own = web.post("/desk/views", data={"definition": "{}", "name": "Mía"}).location
    clear()
    web.get("/desk/team")  # shows the messages about saving
    sign_in(web, world.tomas)
    page = web.get(made).text
    assert "VPN" in page and "Mía" not in page and "Guardar cambios" not in page
    assert web.get(own).status_code == 404 and web.post(f"{own}/delete").status_code == 404
    over = {"definition": "{}", "name": "x", "save": "over", "from": made.rpartition("/")[2]}
    assert web.post("/desk/views", data=over).status_code == 403
    assert web.post("/desk/views", data={"definition": "{}", "name": "y", "is_shared": "1"}).status_code == 403


@pytest.mark.parametrize(
    "data", [{"definition": "["}, {"definition": "[]"}, {"definition": '{"tier": 9}'}, {"name": ""}]
)
def test_what_cannot_be_saved_is_refused(web: FlaskClient, world: World, data: dict[str, str]) -> None:
    given = {"definition": "{}", "name": "x"} | data
    assert sign_in(web, world.tomas).post("/desk/views", data=given).status_code == 422


@pytest.mark.parametrize("query", ["after=x", "after=WzFd", "from=x"])
def test_places_that_cannot_be_are_not_found(web: FlaskClient, world: World, query: str) -> None:
    assert sign_in(web, world.tomas).get(f"/desk/filter?{query}").status_code == 404
    assert web.get("/desk/filter?client=x").status_code == 422


def test_a_page_needs_few_statements(web: FlaskClient, world: World, many: None) -> None:
    sign_in(web, world.rosa)
    for number in range(5):
        definition = f'{{"priority": ["urgent"], "created_within_days": {number + 1}}}'
        form = {"definition": definition, "name": f"V{number}", "is_shared": "1"}
        made = web.post("/desk/views", data=form).location
    web.get(made)
    clear()
    with counting() as seen:
        assert web.get(made).status_code == 200
    assert len(seen) + 1 <= MAX_STATEMENTS, [each[:90] for each in seen]
