"""The card of a ticket: posted once, kept up to date, removed by people."""

from datetime import timedelta

from msp.kernel import clock
from msp.tickets.escalation import take_due_steps
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA
from tests.channels.desk import Desk
from tests.channels.driver import Driver

GROUP = "The card of a ticket"
NO_UPDATES = "Our messages cannot be changed: the card stays as it was posted."


@behaviour(GROUP, needs="edits_out", otherwise=NO_UPDATES)
def test_updated(driver: Driver, desk: Desk) -> None:
    """The card is posted once and updated in place: who has the ticket, its status and its priority."""
    card = desk.opened()
    before = len(driver.seen(MARTA))
    desk.take()
    desk.work()
    desk.set_priority("urgent")
    desk.work()
    assert len(driver.seen(MARTA)) == before
    if driver.platform.capabilities.edits_out:
        updated = desk.card()
        assert updated.id == card.id and "Tomás Rey" in updated.text and "Urgente" in updated.text


@behaviour(GROUP, needs="edits_out", otherwise=NO_UPDATES)
def test_sentence(driver: Driver, desk: Desk) -> None:
    """The sentence above the card stays true: after the deadline it says that we are late."""
    desk.opened()
    assert "Te responderemos antes de las 12:00" in desk.read()
    clock.advance(timedelta(hours=3))
    take_due_steps()
    desk.work()
    if driver.platform.capabilities.edits_out:
        assert "antes de las 12:00" not in desk.read() and "Vamos con retraso" in desk.read()


@behaviour(GROUP, needs="edits_out", otherwise=NO_UPDATES)
def test_removed(driver: Driver, desk: Desk) -> None:
    """Where somebody removed the card, the conversation still works."""
    card = desk.opened()
    driver.forget_card(card)
    desk.set_priority("urgent")
    desk.work()
    desk.reply("El certificado caducó")
    desk.work()
    assert desk.unreachable() == [None] and desk.messages()[-1].delivery_state == "sent"
    assert len(desk.replies()) == 1


@behaviour(GROUP)
def test_typed(driver: Driver, desk: Desk) -> None:
    """What people typed is no formatting on the card: signs stay signs, and nobody is notified by them."""
    desk.opened("El fichero *.log no abre en C:\\mis_datos\\copia y avisa a @channel")
    assert "El fichero *.log no abre en C:\\mis_datos\\copia y avisa a @channel" in desk.read()
    assert "<!" not in desk.card().source
