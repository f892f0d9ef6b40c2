"""How requests of the platform arrive: more than once, late, and in another order."""

from sqlalchemy import select

from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery
from msp.kernel.inbox import Inbound
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA, PABLO
from tests.channels.desk import Desk
from tests.channels.driver import Driver, Where

GROUP = "Arrival"


@behaviour(GROUP, basic=True)
def test_duplicates(driver: Driver, desk: Desk) -> None:
    """The same message delivered several times is one ticket with one answer, before and after it was worked."""
    said = driver.say(MARTA, "El TPV no cobra")
    for _ in range(2):
        driver.deliver(said)
    desk.work()
    answers = len(driver.seen(MARTA))
    driver.deliver(said)
    desk.work()
    assert desk.bodies() == ["El TPV no cobra"] and len(driver.seen(MARTA)) == answers
    assert desk.events().count("ticket.opened") == 1 and desk.request_states() == {"done"}


@behaviour(GROUP)
def test_out_of_order(driver: Driver, desk: Desk) -> None:
    """Two messages of one thought that arrive in the wrong order are one ticket, with the problem as its subject."""
    with driver.losing():
        first = driver.say(MARTA, "Una pregunta")
        second = driver.say(MARTA, "¿cómo comparto la carpeta de Contabilidad?")
    for each in (second, first):
        driver.deliver(each)
        desk.work()
    assert "compart" in desk.ticket().subject and len(desk.messages()) == 2


@behaviour(GROUP, needs="channels", otherwise="There are no threads of several people.")
def test_reply_in_thread_first(driver: Driver, desk: Desk) -> None:
    """A colleague's message that is worked in one go with the first one of its thread lands on the ticket."""
    if not driver.platform.capabilities.channels:
        return
    said = driver.say(MARTA, "no cobra la caja", where=Where.CHANNEL)
    driver.say(PABLO, "La mía tampoco", where=Where.CHANNEL, thread=said)
    desk.work()
    assert desk.bodies() == ["no cobra la caja", "La mía tampoco"]


@behaviour(GROUP, outgoing=True)
def test_worker_died(driver: Driver, desk: Desk) -> None:
    """A worker that died after its work is done again by another one: nothing is sent twice."""
    desk.asked()
    desk.reply("Lo miro")
    desk.work()
    with work(Scope.system()) as session:
        for row in (*session.scalars(select(Delivery)), *session.scalars(select(Inbound))):
            row.state, row.lease_until = "pending", None
    desk.work()
    assert len(desk.replies()) == 1 and len(desk.tickets()) == 1
    if driver.platform.capabilities.messages_in:
        assert desk.card()


@behaviour(
    GROUP,
    needs="messages_in",
    otherwise="Nothing of it comes in: a technician opens the ticket, and replies are sent there.",
    outgoing=True,
)
def test_messages_in(driver: Driver, desk: Desk) -> None:
    """What people write there is stored once and opens a ticket."""
    desk.asked()
    has_messages = driver.platform.capabilities.messages_in
    assert bool(driver.platform.endpoint_path) == has_messages and (desk.stored_requests() > 0) == has_messages
    assert desk.ticket().source == driver.platform.name
