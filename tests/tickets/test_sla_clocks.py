"""First and next response, resolution and fulfilment: which target runs; what meets, pauses and moves it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from msp.calendars.actions import edit_calendar
from msp.calendars.queries import access_calendar
from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Invalid
from msp.tickets import actions, messages, recomputing
from msp.tickets.escalation import take_due_steps
from msp.tickets.models import Ticket
from tests.tickets.sla_steps import (
    another_contract,
    answered,
    change_terms,
    clocks,
    events,
    minutes,
    moved,
    opened,
    shown,
    the,
    wrote,
)
from tests.world import SPLIT, World

EVERY = dict.fromkeys(PRIORITIES, PriorityTargets(60, 240, next_response_minutes=30, fulfilment_minutes=480))


@pytest.fixture
def desk(world: World) -> World:
    """Lozano's contract has all targets: 60, 30, 240 and 480 minutes."""
    change_terms(world, targets=EVERY)
    return world


def test_an_incident_is_resolved_and_a_request_fulfilled(desk: World) -> None:
    assert [each.kind for each in clocks(opened(desk))] == ["first_response", "resolution"]
    request = opened(desk, type="request")
    assert [each.kind for each in clocks(request)] == ["first_response", "fulfilment"]
    assert the(request, "fulfilment").budget_seconds == 480 * 60
    moved(desk, request, "resolved")
    assert the(request, "fulfilment").state == "met"


def test_a_request_without_such_a_target_is_resolved(world: World) -> None:
    assert [each.kind for each in clocks(opened(world, type="request"))] == ["first_response", "resolution"]


def test_a_type_may_have_targets_of_its_own(world: World) -> None:
    change_terms(world, targets_of_type={"request": {"normal": PriorityTargets(200, 1000, fulfilment_minutes=2000)}})
    assert the(opened(world, type="request"), "first_response").budget_seconds == 200 * 60
    assert the(opened(world), "first_response").budget_seconds == 120 * 60
    assert the(opened(world, type="request", priority="high"), "first_response").budget_seconds == 60 * 60


def test_each_unanswered_message_has_one_target_from_the_first_of_them(desk: World) -> None:
    ticket = opened(desk)
    clock.advance(minutes(5))
    wrote(desk, ticket)  # the first response covers this one
    assert [each.kind for each in clocks(ticket)] == ["first_response", "resolution"]
    clock.advance(minutes(5))
    answered(desk, ticket)
    clock.advance(minutes(10))
    asked_at = clock.now()
    wrote(desk, ticket)
    clock.advance(minutes(10))
    wrote(desk, ticket)
    following = [each for each in clocks(ticket) if each.kind == "next_response"]
    assert [each.due_at for each in following] == [asked_at + minutes(30)]
    assert (shown(ticket).due_kind, shown(ticket).due_at) == ("next_response", asked_at + minutes(30))
    answered(desk, ticket)
    assert (the(ticket, "next_response").state, shown(ticket).due_kind) == ("met", "resolution")
    clock.advance(minutes(1))
    wrote(desk, ticket)
    assert [each.state for each in clocks(ticket) if each.kind == "next_response"] == ["met", "running"]


def test_neither_a_note_nor_another_message_of_the_client_answers(desk: World) -> None:
    ticket = opened(desk)
    answered(desk, ticket)
    clock.advance(minutes(1))
    wrote(desk, ticket)
    with work(Scope.staff(actor_id=desk.tomas.id)) as session:
        messages.note(session.get_one(Ticket, ticket.id), author=desk.tomas, body="Mira el router", at=clock.now())
    assert the(ticket, "next_response").state == "running"


def test_an_answer_that_comes_late_is_marked_so_even_if_no_worker_looked(desk: World) -> None:
    ticket = opened(desk)
    due = the(ticket, "first_response").due_at
    clock.advance(minutes(61))
    answered(desk, ticket)
    first = the(ticket, "first_response")
    assert (first.state, first.breached_at) == ("met", due)
    assert [each.data["is_late"] for each in events(ticket, "sla.met")] == [True]


def test_a_message_in_an_appointment_waits_for_its_end(desk: World) -> None:
    ticket = opened(desk)
    answered(desk, ticket)
    moved(desk, ticket, "scheduled")
    clock.advance(minutes(5))
    wrote(desk, ticket)
    assert (the(ticket, "next_response").state, shown(ticket).due_at) == ("paused", None)
    clock.advance(minutes(20))
    moved(desk, ticket, "open")
    assert the(ticket, "next_response").due_at == clock.now() + minutes(30)


def test_what_was_owed_when_it_was_finished_goes_on_when_it_comes_back(desk: World) -> None:
    ticket = opened(desk)
    answered(desk, ticket)
    clock.advance(minutes(1))
    wrote(desk, ticket)
    clock.advance(minutes(10))
    moved(desk, ticket, "resolved")
    assert the(ticket, "next_response").state == "cancelled"
    clock.advance(minutes(60))
    wrote(desk, ticket)  # reopens it: twenty of the thirty minutes are left
    following = [each for each in clocks(ticket) if each.kind == "next_response"]
    assert [(each.state, each.due_at) for each in following] == [("running", clock.now() + minutes(20))]


def test_what_was_answered_before_stays_answered_when_it_comes_back(desk: World) -> None:
    ticket = opened(desk)
    answered(desk, ticket)
    clock.advance(minutes(1))
    wrote(desk, ticket)
    answered(desk, ticket)
    moved(desk, ticket, "resolved")
    clock.advance(minutes(10))
    moved(desk, ticket, "open")
    assert [each.state for each in clocks(ticket) if each.kind == "next_response"] == ["met"]


def test_the_contract_says_which_statuses_hold_the_clocks(world: World) -> None:
    change_terms(world, pausing=["waiting_third_party"])
    ticket = opened(world)
    due = the(ticket, "resolution").due_at
    moved(world, ticket, "waiting_client")
    assert the(ticket, "resolution").due_at == due
    moved(world, ticket, "waiting_third_party")
    assert (the(ticket, "resolution").state, shown(ticket).paused_at) == ("paused", clock.now())


def test_another_priority_moves_the_deadlines_and_says_so(desk: World) -> None:
    change_terms(desk, targets=EVERY | {"low": PriorityTargets(120, 960)})
    ticket = opened(desk)
    clock.advance(minutes(15))
    with work(Scope.staff(actor_id=desk.tomas.id)) as session:
        actions.change_priority(session.get_one(Ticket, ticket.id), "low", at=clock.now())
    [recomputed] = events(ticket, "sla.recomputed")
    opened_at = ticket.created_at
    assert recomputed.data["reason"] == "priority"
    assert recomputed.data["clocks"][0] == {
        "clock": "first_response",
        "before": (opened_at + minutes(60)).isoformat(),
        "after": (opened_at + minutes(120)).isoformat(),
    }


def test_another_type_turns_resolution_into_fulfilment_with_the_time_it_has_spent(desk: World) -> None:
    ticket = opened(desk)
    started = the(ticket, "resolution").started_at
    clock.advance(minutes(30))
    with work(Scope.staff(actor_id=desk.tomas.id)) as session:
        actions.edit(session.get_one(Ticket, ticket.id), type="request", at=clock.now())
    fulfilment = the(ticket, "fulfilment")
    assert (fulfilment.started_at, fulfilment.budget_seconds) == (started, 480 * 60)
    assert [each.kind for each in clocks(ticket)] == ["first_response", "fulfilment"]


def test_another_contract_has_targets_that_the_first_one_lacks(world: World) -> None:
    ticket = opened(world)
    answered(world, ticket)
    clock.advance(minutes(5))
    asked_at = clock.now()
    wrote(world, ticket)
    other = another_contract(world, PriorityTargets(60, 240, next_response_minutes=30))
    clock.advance(minutes(5))
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), other, at=clock.now())
    assert the(ticket, "next_response").due_at == asked_at + minutes(30)
    assert [each.kind for each in events(ticket, "ticket.contract_changed", "sla.recomputed")] == [
        "ticket.contract_changed",
        "sla.recomputed",
    ]
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), world.lozano_contract, at=clock.now())
    assert the(ticket, "next_response").state == "cancelled"


def test_without_a_contract_no_target_runs_until_there_is_one_again(desk: World) -> None:
    ticket = opened(desk)
    due = the(ticket, "resolution").due_at
    clock.advance(minutes(5))
    for contract in (None, desk.lozano_contract):
        with work(Scope.staff()) as session:
            actions.change_contract(session.get_one(Ticket, ticket.id), contract, at=clock.now())
        states = {each.state for each in clocks(ticket)}
        assert states == ({"cancelled"} if contract is None else {"running"})
    assert the(ticket, "resolution").due_at == due


def test_a_contract_of_somebody_else_is_refused(world: World) -> None:
    ticket = opened(world)
    with pytest.raises(Invalid), work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), world.azcarate_contract, at=clock.now())


def test_a_changed_contract_moves_every_open_clock_a_chunk_at_a_time(
    world: World, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [opened(world) for _ in range(5)]
    moved(world, tickets[4], "resolved")
    drain()
    monkeypatch.setattr(recomputing, "CHUNK", 2)
    clock.advance(minutes(10))
    change_terms(world, targets=EVERY)
    drain()
    for ticket in tickets[:4]:
        assert the(ticket, "resolution").due_at == ticket.created_at + minutes(240)  # the end of the morning, 14:00
        assert [each.data["reason"] for each in events(ticket, "sla.recomputed")] == ["contract_changed"]
    assert events(tickets[4], "sla.recomputed") == []
    drain()
    assert len(events(tickets[0], "sla.recomputed")) == 1


def test_prices_alone_move_nothing(world: World, drain: Callable[[], int]) -> None:
    ticket = opened(world)
    change_terms(world, name="Guardia 25")
    drain()
    assert events(ticket, "sla.recomputed") == []


def test_a_status_that_holds_from_now_on_leaves_what_was_spent(world: World, drain: Callable[[], int]) -> None:
    ticket = opened(world)
    moved(world, ticket, "waiting_third_party")
    clock.advance(minutes(20))
    change_terms(world, pausing=["waiting_client", "waiting_third_party"])
    drain()
    assert the(ticket, "resolution").state == "paused"
    clock.advance(minutes(30))
    change_terms(world, pausing=["waiting_client"])
    drain()
    first = the(ticket, "first_response")
    assert (first.state, first.due_at) == ("running", ticket.created_at + minutes(120 + 30))


def test_another_calendar_moves_what_rests_on_it(world: World, drain: Callable[[], int]) -> None:
    ticket = opened(world)
    drain()
    with work(Scope.staff(actor_id=world.ana.id)):
        calendar = access_calendar(world.calendar.id)
        weekly = dict.fromkeys(range(5), SPLIT) | {0: ((540, 660), (960, 1140))}  # Mondays until 11:00, then from 16:00
        edit_calendar(
            calendar,
            name=calendar.name,
            timezone=calendar.timezone,
            weekly=weekly,
            holidays={},
            exceptions={},
            at=clock.now(),
        )
    drain()
    assert the(ticket, "first_response").due_at == ticket.created_at + minutes(60 + 5 * 60 + 60)
    assert [each.data["reason"] for each in events(ticket, "sla.recomputed")] == ["calendar_changed"]


def test_a_breach_that_another_target_undoes_is_removed(world: World) -> None:
    ticket = opened(world, priority="urgent")
    clock.advance(minutes(31))
    take_due_steps()
    assert the(ticket, "first_response").breached_at is not None
    with work(Scope.staff()) as session:
        actions.change_priority(session.get_one(Ticket, ticket.id), "low", at=clock.now())
    assert the(ticket, "first_response").breached_at is None


def test_what_a_reply_costs(app: Flask, world: World) -> None:
    """One statement for the clocks, with their calendar and contract."""
    ticket = opened(world)
    answered(world, ticket)
    seen: list[str] = []

    def listen(*args: Any) -> None:
        seen.append(args[2])

    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        event.listen(db.engine, "before_cursor_execute", listen)
        messages.reply(mine, author=world.tomas, body="Y ahora", at=clock.now())
        event.remove(db.engine, "before_cursor_execute", listen)
    assert sum("sla_" in statement for statement in seen) == 1


def test_targets_that_make_no_sense_are_refused(world: World) -> None:
    for target in (
        PriorityTargets(60, 30),
        PriorityTargets(60, 240, 0),
        PriorityTargets(60, 240, None, 30),
        PriorityTargets(0, 10),
    ):
        with pytest.raises(Invalid) as refused:
            change_terms(world, targets=EVERY | {"low": target})
        assert refused.value.fields == {"targets.low": ["invalid"]}
    with pytest.raises(Invalid):
        change_terms(world, targets_of_type={"question": {"low": replace(EVERY["low"])}})
    with pytest.raises(Invalid):
        change_terms(world, pausing=["open"])
