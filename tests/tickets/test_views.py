"""Saved views: definitions are checked once, pages show each row once, counts agree with pages, nobody sees more."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.kernel.ttl_cache import clear
from msp.people.models import Person
from msp.tickets import actions
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.states import PRIORITIES
from msp.tickets.views.actions import access_view, add_view, edit_view, views_of
from msp.tickets.views.definition import ORDERS, Definition, read_address, read_definition
from msp.tickets.views.selecting import count_view, count_views, view_page
from tests.world import World

SEED = 20261123


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"status": ["new", "p1"]}, {"status": ["unknown"]}),
        ({"status": "new"}, {"status": ["invalid"]}),
        ({"tier": ["4"]}, {"tier": ["unknown"]}),
        ({"assignee": "x"}, {"assignee": ["invalid"]}),
        ({"client": "none"}, {"client": ["invalid"]}),
        ({"order": "size"}, {"order": ["unknown"]}),
        ({"updated_before_days": 0}, {"updated_before_days": ["out_of_range"]}),
        ({"updated_before_days": True}, {"updated_before_days": ["invalid"]}),
        ({"words": "a\x00b"}, {"words": ["invalid"]}),
        ({"tag": ["x" * 51]}, {"tag": ["too_long"]}),
        ({"colour": "red"}, {"colour": ["unknown_field"]}),
    ],
)
def test_what_cannot_be_selected_is_named_by_part(given: dict[str, Any], wrong: Mapping[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        read_definition(given)
    assert refused.value.fields == wrong


def test_address_and_storage_give_the_same_definition() -> None:
    args = {
        "status": ["new", "open"],
        "tag": ["tpv, vpn"],
        "updated_before_days": ["3"],
        "assignee": ["me"],
        "x": ["1"],
    }
    read = read_address(args | {"x": ["1"], "tier": [" "]})
    assert read == Definition(status=("new", "open"), tag=("tpv", "vpn"), updated_before_days=3, assignee="me")
    assert read_definition(read.as_json()) == read


@pytest.fixture
def tickets(world: World) -> list[UUID]:
    """Forty tickets of Lozano with mixed priorities, due dates and times of change; two of Azcárate."""
    dice = random.Random(SEED)
    made = []
    with work(Scope.system()) as session:
        marta, inigo = session.get_one(Person, world.marta.id), session.get_one(Person, world.inigo.id)
        for number in range(42):
            client, who = (world.lozano, marta) if number < 40 else (world.azcarate, inigo)
            tags = ("vpn",) if number % 4 == 0 else ()
            request = Request(f"Caja {number}", "x", "portal", priority=dice.choice(PRIORITIES), tags=tags)
            ticket, _ = open_ticket(client, requester=who, request=request, at=clock.now())
            if dice.random() < 0.3:
                actions.change_status(ticket, "open", at=clock.now())
                actions.change_status(ticket, "waiting_client", at=clock.now())
            if dice.random() < 0.5:
                clock.advance(timedelta(minutes=dice.randrange(90)))
            made.append(ticket.id)
    return made


@pytest.mark.parametrize("order", ORDERS)
def test_finished_tickets_are_listed_once_too(world: World, tickets: list[UUID], order: str) -> None:
    with work(Scope.staff()) as session:
        for ticket_id in tickets[::2]:
            clock.advance(timedelta(minutes=1))
            actions.change_status(session.get_one(Ticket, ticket_id), "resolved", at=clock.now())
        for state, wanted in (("finished", tickets[::2]), ("any", tickets)):
            definition, after, seen = Definition(state=state, order=order), None, list[UUID]()
            while after is not None or not seen:
                page = view_page(definition, person=world.tomas, at=clock.now(), after=after, limit=5)
                seen, after = [*seen, *(row.id for row in page.rows)], page.next_key
                if after is None:
                    break
            assert sorted(seen) == sorted(wanted)


@pytest.mark.parametrize("order", ORDERS)
def test_rows_that_do_not_change_appear_once_while_others_do(world: World, tickets: list[UUID], order: str) -> None:
    dice, seen, after = random.Random(SEED), [], None
    wanted, touched = Definition(order=order), set[UUID]()
    while True:
        with work(Scope.staff()):
            page = view_page(wanted, person=world.tomas, at=clock.now(), after=after, limit=5)
        seen += [row.id for row in page.rows]
        if page.next_key is None:
            break
        after = page.next_key
        with work(Scope.staff()) as session:
            for ticket_id in dice.sample(tickets, 2):
                clock.advance(timedelta(minutes=1))
                touched.add(ticket_id)
                actions.change_priority(session.get_one(Ticket, ticket_id), dice.choice(PRIORITIES), at=clock.now())
    unchanged = [each for each in seen if each not in touched]
    assert sorted(unchanged) == sorted(set(tickets) - touched) and len(touched) > 4


@pytest.mark.parametrize(
    "definition",
    [
        Definition(priority=("urgent", "high")),
        Definition(client="LOZ", tag=("vpn",)),
        Definition(sla="paused"),
        Definition(sla="none", state="any"),
        Definition(status=("new",), tier=("1",), type=("incident",), source=("portal",)),
        Definition(assignee="me", updated_within_days=1, created_within_days=1),
        Definition(updated_before_days=1),
        Definition(words="Caja 7"),
        Definition(state="finished"),
    ],
)
def test_counts_agree_with_the_rows(world: World, tickets: list[UUID], definition: Definition) -> None:
    if definition.client:
        definition = read_definition(definition.as_json() | {"client": str(world.lozano.id)})
    clear()
    with work(Scope.staff()):
        rows = view_page(definition, person=world.tomas, at=clock.now(), limit=100).rows
        assert count_view(definition, person=world.tomas, at=clock.now()) == len(rows) < 42
        if not definition.words:
            counted = count_views(
                {tickets[0]: definition, tickets[1]: Definition()}, person=world.tomas, at=clock.now()
            )
            assert counted == {tickets[0]: len(rows), tickets[1]: 42}


def test_views_are_personal_or_of_the_team(world: World, tickets: list[UUID]) -> None:
    with work(Scope.staff()):
        own = add_view("Míos", Definition(assignee="me"), person=world.tomas, is_shared=False, at=clock.now())
        team = add_view("VPN", Definition(tag=("vpn",)), person=world.rosa, is_shared=True, at=clock.now())
        lozano = Definition(client=str(world.lozano.id))
        add_view("Lozano", lozano, person=world.rosa, is_shared=True, at=clock.now())
        with pytest.raises(Denied):
            add_view("Otra", Definition(), person=world.tomas, is_shared=True, at=clock.now())
        with pytest.raises(Invalid):
            add_view("VPN ", Definition(), person=world.rosa, is_shared=True, at=clock.now())
    with work(Scope.staff()):
        assert [view.name for view in views_of(world.tomas)] == ["Míos", "Lozano", "VPN"]
        assert [view.name for view in views_of(world.irene)] == ["Lozano", "VPN"]
        with pytest.raises(NotFound):
            access_view(own.id, world.irene)
        with pytest.raises(Denied):
            edit_view(access_view(team.id, world.irene), person=world.irene, at=clock.now(), name="x")
    with work(Scope.staff_some([world.azcarate.id])):
        assert [view.name for view in views_of(world.nuria)] == ["VPN"]
        rows = view_page(Definition(), person=world.nuria, at=clock.now(), limit=100).rows
        assert {row.client_id for row in rows} == {world.azcarate.id}
        with pytest.raises(NotFound):
            add_view("x", lozano, person=world.nuria, is_shared=False, at=clock.now())


@pytest.mark.parametrize(
    "key", [[], ["x"], ["2026-01-01T00:00:00", str(UUID(int=1))], [None, "x"], {"a": 1}, [1, 2, 3]]
)
def test_keys_that_cannot_be_are_not_found(world: World, key: Any) -> None:
    with work(Scope.staff()), pytest.raises(NotFound):
        view_page(Definition(), person=world.tomas, at=clock.now(), after=key, limit=5)
