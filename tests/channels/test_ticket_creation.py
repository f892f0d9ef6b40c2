"""How a message becomes a ticket, and which messages do not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.richtext import document_of, write_html
from msp.sla.models import Clock
from msp.tickets.messages import MAX_BODY
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA, PABLO, TOM
from tests.channels.desk import BEFORE_LONG, Desk
from tests.channels.driver import Driver, Where

GROUP = "Opening a ticket"
HELP = "Hola. El TPV de la tienda de Getafe no cobra con tarjeta. Hay cola."


@behaviour(GROUP, basic=True)
def test_direct_message(driver: Driver, desk: Desk) -> None:
    """A direct message opens a ticket and is answered with its number, subject and deadline."""
    driver.say(MARTA, HELP)
    desk.work()
    ticket = desk.ticket()
    assert (ticket.subject, ticket.body) == ("El TPV de la tienda de Getafe no cobra con tarjeta", HELP)
    assert (ticket.requester_id, ticket.source, ticket.status) == (desk.world.marta.id, driver.platform.name, "new")
    answer = desk.read()
    assert "Lo tenemos, Marta. Te responderemos antes de las 12:00." in answer
    assert "LOZ-1" in answer and "El TPV de la tienda de Getafe no cobra con tarjeta" in answer


@behaviour(GROUP, needs="channels", otherwise="There are no channels: people write in their own chat with the app.")
def test_mention_in_a_channel(driver: Driver, desk: Desk) -> None:
    """A mention in a channel opens a ticket, which is answered in the thread of that message and nowhere else."""
    if not driver.platform.capabilities.channels:
        driver.say(MARTA, "la impresora no imprime")
        desk.work()
        assert desk.ticket().subject == "La impresora no imprime" and desk.card()
        return
    said = driver.say(MARTA, "la impresora no imprime", where=Where.CHANNEL)
    desk.work()
    assert desk.ticket().subject == "La impresora no imprime"
    answers = driver.seen(MARTA, Where.CHANNEL)
    assert {each.thread for each in answers} == {said.id} and len([each for each in answers if each.is_card]) == 1
    assert driver.seen(MARTA) == []


@behaviour(GROUP, needs="commands", otherwise="There are no commands: a message in the person's chat does the same.")
def test_command(driver: Driver, desk: Desk) -> None:
    """A command opens a ticket; it is answered at once, and the ticket is held in the person's own chat."""
    if driver.platform.capabilities.commands:
        assert "te escribo por privado" in driver.command(MARTA, "la impresora no imprime")
    else:
        driver.say(MARTA, "la impresora no imprime")
    desk.work()
    assert desk.ticket().subject == "La impresora no imprime"
    assert driver.seen(MARTA, Where.CHANNEL) == [] and "LOZ-1" in desk.card().text


@pytest.mark.parametrize("text", ["Hola", "buenos días!", "👋", "Gracias", "ok, perfecto 👍"])
@behaviour(GROUP, basic=True)
def test_greeting_alone(driver: Driver, desk: Desk, text: str) -> None:
    """A greeting, thanks or an acknowledgement alone opens no ticket and is answered once."""
    driver.say(MARTA, text)
    desk.work()
    assert desk.tickets() == [] and len(driver.seen(MARTA)) == 1


@behaviour(GROUP, needs="channels", otherwise="There are no channels; a chat needs no mention.")
def test_mention_without_words(driver: Driver, desk: Desk) -> None:
    """A mention without words opens no ticket; the person is asked what happens, in private and in their language."""
    if not driver.platform.capabilities.channels:
        driver.say(TOM, "hi")
        desk.work()
        assert desk.tickets() == [] and "Describe the problem in one message" in desk.read(TOM)
        return
    driver.say(TOM, "hi")  # Tom has a chat with the app
    desk.work()
    driver.say(TOM, "", where=Where.CHANNEL)
    desk.work()
    assert desk.tickets() == [] and driver.seen(TOM, Where.CHANNEL) == []
    assert driver.private(TOM)[-1].startswith("Hello. ") and "the problem" in driver.private(TOM)[-1]


@behaviour(GROUP, needs="channels", otherwise="There are no channels in which colleagues talk.")
def test_talk_among_colleagues(driver: Driver, desk: Desk) -> None:
    """What colleagues write in a channel without mentioning the app is kept nowhere."""
    if not driver.platform.capabilities.channels:
        assert desk.stored_requests() == 0
        return
    driver.say(MARTA, "¿Comemos?", where=Where.CHANNEL, is_addressed=False)
    driver.say(PABLO, "Marta, ¿tú vienes?", where=Where.CHANNEL, is_addressed=False)
    assert desk.stored_requests() == 0
    desk.work()
    assert desk.tickets() == [] and driver.seen(MARTA, Where.CHANNEL) == []


@behaviour(GROUP)
def test_grouping(driver: Driver, desk: Desk) -> None:
    """Messages of one person within a short time are one ticket, whose subject is the problem."""
    for text in ("Hola", "no me va el correo", "es urgente"):
        driver.say(MARTA, text)
    desk.work()
    ticket = desk.ticket()
    assert ticket.subject == "No me va el correo"
    assert desk.bodies() == ["no me va el correo", "es urgente"]
    with work(Scope.staff()) as session:
        kinds = session.scalars(select(Clock.kind).where(Clock.ticket_id == ticket.id)).all()
    assert sorted(kinds) == ["first_response", "resolution"]


@behaviour(GROUP)
def test_two_people(driver: Driver, desk: Desk) -> None:
    """Two people who write at the same time have two tickets."""
    driver.say(MARTA, "la impresora no imprime")
    driver.say(PABLO, "no me va el correo")
    desk.work()
    assert sorted(each.subject for each in desk.tickets()) == ["La impresora no imprime", "No me va el correo"]


@behaviour(
    GROUP,
    needs="threads_in_chats",
    otherwise="The chat has a current ticket, to which later messages go, until the person presses «Something else».",
)
def test_another_matter(driver: Driver, desk: Desk) -> None:
    """Some minutes later a message outside of the ticket's thread opens a second ticket."""
    card = desk.opened("no me va el correo")
    clock.advance(BEFORE_LONG)
    driver.say(MARTA, "la impresora no imprime")
    desk.work()
    if driver.platform.capabilities.threads_in_chats:
        assert [each.subject for each in desk.tickets()] == ["No me va el correo", "La impresora no imprime"]
        return
    assert desk.bodies() == ["no me va el correo", "la impresora no imprime"]
    if driver.platform.capabilities.buttons:
        driver.press(MARTA, card, "something_else")
        driver.say(MARTA, "el escáner hace ruido")
        desk.work()
        assert [each.subject for each in desk.tickets()] == ["No me va el correo", "El escáner hace ruido"]


@behaviour(GROUP)
def test_new_person(driver: Driver, desk: Desk) -> None:
    """Somebody new is added once, to their company, with the name, language and time zone of their profile."""
    driver.say(PABLO, "No me llega el correo")
    driver.say(PABLO, "Y no abre la VPN")
    desk.work()
    with work(Scope.staff()) as session:
        [pablo] = session.scalars(select(Person).where(Person.name == PABLO.name))
    assert (pablo.email, pablo.client_id, pablo.timezone) == (PABLO.email, desk.world.lozano.id, PABLO.timezone)
    assert (pablo.locale, pablo.role, pablo.is_guest) == ("es", "client_employee", False)
    assert {each.requester_id for each in desk.tickets()} == {pablo.id}


@behaviour(GROUP, basic=True)
def test_profile_later(driver: Driver, desk: Desk) -> None:
    """While the platform does not tell who wrote, the message waits; nothing is lost."""
    driver.hide_profiles(times=1)
    driver.say(PABLO, "No me llega el correo")
    desk.work()
    assert desk.tickets() == []
    desk.later(minutes=2, times=3)
    assert desk.ticket().subject == "No me llega el correo"


@behaviour(GROUP)
def test_too_long(driver: Driver, desk: Desk) -> None:
    """A text longer than a ticket holds is cut and marked."""
    driver.say(MARTA, "ay" * (MAX_BODY // 2 + 1))
    desk.work()
    [body] = desk.bodies()
    assert len(body) == MAX_BODY and body.endswith("…")


@behaviour(GROUP, needs="formatting", otherwise="Formatting is left out; the words arrive.")
def test_formatting(driver: Driver, desk: Desk) -> None:
    """Bold, code, lists and links that people write are kept on the ticket."""
    if not driver.platform.capabilities.formatting:
        driver.say(MARTA, "Pulso Aceptar y sale error 41")
        desk.work()
        assert desk.bodies() == ["Pulso Aceptar y sale error 41"]
        return
    driver.say_formatted(MARTA)
    desk.work()
    [message] = desk.messages()
    page = write_html(document_of(message.body, message.content))
    wanted = ("<strong>Aceptar</strong>", "<code>error 41</code>", 'href="https://tpv.example/41"', "<li>uno</li>")
    assert [each for each in wanted if each not in page.replace("<p>", "").replace("</p>", "")] == []


@behaviour(GROUP)
def test_language_and_time_zone(driver: Driver, desk: Desk) -> None:
    """The answer is in each person's language, and its times are those of their time zone."""
    for actor in (TOM, PABLO):
        driver.say(actor, "The VPN is down" if actor is TOM else "La VPN no va")
        desk.work()
    assert "Got it, Tom. We will reply before 11:00." in desk.read(TOM)  # 9:00 in London
    assert "Lo tenemos, Pablo. Te responderemos antes de las 11:00." in desk.read(PABLO)  # as in the Canary Islands


@behaviour(GROUP)
def test_deadline_explained(driver: Driver, desk: Desk) -> None:
    """The card explains the deadline: the SLA target of the contract, since when, and what does not count."""
    clock.advance(timedelta(hours=3, minutes=30))  # 13:30 in Madrid, before the break
    desk.opened("El TPV no cobra")
    assert (
        "Por qué 17:30: el objetivo de SLA de tu contrato es de 2 horas en horario laboral,"
        " contando desde las 13:30; no cuenta:"
        " el descanso de 14:00 a 16:00."
    ) in desk.read()
