"""The made-up world in the database: whole, guarded, and alive."""

from flask import Flask

from msp.demo import generate
from msp.demo.load import is_empty, load
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery
from msp.people.models import Person
from msp.sla.models import Clock
from msp.tickets.escalation import take_due_steps
from msp.tickets.models import Message, Ticket


def test_the_world_is_loaded_whole(app: Flask) -> None:
    assert is_empty()
    world = generate(clock.now())
    load(world)
    assert not is_empty()
    with work(Scope.staff()) as session:
        assert session.query(Ticket).count() == len(world.tickets) == 1500
        assert session.query(Message).count() == sum(1 + len(ticket.messages) for ticket in world.tickets)
        assert session.query(Person).count() == len(list(world.people()))
        running = session.query(Clock).filter(Clock.state == "running", Clock.next_step_at.is_not(None)).all()
        assert running and all(each.next_step_at and each.next_step_at > world.today for each in running)
    with work(Scope.system()) as session:
        assert session.query(Delivery).count() == 0
    assert take_due_steps() == 0
