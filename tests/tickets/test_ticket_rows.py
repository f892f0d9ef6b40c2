"""One row of a ticket for every list; a client's scope does not read staff-only columns."""

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets import actions, queries
from msp.tickets.finished import finished_page
from msp.tickets.search import search
from msp.tickets.ticket_rows import Filter, TicketRow
from tests.tickets.sla_steps import opened
from tests.world import World


def of_every_list(word: str) -> list[TicketRow]:
    """The only ticket of the fixtures as shown by queue, sorted list, search and list of any status."""
    found = search(word)
    [due], [newest] = queries.due_rows(Filter(), running=5, still=5), queries.rows(Filter(), order="newest", limit=5)
    [any_status] = queries.rows(Filter(is_finished=None), limit=5)
    return [due, newest, any_status, found.tickets[0].row]


def test_every_list_shows_the_same_row(world: World) -> None:
    ticket = opened(world)
    with work(Scope.staff()) as session:
        session.get_one(Person, world.marta.id).is_vip = True
        held = queries.access_ticket(ticket.id, lock=True)
        actions.assign(held, session.get_one(Person, world.tomas.id), at=clock.now())
        rows = of_every_list("LOZ-1")
        assert rows == [rows[0]] * 4
        assert rows[0].requester_is_vip and rows[0].assignee_email == world.tomas.email
        assert (rows[0].label, rows[0].client.name, rows[0].requester.email) == (
            "LOZ-1", world.lozano.name, world.marta.email,
        )  # fmt: skip
    with work(Scope.client(world.lozano.id)):
        assert of_every_list("LOZ-1") == [rows[0]._replace(requester_is_vip=None, assignee_email=None)] * 4


def test_a_list_narrows_by_type_and_by_whether_it_is_finished(world: World) -> None:
    ticket = opened(world)
    with work(Scope.staff()):
        assert queries.rows(Filter(types=("request",)), limit=5) == []
        assert [row.id for row in queries.rows(Filter(types=("incident",)), limit=5)] == [ticket.id]
        assert finished_page(Filter(), limit=5).rows == ()
        actions.change_status(queries.access_ticket(ticket.id, lock=True), "resolved", at=clock.now())
        assert queries.rows(Filter(), limit=5) == []
        assert [row.status for row in queries.rows(Filter(is_finished=None), limit=5)] == ["resolved"]
        assert [row.status for row in queries.rows(Filter(is_finished=True), limit=5)] == ["resolved"]
