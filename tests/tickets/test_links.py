"""Links between tickets of a client, on the page and over the API; children that are resolved with their parent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event as sa_event
from werkzeug.test import TestResponse

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.people.models import Person
from msp.tickets import undoable
from msp.tickets.actions import change_status
from msp.tickets.link_models import TicketLink
from msp.tickets.link_rules import RELATIONS, kind_of, opposite, relation_of
from msp.tickets.link_targets import targets
from msp.tickets.linking import link_tickets, links_of, unlink
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_by_label
from tests.tickets.sla_steps import events
from tests.web.api.conftest import Program, Programs, program, staff  # noqa: F401 (fixtures)
from tests.world import World, sign_in

PAGE = "/desk/tickets/LOZ-1"


def opened(world: World, subject: str, *, requester: Person | None = None) -> Ticket:
    who = requester or world.marta
    client = world.lozano if who.client_id == world.lozano.id else world.azcarate
    request = Request(subject=subject, body=subject, source="portal")
    with work(Scope.client(client.id)):
        return open_ticket(client, requester=who, request=request, at=clock.now())[0]


@pytest.fixture
def three(world: World) -> tuple[Ticket, Ticket, Ticket]:
    return opened(world, "Falla el TPV"), opened(world, "Falla la impresora"), opened(world, "Falla la red")


def body(answer: TestResponse) -> dict[str, Any]:
    """The JSON of an answer."""
    found: dict[str, Any] = answer.get_json()
    return found


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements of a block."""
    seen: list[str] = []
    note = lambda *given: seen.append(given[2])  # noqa: E731
    engine = db.engine
    sa_event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa_event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("relation", RELATIONS)
def test_each_relation_has_an_opposite_of_the_same_kind(relation: str) -> None:
    kind, is_from = kind_of(relation)
    assert relation_of(kind, is_from=is_from) == relation and opposite(opposite(relation)) == relation


def test_both_tickets_name_the_link_and_have_an_event(world: World, three: tuple[Ticket, ...]) -> None:
    first, second, _ = three
    with work(Scope.staff(actor_id=world.tomas.id)):
        link_tickets(first.id, second.id, "parent_of", at=clock.now())
        assert [(each.label, each.relation) for each in links_of(first.id)] == [("LOZ-2", "parent_of")]
        assert [(each.label, each.relation) for each in links_of(second.id)] == [("LOZ-1", "child_of")]
        [link] = db.session.query(TicketLink)
        with pytest.raises(NotFound):
            unlink(three[2].id, link.id, at=clock.now())
        unlink(second.id, link.id, at=clock.now())
        assert links_of(first.id) == []
    assert [each.data["relation"] for each in events(second, "ticket.linked", "ticket.unlinked")] == ["child_of"] * 2


def test_refused_links(world: World, three: tuple[Ticket, ...]) -> None:
    first, second, third = three
    foreign = opened(world, "Ajeno", requester=world.inigo)

    def refused(one: Ticket, other: Ticket, relation: str) -> str:
        with pytest.raises((Conflict, Invalid)) as told, work(Scope.staff()):
            link_tickets(one.id, other.id, relation, at=clock.now())
        return str(getattr(told.value, "fields", None) or told.value.code)

    with work(Scope.staff()):
        link_tickets(first.id, second.id, "child_of", at=clock.now())
    assert refused(second, first, "related") == "already_linked"
    assert refused(second, third, "child_of") == "one_level_of_children"
    assert refused(first, third, "child_of") == "one_level_of_children"
    assert refused(third, first, "child_of") == "one_level_of_children"
    assert "same_ticket" in refused(first, first, "related")
    assert "other_client" in refused(first, foreign, "related")
    assert "unknown" in refused(first, third, "follow_up_of")
    with pytest.raises(NotFound), work(Scope.client(world.lozano.id)):
        link_tickets(first.id, foreign.id, "related", at=clock.now())


def test_targets_are_found_by_number_and_subject_within_the_client(world: World, three: tuple[Ticket, ...]) -> None:
    opened(world, "Falla el correo", requester=world.inigo)
    with work(Scope.staff()):
        ticket = access_by_label("LOZ-1")

        def found(typed: str) -> list[str]:
            return [each.label for each in targets(ticket, typed)]

        assert found("") == ["LOZ-3", "LOZ-2"]
        assert found("loz-2") == ["LOZ-2"] and found("3") == ["LOZ-3"]
        assert found("IMPRESORA") == ["LOZ-2"] and found("100%_") == [] and found("correo") == []


def test_the_page_adds_shows_and_removes_a_link(web: FlaskClient, world: World, three: tuple[Ticket, ...]) -> None:
    sign_in(web, world.tomas)
    assert "LOZ-2" in web.get(f"{PAGE}/targets?typed=impres").text
    answer = web.post(f"{PAGE}/link", data={"relation": "duplicate_of", "typed": "2"})
    assert answer.status_code == 303
    page = web.get(PAGE).text
    assert "Duplicado de" in page and "Falla la impresora" in page and "Vinculado: duplicado de LOZ-2" in page
    assert web.post(f"{PAGE}/link", data={"relation": "related", "typed": "AZC-1"}).status_code == 422
    with work(Scope.staff()):
        [link] = links_of(three[0].id)
    assert web.post(f"{PAGE}/links/{link.id}/remove").status_code == 303
    assert "Duplicado de" not in web.get(PAGE).text
    with statements() as seen:
        web.get(PAGE)
    assert 0 < len(seen) <= 12


def test_children_are_resolved_with_their_parent_and_after_it(
    web: FlaskClient, world: World, three: tuple[Ticket, ...], drain: Callable[[], int]
) -> None:
    with work(Scope.staff()):
        for child in three[1:]:
            link_tickets(child.id, three[0].id, "child_of", at=clock.now())
        undoable.set_undo_seconds(0)
    sign_in(web, world.tomas)
    page = web.get(PAGE).text
    assert 'name="with_children"' in page and "/resolve-children" not in page
    web.post(f"{PAGE}/set-status", data={"status": "resolved", "with_children": "1"})
    with work(Scope.staff()) as session:
        assert {session.get_one(Ticket, each.id).status for each in three} == {"resolved"}
        change_status(session.get_one(Ticket, three[1].id), "open", at=clock.now())
    assert "/resolve-children" in web.get(PAGE).text
    web.post(f"{PAGE}/resolve-children")
    with work(Scope.staff()) as session:
        child = session.get_one(Ticket, three[1].id)
        assert (child.status, child.assignee_id) == ("resolved", world.tomas.id)


def test_the_api_links_by_number_and_unlinks(
    staff: Program,  # noqa: F811
    program: Programs,  # noqa: F811
    world: World,
    three: tuple[Ticket, ...],
) -> None:
    path = f"/tickets/{three[0].id}/links"
    made = staff.post(path, json={"relation": "related", "number": "LOZ-3"})
    assert (made.status_code, body(made)["number"], body(made)["relation"]) == (201, "LOZ-3", "related")
    assert staff.post(path, json={"relation": "related", "ticket_id": str(three[2].id)}).status_code == 409
    assert staff.post(path, json={"relation": "related"}).status_code == 422
    assert [each["subject"] for each in body(staff.get(path))["items"]] == ["Falla la red"]
    assert program(world.marta).get(path).status_code == 403
    assert program(world.inigo).get(path).status_code == 404
    assert staff.delete(f"{path}/{body(made)['id']}").status_code == 204
    assert body(staff.get(path))["items"] == []
