"""The demo data in the database: complete, isolated by tenant, and in use."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from billing.models import Invoice, Payment
from msp.demo import generate
from msp.demo.invoiced import invoice_last_months, months_to_invoice
from msp.demo.load import is_empty, load
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery
from msp.people.models import Person
from msp.sla.models import Clock
from msp.tickets.escalation import take_due_steps
from msp.tickets.hand_off_models import HandOff
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
        handed = session.query(HandOff).all()
        assert handed and all(each.needed and each.accepted_at for each in handed)
    with work(Scope.system()) as session:
        assert session.query(Delivery).count() == 0
    assert take_due_steps() == 0


@pytest.mark.parametrize(
    ("today", "issued"),
    [
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), ["2026-11-02T09:30", "2026-12-01T08:00"]),
        (datetime(2026, 12, 2, 9, 0, tzinfo=UTC), ["2026-11-02T09:30", "2026-12-02T09:00"]),
        (datetime(2026, 12, 20, 8, 0, tzinfo=UTC), ["2026-11-02T09:30", "2026-12-02T09:30"]),
    ],
)
def test_no_invoice_is_dated_in_the_future(today: datetime, issued: list[str]) -> None:
    assert [at.isoformat()[:16] for _, at in months_to_invoice(today)] == issued


def test_two_months_are_invoiced_by_the_real_rules(app: Flask) -> None:
    load(generate(clock.now()))
    invoice_last_months(clock.now())
    with work(Scope.staff()) as session:
        issued = session.query(Invoice).filter(Invoice.state == "issued").all()
        assert {invoice.period_start.month for invoice in issued} == {9, 10}
        assert len(issued) >= 20 and all(invoice.total > 0 for invoice in issued)
        numbers = sorted(invoice.number or "" for invoice in issued)
        assert [int(number[-6:]) for number in numbers] == list(range(1, len(numbers) + 1))
        paid = {
            invoice.period_start.month for invoice in issued if session.get_one(Payment, invoice.id).state == "paid"
        }
        assert paid == {9}
