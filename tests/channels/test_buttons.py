"""Buttons under our messages: what each does, once, and for whom."""

from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.notify.models import Notification
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA, TOMAS, VERA
from tests.channels.desk import BEFORE_LONG, Desk
from tests.channels.driver import Driver, Where

GROUP = "Buttons"
NO_BUTTONS = "There are no buttons: people write what they want, and the desk's people act."


def has_none(driver: Driver, desk: Desk) -> bool:
    """Without buttons, a ticket's messages carry none."""
    if driver.platform.capabilities.buttons:
        return False
    driver.say(MARTA, "El TPV no cobra")
    desk.work()
    desk.set_status("resolved")
    desk.work()
    assert not [each for each in driver.seen(MARTA) if each.buttons]
    return True


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_which(driver: Driver, desk: Desk) -> None:
    """The card of a new ticket has buttons to add details, to make it more urgent and to ask for a person."""
    if has_none(driver, desk):
        return
    assert {"add_detail", "more_urgent", "talk_to_person"} <= set(desk.opened().buttons)


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_more_urgent(driver: Driver, desk: Desk) -> None:
    """«More urgent» raises the priority by one, once; the card shows it and has the button no more."""
    if has_none(driver, desk):
        return
    card = desk.opened()
    driver.press(MARTA, card, "more_urgent")
    desk.work()
    assert desk.ticket().priority == "high"
    assert "Prioridad cambiada a alta. Te responderemos antes de las 11:00." in desk.read()
    assert "Alta" in desk.card().text and "more_urgent" not in desk.card().buttons


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_person_asked(driver: Driver, desk: Desk) -> None:
    """«Talk to a person» notifies the team lead; pressed twice it notifies once, and says so."""
    if has_none(driver, desk):
        return
    card = desk.opened()
    for _ in range(2):
        driver.press(MARTA, card, "talk_to_person")
        desk.work()
    assert desk.events().count("ticket.person_asked") == 1
    with work(Scope.staff()) as session:
        told = session.scalars(select(Notification).where(Notification.kind == "ticket.person_asked")).all()
    assert [each.person_id for each in told] == [desk.world.rosa.id]
    assert "He avisado al equipo, Marta: te escribirá una persona por aquí." in desk.read()
    assert any("hace un momento" in each for each in driver.private(MARTA))


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_add_detail(driver: Driver, desk: Desk) -> None:
    """«Add details» says to this person alone where to write them."""
    if has_none(driver, desk):
        return
    driver.press(MARTA, desk.opened(), "add_detail")
    desk.work()
    assert any("se añadirá a LOZ-1" in each for each in driver.private(MARTA))


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_solved(driver: Driver, desk: Desk) -> None:
    """A resolved ticket asks whether it works: «Solved» closes it, and the question loses its buttons."""
    if has_none(driver, desk):
        return
    desk.opened()
    desk.set_status("resolved")
    desk.work()
    question = desk.question()
    assert question.text == "Irene lo ha marcado como resuelto. ¿Te funciona?"
    assert question.buttons == ("solved", "not_yet")
    driver.press(MARTA, question, "solved")
    desk.work()
    assert desk.ticket().status == "closed" and "Cerrado" in desk.card().text
    assert not [each for each in driver.seen(MARTA) if "solved" in each.buttons]


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_not_solved(driver: Driver, desk: Desk) -> None:
    """«Not yet» opens the ticket again and says so."""
    if has_none(driver, desk):
        return
    desk.opened()
    desk.set_status("resolved")
    desk.work()
    driver.press(MARTA, desk.question(), "not_yet")
    desk.work()
    assert desk.ticket().status == "open"
    assert "Entendido, Marta." in desk.read() and not [each for each in driver.seen(MARTA) if "not_yet" in each.buttons]


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_old_card(driver: Driver, desk: Desk) -> None:
    """A button that was pressed too late changes nothing, and the person is told that it is done already."""
    if has_none(driver, desk):
        return
    card = desk.opened()
    desk.set_status("resolved")
    driver.press(MARTA, card, "more_urgent")
    desk.work()
    assert desk.ticket().priority == "normal"
    assert any("Ya está hecho" in each for each in driver.private(MARTA))


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_reopen(driver: Driver, desk: Desk) -> None:
    """Thanks for a resolved ticket are answered with a button that opens it again."""
    if has_none(driver, desk):
        return
    said = driver.say(MARTA, "no me va el correo")
    desk.work()
    desk.set_status("resolved")
    desk.work()
    clock.advance(BEFORE_LONG)
    driver.say(MARTA, "gracias!", thread=said)
    desk.work()
    driver.press(MARTA, desk.question(), "reopen")
    desk.work()
    assert desk.ticket().status == "open"


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_staff(driver: Driver, desk: Desk) -> None:
    """A technician who presses a client's button changes nothing, and reads that tickets are worked in the console."""
    if has_none(driver, desk):
        return
    driver.say(MARTA, "el TPV no cobra", where=Where.CHANNEL)
    desk.work()
    driver.press(TOMAS, desk.card(where=Where.CHANNEL), "more_urgent", where=Where.CHANNEL)
    desk.work()
    assert desk.ticket().priority == "normal"
    assert driver.private(TOMAS) == [STAFF]


@behaviour(GROUP, needs="buttons", otherwise=NO_BUTTONS)
def test_another_company(driver: Driver, desk: Desk) -> None:
    """Somebody of another company who presses a button changes nothing, and reads that they cannot."""
    if has_none(driver, desk):
        return
    driver.say(MARTA, "el TPV no cobra", where=Where.CHANNEL)
    desk.work()
    driver.press(VERA, desk.card(where=Where.CHANNEL), "more_urgent", where=Where.CHANNEL)
    desk.work()
    assert desk.ticket().priority == "normal"
    assert any("no está disponible" in each for each in driver.private(VERA))


STAFF = "Formas parte del equipo de soporte. Crea los tickets de un cliente en la consola."
