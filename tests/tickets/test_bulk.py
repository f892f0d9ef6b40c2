"""One action on many tickets: a result for each, nothing outside the scope, and an undo that restores fields."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid, NotFound
from msp.kernel.events import StoredEvent, deliver_one
from msp.people.models import Person
from msp.sla.models import Clock
from msp.tickets import actions, bulk
from msp.tickets.bulk import Batch
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World


@pytest.fixture
def tickets(world: World) -> list[UUID]:
    """Three of Lozano, one of Azcárate."""
    made: list[UUID] = []
    for client, requester in ((world.lozano, world.marta),) * 3 + ((world.azcarate, world.inigo),):
        with work(Scope.client(client.id)):
            request = Request(f"Caja {len(made)}", "x", "portal", tags=("tpv",))
            made.append(open_ticket(client, requester=requester, request=request, at=clock.now())[0].id)
    return made


def act(world: World, ids: list[UUID], action: str, scope: Scope | None = None, **values: Any) -> Batch:
    with work(scope or Scope.staff(actor_id=world.tomas.id)):
        return bulk.change_tickets(ids, action, values, person=world.tomas, at=clock.now())


def undo(world: World, batch: Batch, person: Person | None = None) -> Batch:
    with work(Scope.staff()):
        assert bulk.undo_batch(batch.id, person=person or world.tomas, at=clock.now()) == 0
        return bulk.read_batch(batch.id, person=world.tomas)


def fields_of(ids: list[UUID]) -> list[tuple[object, ...]]:
    with work(Scope.staff()) as session:
        found = [session.get_one(Ticket, each) for each in ids]
        return [
            (each.status, each.priority, each.assignee_id, each.tags, each.due_at, each.paused_at) for each in found
        ]


@pytest.mark.parametrize(
    ("action", "values", "event"),
    [
        ("assign", {"assignee_id": "irene"}, "ticket.assigned"),
        ("priority", {"priority": "urgent"}, "ticket.priority_changed"),
        ("status", {"status": "waiting_client"}, "ticket.status_changed"),
        ("status", {"status": "closed"}, None),
        ("status", {"status": "resolved"}, "ticket.status_changed"),
        ("add_tags", {"tags": ["getafe", "tpv"]}, "ticket.edited"),
        ("remove_tags", {"tags": ["tpv"]}, "ticket.edited"),
    ],
)
def test_all_tickets_are_changed_by_the_usual_function_and_restored(
    world: World, tickets: list[UUID], action: str, values: dict[str, Any], event: str | None
) -> None:
    values = {name: world.irene.id if value == "irene" else value for name, value in values.items()}
    before = fields_of(tickets)
    batch = act(world, tickets, action, **values)
    if event is None:  # a new ticket cannot be closed
        assert batch.count("refused") == 4 and batch.results[0].refusal
        assert batch.results[0].refusal.code == "status_move_refused" and fields_of(tickets) == before
        return
    after = fields_of(tickets)
    assert batch.count("done") == 4 and all(one != other for one, other in zip(before, after, strict=True))
    with work(Scope.staff()) as session:
        kinds = session.scalars(select(StoredEvent.kind).where(StoredEvent.subject_id.in_(tickets))).all()
    assert kinds.count(event) == 4
    assert undo(world, batch).count("undone") == 4
    assert fields_of(tickets) == before


def test_the_clocks_of_a_resolved_ticket_run_again_after_an_undo(world: World, tickets: list[UUID]) -> None:
    before, batch = fields_of(tickets[:1]), act(world, tickets[:1], "status", status="resolved")
    clock.advance(timedelta(minutes=1))
    undo(world, batch)
    with work(Scope.staff()) as session:
        states = dict(session.execute(select(Clock.kind, Clock.state).where(Clock.ticket_id == tickets[0])).all())
        assert states == {"first_response": "running", "resolution": "running"}
    assert fields_of(tickets[:1]) == before


def test_one_that_refuses_does_not_stop_the_others(world: World, tickets: list[UUID]) -> None:
    act(world, tickets[:1], "status", status="open")
    batch = act(world, tickets, "status", status="open")
    assert [each.state for each in batch.results] == ["unchanged", "done", "done", "done"]
    act(world, tickets[1:2], "status", status="resolved")
    batch = act(world, tickets, "status", status="closed")
    assert [each.state for each in batch.results] == ["refused", "done", "refused", "refused"]
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, tickets[0]).version == 2  # nothing of the refused change stays


def test_what_was_changed_since_is_kept(world: World, tickets: list[UUID]) -> None:
    batch = act(world, tickets, "priority", priority="urgent")
    with work(Scope.staff()) as session:
        actions.change_priority(session.get_one(Ticket, tickets[2]), "low", at=clock.now())
    undone = undo(world, batch)
    assert [each.state for each in undone.results] == ["undone", "undone", "kept", "undone"]
    assert undone.results[2].refusal and undone.results[2].refusal.code == "changed_since"
    assert fields_of(tickets[2:3])[0][1] == "low"
    undo(world, batch)  # a second time has no effect
    assert fields_of(tickets[2:3])[0][1] == "low"


def test_resolving_waits_for_the_undo_period(world: World, tickets: list[UUID]) -> None:
    before, batch = fields_of(tickets), act(world, tickets, "resolve")
    assert batch.count("done") == 4 and fields_of(tickets) == before
    undo(world, batch)
    clock.advance(timedelta(seconds=60))
    while deliver_one():
        pass
    assert fields_of(tickets) == before
    late = act(world, tickets, "resolve")
    clock.advance(timedelta(seconds=60))
    while deliver_one():
        pass
    assert [each[0] for each in fields_of(tickets)] == ["resolved"] * 4
    assert undo(world, late).count("undone") == 4
    assert fields_of(tickets) == before


def test_a_ticket_outside_the_scope_stops_everything(world: World, tickets: list[UUID]) -> None:
    before, azcarate = fields_of(tickets), Scope.staff_some([world.azcarate.id])
    with pytest.raises(NotFound):
        act(world, tickets, "priority", azcarate, priority="urgent")
    with pytest.raises(Invalid):
        act(world, tickets, "assign", assignee_id=world.marta.id)
    assert fields_of(tickets) == before


def test_a_batch_belongs_to_its_person_and_repeating_a_call_changes_nothing(world: World, tickets: list[UUID]) -> None:
    batch = act(world, tickets[:2], "priority", priority="urgent")
    with work(Scope.staff()):
        again = bulk.change_tickets(
            tickets, "priority", {"priority": "urgent"}, person=world.tomas, at=clock.now(), batch_id=batch.id
        )
        assert [each.ticket_id for each in again.results] == tickets[2:]
    with work(Scope.staff()), pytest.raises(NotFound):
        bulk.undo_batch(batch.id, person=world.irene, at=clock.now())
    assert undo(world, batch).count("undone") == 4
