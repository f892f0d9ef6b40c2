"""What people write after the first message, and to which ticket it goes."""

from msp.kernel import clock
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA, PABLO
from tests.channels.desk import BEFORE_LONG, Desk
from tests.channels.driver import Driver, Where

GROUP = "Following up"


@behaviour(GROUP, basic=True)
def test_follow_up(driver: Driver, desk: Desk) -> None:
    """What somebody writes next about it (in its thread, where there are threads) is added to the ticket."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    clock.advance(BEFORE_LONG)
    driver.say(MARTA, "Pone error 41", thread=said)
    desk.work()
    assert desk.bodies() == ["El TPV no cobra", "Pone error 41"]
    assert desk.messages()[1].author_id == desk.world.marta.id


@behaviour(GROUP, needs="channels", otherwise="There are no channels in which colleagues could join.")
def test_colleague(driver: Driver, desk: Desk) -> None:
    """What a colleague writes in the thread of a ticket is added to it under their name."""
    if not driver.platform.capabilities.channels:
        driver.say(MARTA, "el TPV no cobra")
        driver.say(PABLO, "el mío tampoco")
        desk.work()
        assert len(desk.tickets()) == 2
        return
    said = driver.say(MARTA, "el TPV no cobra", where=Where.CHANNEL)
    desk.work()
    driver.say(PABLO, "el mío tampoco", where=Where.CHANNEL, thread=said)
    desk.work()
    assert desk.bodies() == ["el TPV no cobra", "el mío tampoco"]
    pablo = desk.person_of(PABLO)
    assert pablo is not None and desk.messages()[1].author_id == pablo.id


@behaviour(
    GROUP,
    needs="threads_in_chats",
    otherwise="In the person's chat a message that quotes one of the older ticket does.",
)
def test_older_ticket(driver: Driver, desk: Desk) -> None:
    """With two tickets open, a message in the thread of the older one goes to the older one."""
    first = driver.say(MARTA, "no me va el correo")
    desk.work()
    has_threads = driver.platform.capabilities.threads_in_chats
    clock.advance(BEFORE_LONG)
    if not has_threads:
        driver.press(MARTA, desk.card(), "something_else")
    driver.say(MARTA, "la impresora no imprime")
    desk.work()
    older, newer = desk.tickets()
    desk.reply("¿Qué pone?", older)
    desk.work()
    clock.advance(BEFORE_LONG)
    desk.reply("¿Qué modelo es?", newer)
    desk.work()
    asked = next(each for each in desk.replies() if "¿Qué pone?" in each.text)
    driver.say(MARTA, "Error 41", thread=first if has_threads else None, quotes=None if has_threads else asked)
    desk.work()
    assert desk.bodies(older)[-1].split("\n")[-1] == "Error 41" and len(desk.bodies(newer)) == 2


@behaviour(GROUP)
def test_nobody_there(driver: Driver, desk: Desk) -> None:
    """«Is anybody there?» goes to the ticket that waits, however much later, and opens none."""
    desk.opened("no me va el correo")
    for text in ("hola??", "¿hay alguien?", "alguna novedad?"):
        desk.later(minutes=20)
        driver.say(MARTA, text)
        desk.work()
    assert desk.bodies() == ["no me va el correo", "hola??", "¿hay alguien?", "alguna novedad?"]


@behaviour(GROUP)
def test_thanks(driver: Driver, desk: Desk) -> None:
    """Thanks for a resolved ticket leave it resolved; they are answered."""
    said = driver.say(MARTA, "no me va el correo")
    desk.work()
    desk.set_status("resolved")
    desk.work()
    desk.later(minutes=30)
    driver.say(MARTA, "gracias, ya va perfecto", thread=said)
    desk.work()
    assert desk.ticket().status == "resolved" and len(desk.messages()) == 2
    assert "De nada, Marta." in driver.seen(MARTA)[-1].text


@behaviour(GROUP)
def test_it_still_fails(driver: Driver, desk: Desk) -> None:
    """«It still fails» reopens a resolved ticket, also with thanks before it."""
    said = driver.say(MARTA, "no me va el correo")
    desk.work()
    desk.set_status("resolved")
    desk.work()
    driver.say(MARTA, "gracias, pero sigue sin ir", thread=said)
    desk.work()
    assert desk.ticket().status == "open"


@behaviour(GROUP)
def test_answer_outside_of_the_thread(driver: Driver, desk: Desk) -> None:
    """An acknowledgement outside of any thread goes to the ticket that the desk has just answered."""
    desk.opened("no me va el correo")
    desk.reply("Lo reinicio ahora")
    desk.work()
    driver.say(MARTA, "vale")
    desk.work()
    assert desk.bodies() == ["no me va el correo", "Lo reinicio ahora", "vale"]
