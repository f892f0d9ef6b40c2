"""Under overload, urgent rows are processed first, in order within their thread, and none starves."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from msp.kernel import clock, events, inbox, leases
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery, StoredEvent
from msp.kernel.inbox import Inbound
from msp.kernel.leases import LATER, URGENT, USUAL
from msp.kernel.ttl_cache import clear
from msp.operations.lag import BEHIND, lag
from msp.tickets.actions import change_priority
from msp.tickets.events import TicketOpened
from msp.tickets.messages import reply
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World


def store(name: str, *, key: str = "", priority: int = USUAL) -> None:
    inbox.store("drill", name, {}, key=key or name, priority=priority)
    clock.advance(timedelta(milliseconds=1))


def taken(*, oldest: bool = False) -> str | None:
    """The name of the row that a worker claims next; it stays claimed."""
    claimed = leases.claim(Inbound, oldest=oldest)
    if claimed is None:
        return None
    with work(Scope.system()) as session:
        return session.get_one(Inbound, claimed.id).external_id


def test_what_is_urgent_goes_first_and_the_rest_by_age(app: Flask) -> None:
    for name, priority in (("later", LATER), ("usual 1", USUAL), ("urgent 1", URGENT), ("usual 2", USUAL)):
        store(name, priority=priority)
    store("urgent 2", priority=URGENT)
    assert [taken() for _ in range(6)] == ["urgent 1", "urgent 2", "usual 1", "usual 2", "later", None]


def test_one_hand_takes_the_oldest_so_that_nothing_starves(app: Flask) -> None:
    store("later", priority=LATER)
    store("urgent", priority=URGENT)
    assert taken(oldest=True) == "later"


def test_what_stands_before_something_urgent_hurries_too(app: Flask) -> None:
    store("first", key="thread", priority=LATER)
    store("other")
    store("urgent", key="thread", priority=URGENT)
    assert taken() == "other"  # the urgent one may not overtake the first of its thread
    leases.promote_blockers(Inbound)
    assert taken() == "first"
    assert taken() is None


def test_a_row_for_tomorrow_holds_up_no_row_for_today(app: Flask) -> None:
    store("urgent", priority=URGENT)
    clock.advance(timedelta(days=-1))
    store("usual", priority=USUAL)
    assert taken() == "usual"


def priorities(kind: str) -> dict[str, int]:
    """The priority of each delivery of the newest event of a kind, by subscriber."""
    with work(Scope.system()) as session:
        newest = (
            select(StoredEvent.id)
            .where(StoredEvent.kind == kind)
            .order_by(StoredEvent.seq.desc())
            .limit(1)
            .scalar_subquery()
        )
        rows = session.execute(select(Delivery.subscriber, Delivery.priority).where(Delivery.event_id == newest))
        return {row.subscriber: row.priority for row in rows}


def opened(world: World, *, priority: str) -> Ticket:
    with work(Scope.staff()):
        request = Request(subject="La caja", body="No cobra", source="api", priority=priority)
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
    return ticket


@pytest.mark.parametrize(("ticket_priority", "priority"), [("urgent", URGENT), ("high", USUAL), ("low", USUAL)])
def test_an_urgent_tickets_words_go_out_first(
    world: World, ticket_priority: str, priority: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", dict(events._subscribers))
    events.subscribe("books", to={TicketOpened}, handler=print, priority=LATER)
    opened(world, priority=ticket_priority)
    assert priorities("ticket.opened") == {"chat": priority, "books": LATER}


def test_a_ticket_that_becomes_urgent_hurries_from_then_on(world: World) -> None:
    ticket = opened(world, priority="normal")
    with work(Scope.staff()) as session:
        ticket = session.get_one(Ticket, ticket.id)
        change_priority(ticket, "urgent", at=clock.now(), actor_id=world.tomas.id)
        reply(ticket, author=world.tomas, body="Voy", at=clock.now())
    assert priorities("ticket.replied")["chat"] == URGENT


def test_the_desk_is_behind_while_something_it_could_work_waits(app: Flask) -> None:
    store("first", key="thread")
    store("second", key="thread")
    store("chatter", priority=LATER)
    assert lag() is None
    clock.advance(BEHIND)
    clear()
    found = lag()
    assert found is not None and found.waiting == 2
    assert clock.now() - found.since >= BEHIND
    taken()  # the second waits for the first, which is claimed
    clear()
    assert lag() is None
