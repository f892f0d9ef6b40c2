"""Who wrote: strangers, guests, staff, people and companies that are switched off, another client's people."""

from sqlalchemy import select

from msp.clients.models import UnknownSource
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.editing import edit_person
from msp.people.models import Person
from msp.tickets.models import Ticket
from tests.channels.behaviour import behaviour
from tests.channels.cast import INIGO, IRENE, LUIS, MARTA, OLGA, PABLO, TOMAS, VERA
from tests.channels.desk import Desk
from tests.channels.driver import Driver, Where

GROUP = "Who may write"
TENANTS = "Clients apart"
NO_GUESTS = "The platform knows no guests: everybody in the workspace belongs to the client."


@behaviour(GROUP, basic=True)
def test_unknown_workspace(driver: Driver, desk: Desk) -> None:
    """People of a company that nobody connected are answered kindly and in their language; an administrator sees the
    company once, and their words are kept nowhere."""
    said = driver.say(OLGA, "the password is hunter2")
    driver.deliver(said)
    desk.work()
    with work(Scope.staff()) as session:
        assert session.scalars(select(Ticket.id)).all() == []
        [source] = session.scalars(select(UnknownSource))
    assert (source.kind, source.messages) == (driver.platform.name, 1)
    [answer] = driver.seen(OLGA)
    assert answer.text.startswith("Hello. Your company is not connected")
    assert "hunter2" not in str(desk.event_data("chat.unconnected_wrote"))


@behaviour(GROUP, needs="channels", otherwise="There are no channels that several companies share.")
def test_stranger(driver: Driver, desk: Desk) -> None:
    """Somebody of another company in a channel of the client opens no ticket and is answered kindly."""
    if not driver.platform.capabilities.channels:
        assert desk.tickets() == []
        return
    driver.say(VERA, "¿cómo va lo de Lozano?", where=Where.SHARED)
    desk.work()
    assert desk.tickets() == [] and desk.person_of(VERA) is None
    assert "Hola. Aquí solo puedo ayudar" in desk.read(VERA, Where.SHARED)


@behaviour(GROUP, needs="guests", otherwise=NO_GUESTS)
def test_guest(driver: Driver, desk: Desk) -> None:
    """A guest is helped and marked as one."""
    if not driver.platform.capabilities.guests:
        return
    driver.say(LUIS, "No me va el correo")
    desk.work()
    luis = desk.person_of(LUIS)
    assert luis is not None and desk.ticket().requester_id == luis.id
    assert (luis.is_guest, luis.role, luis.client_id) == (True, "client_employee", desk.world.lozano.id)


@behaviour(GROUP, needs="guests", otherwise=NO_GUESTS)
def test_refused_guest(driver: Driver, desk: Desk) -> None:
    """Where the client takes no requests of guests, a guest is told whom to ask, and nothing of them is kept."""
    if not driver.platform.capabilities.guests:
        return
    desk.change_client(guest_policy="refuse")
    driver.say(LUIS, "la clave es hunter2")
    desk.work()
    assert desk.tickets() == [] and desk.person_of(LUIS) is None
    [answer] = driver.seen(LUIS)
    assert answer.text.startswith("Hola. Eres un invitado en Ferretería Lozano")
    assert "hunter2" not in str(desk.event_data("chat.refused_wrote"))


@behaviour(GROUP)
def test_staff(driver: Driver, desk: Desk) -> None:
    """A technician in a client's workspace opens no ticket, and reads that tickets are opened in the console."""
    driver.say(TOMAS, "El servidor de Lozano no responde")
    desk.work()
    tomas = desk.person_of(TOMAS)
    assert desk.tickets() == [] and tomas is not None and tomas.id == desk.world.tomas.id
    [answer] = driver.seen(TOMAS)
    assert answer.text == "Formas parte del equipo de soporte. Crea los tickets de un cliente en la consola."


@behaviour(GROUP, needs="channels", otherwise="There are no channels in which a technician could answer.")
def test_staff_in_a_thread(driver: Driver, desk: Desk) -> None:
    """What a technician writes in the thread of a ticket is a public reply, which is not sent once more."""
    if not driver.platform.capabilities.channels:
        assert desk.tickets() == []
        return
    said = driver.say(MARTA, "el TPV no cobra", where=Where.CHANNEL)
    desk.work()
    before = len(driver.seen(MARTA, Where.CHANNEL))
    desk.later(minutes=5)
    driver.say(TOMAS, "Lo miro ahora mismo", where=Where.CHANNEL, thread=said)
    desk.work()
    _, reply = desk.messages()
    assert (reply.author_id, reply.body, reply.visibility) == (desk.world.tomas.id, "Lo miro ahora mismo", "public")
    assert (reply.delivery_state, reply.delivery_channel) == ("sent", driver.platform.name)
    assert desk.ticket().status == "open" and len(driver.seen(MARTA, Where.CHANNEL)) == before


@behaviour(GROUP)
def test_staff_notified(driver: Driver, desk: Desk) -> None:
    """A member of staff who once wrote to the app in the provider's own workspace gets notifications there."""
    driver.say(IRENE, "Hola")
    desk.work()
    assert len(driver.seen(IRENE)) <= 1 and desk.tickets() == []
    driver.say(MARTA, "El TPV no cobra")
    desk.work()
    desk.assign_to_irene()
    desk.work()
    assert "LOZ-1" in driver.seen(IRENE)[-1].text and "El TPV no cobra" in driver.seen(IRENE)[-1].text


@behaviour(GROUP)
def test_inactive_client(driver: Driver, desk: Desk) -> None:
    """People of a client that is switched off open nothing and are told so, whether the desk knows them or not."""
    driver.say(MARTA, "Hola")
    desk.work()
    desk.change_client(active=False)
    driver.say(MARTA, "El TPV no cobra")
    driver.say(PABLO, "La impresora no imprime")
    desk.work()
    assert desk.tickets() == [] and desk.person_of(PABLO) is None
    for actor in (MARTA, PABLO):
        assert "Ferretería Lozano no está activo" in driver.seen(actor)[-1].text


@behaviour(GROUP)
def test_inactive_person(driver: Driver, desk: Desk) -> None:
    """Somebody whose access was ended opens nothing, adds nothing, and is told so."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, desk.world.marta.id), at=clock.now(), active=False)
    driver.say(MARTA, "sigue igual", thread=said)
    desk.work()
    assert desk.bodies() == ["El TPV no cobra"]
    assert driver.seen(MARTA)[-1].text.startswith("Hola. Tu acceso a este servicio de soporte está desactivado")


# ---------------------------------------------------------------- clients apart


@behaviour(TENANTS, basic=True)
def test_each_its_own(driver: Driver, desk: Desk) -> None:
    """People of two clients on the same platform have tickets of their own company alone."""
    driver.say(MARTA, "El TPV no cobra")
    driver.say(INIGO, "The scanner is dead")
    desk.work()
    with work(Scope.staff()) as session:
        found = {each.subject: each.client_id for each in session.scalars(select(Ticket))}
    assert found == {"El TPV no cobra": desk.world.lozano.id, "The scanner is dead": desk.world.azcarate.id}
    assert "LOZ-1" not in desk.read(INIGO) and "AZC-1" not in desk.read(MARTA)


@behaviour(TENANTS, needs="buttons", otherwise="There are no buttons that could be forged.")
def test_forged_button(driver: Driver, desk: Desk) -> None:
    """A button that names another client's ticket, or another one of one's own, does nothing to it."""
    driver.say(MARTA, "El TPV no cobra")
    driver.say(INIGO, "The scanner is dead")
    desk.work()
    if not driver.platform.capabilities.buttons:
        assert not [each for each in driver.seen(INIGO) if each.buttons]
        return
    driver.press(INIGO, desk.card(INIGO), "more_urgent", ticket=str(desk.ticket().id))
    desk.work()
    assert desk.ticket().priority == "normal"
    assert any("not available" in each for each in driver.private(INIGO))


@behaviour(TENANTS)
def test_moved_workspace(driver: Driver, desk: Desk) -> None:
    """After a workspace was given to another client, its people reach none of the first client's tickets."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    desk.give_workspace_to(desk.world.azcarate)
    driver.say(MARTA, "El escáner no va", thread=said)
    desk.work()
    assert desk.bodies() == ["El TPV no cobra"]
    marta = desk.person_of(MARTA)
    assert marta is not None and marta.client_id == desk.world.azcarate.id
