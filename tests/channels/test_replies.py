"""What the desk's people write: it arrives once, whole and in order, or somebody is told why not."""

from sqlalchemy import delete

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Account, Person
from msp.sla.clocks import clocks_of
from msp.tickets.models import Message
from msp.tickets.own_messages import edit_own, possible_changes, retract_own
from msp.tickets.queries import access_ticket
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA
from tests.channels.desk import Desk
from tests.channels.driver import Driver, Failure

GROUP = "Replies"
TROUBLE = "When sending fails"


@behaviour(GROUP, basic=True, outgoing=True)
def test_reply(driver: Driver, desk: Desk) -> None:
    """A technician's reply arrives under their name, and counts as sent; internal notes never leave the desk."""
    desk.asked()
    desk.note("Otra vez el datáfono barato")
    desk.reply("Hola, Marta. ¿Qué pone?")
    assert desk.messages()[-1].delivery_state == "pending"
    desk.work()
    [reply] = desk.replies()
    assert reply.text.split("\n", 1)[1] == "Hola, Marta. ¿Qué pone?" and "datáfono" not in desk.read()
    assert [each.delivery_state for each in desk.messages()] == ["none", "none", "sent"]
    assert desk.messages()[-1].delivery_channel == driver.platform.name
    assert desk.events().count("ticket.message_sent") == 1


@behaviour(
    GROUP,
    needs="threads_in_chats",
    otherwise="A reply names its ticket, since the chat may hold several.",
    outgoing=True,
)
def test_thread(driver: Driver, desk: Desk) -> None:
    """A reply stands in the thread of the ticket."""
    said = desk.asked()
    desk.reply("Lo miro")
    desk.work()
    [reply] = desk.replies()
    if driver.platform.capabilities.threads_in_chats:
        assert said and reply.thread == said.id and "LOZ-1" not in reply.text
    else:
        assert reply.text.startswith("LOZ-1 · Tomás")


@behaviour(GROUP, needs="formatting", otherwise="Formatting is left out; the words arrive.", outgoing=True)
def test_formatting(driver: Driver, desk: Desk) -> None:
    """Bold, code, lists and links of a reply are written as the platform writes them."""
    desk.asked()
    desk.reply("Pulsa **Aceptar**, escribe `ipconfig` y mira [la guía](https://guia.example/tpv):\n\n- uno\n- dos")
    desk.work()
    [reply] = desk.replies()
    assert "uno" in reply.text and "dos" in reply.text
    if driver.platform.capabilities.formatting:
        wanted = [driver.marks["bold"].format("Aceptar"), driver.marks["code"].format("ipconfig")]
        wanted.append(driver.marks["link"].format("la guía", "https://guia.example/tpv"))
        assert [each for each in wanted if each not in reply.source] == []


@behaviour(GROUP, outgoing=True)
def test_no_injection(driver: Driver, desk: Desk) -> None:
    """What a technician typed notifies nobody and looks as they typed it."""
    desk.asked()
    desk.reply("Escribe a <!channel> & <@U0MARTA> con *.log y a_b_c")
    desk.work()
    [reply] = desk.replies()
    assert reply.text.split("\n", 1)[1] == "Escribe a <!channel> & <@U0MARTA> con *.log y a_b_c"
    assert "<!channel>" not in reply.source and "<@U0MARTA>" not in reply.source


@behaviour(GROUP, needs="max_text", otherwise="It arrives as one message of any length.", outgoing=True)
def test_long_text(driver: Driver, desk: Desk) -> None:
    """A long reply arrives in parts, whole and in order; the technician's name stands above the first."""
    desk.asked()
    before = len(driver.seen(MARTA))
    most = driver.platform.capabilities.max_text
    lines = [f"Paso {number}: reinicia el equipo y espera un minuto." for number in range((most or 4000) // 20)]
    desk.reply("\n".join(lines))
    desk.work()
    parts = driver.seen(MARTA)[before:]
    if most:
        assert len(parts) > 2 and all(len(part.source) <= 2 * most for part in parts)
    else:
        assert len(parts) == 1
    arrived = [line for part in parts for line in part.text.split("\n") if line.startswith("Paso ")]
    assert arrived == lines and ["Tomás" in part.text for part in parts] == [True] + [False] * (len(parts) - 1)


@behaviour(GROUP, basic=True, outgoing=True)
def test_order(driver: Driver, desk: Desk) -> None:
    """Several replies arrive once each, in the order they were written."""
    desk.asked()
    for body in ("primera", "segunda", "tercera"):
        desk.reply(body)
    desk.work()
    assert [each.text.split("\n", 1)[1] for each in desk.replies()] == ["primera", "segunda", "tercera"]


# -------------------------------------------------------------------- failures


@behaviour(
    TROUBLE,
    needs="retry_after",
    otherwise="They are tried again after pauses that grow.",
    basic=True,
    outgoing=True,
)
def test_throttled(driver: Driver, desk: Desk) -> None:
    """Where the platform takes no more messages for now, they are sent when it says, once and in order."""
    desk.asked()
    driver.fail(Failure.THROTTLED, retry_after=40)
    for body in ("primera", "segunda"):
        desk.reply(body)
    desk.work()
    if driver.platform.capabilities.retry_after:
        desk.later(seconds=38)
    assert desk.replies() == []
    desk.later(seconds=3)
    desk.later(minutes=2)
    assert [each.text.split("\n", 1)[1] for each in desk.replies()] == ["primera", "segunda"]
    assert {each.delivery_state for each in desk.messages()[1:]} == {"sent"}


@behaviour(
    TROUBLE,
    needs="lookup",
    otherwise="Our messages cannot be looked up: it is sent again, since twice is better than never.",
    outgoing=True,
)
def test_in_doubt(driver: Driver, desk: Desk) -> None:
    """A reply whose answer was cut off is looked up before it is sent again: it arrives once."""
    desk.asked()
    driver.fail(Failure.IN_DOUBT)
    desk.reply("Lo miro ahora")
    desk.work()
    desk.later(minutes=2, times=2)
    expected = 1 if driver.platform.capabilities.lookup else 2
    assert [each.text.split("\n", 1)[1] for each in desk.replies()] == ["Lo miro ahora"] * expected
    assert desk.messages()[-1].delivery_state == "sent"


@behaviour(TROUBLE, basic=True, outgoing=True)
def test_gone(driver: Driver, desk: Desk) -> None:
    """Where the conversation is gone, the reply takes the next way to the person, and the ticket says why."""
    desk.asked()
    driver.fail(Failure.GONE, times=None)
    desk.reply("Lo miro ahora")
    desk.work()
    desk.later(minutes=2)
    assert desk.replies() == []
    message = desk.messages()[-1]
    assert (message.delivery_state, message.delivery_channel) == ("sent", "portal")
    if driver.platform.capabilities.messages_in:
        assert desk.events().count("ticket.unreachable") == 1 and desk.unreachable()[0]


@behaviour(TROUBLE)
def test_blocked(driver: Driver, desk: Desk) -> None:
    """Who blocked the app and has no other way gets the reply when they write again, once; until then it is owed."""
    only_this_way(desk)
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    driver.fail(Failure.BLOCKED, times=None)
    desk.later(minutes=1)
    desk.reply("Lo miro ahora")
    desk.work()
    assert desk.messages()[-1].delivery_state == "failed" and first_response(desk) == "running"
    assert desk.events().count("ticket.message_failed") == 1
    driver.recover()
    desk.later(minutes=5)
    driver.say(MARTA, "¿Hay alguien?", thread=said)
    desk.work()
    assert len(desk.replies()) == 1 and desk.unreachable() == [None] and first_response(desk) == "met"
    driver.say(MARTA, "Vale", thread=said)
    desk.work()
    assert len(desk.replies()) == 1


@behaviour(TROUBLE)
def test_broken(driver: Driver, desk: Desk) -> None:
    """Where a workspace lets the app in no more, its connection is marked, and an administrator is told."""
    desk.opened()
    driver.fail(Failure.BROKEN)
    desk.reply("Lo miro ahora")
    desk.work()
    assert desk.broken_connections() == [driver.platform.name] and desk.events().count("connection.broken") == 1


@behaviour(TROUBLE)
def test_uninstalled(driver: Driver, desk: Desk) -> None:
    """Where the app was removed, the reply takes the next way to the person."""
    desk.opened()
    driver.uninstall()
    desk.work()
    desk.reply("Lo miro ahora")
    desk.work()
    assert desk.replies() == []
    assert (desk.messages()[-1].delivery_state, desk.messages()[-1].delivery_channel) == ("sent", "portal")


def only_this_way(desk: Desk) -> None:
    """Marta has neither an address nor the portal."""
    with work(Scope.system()) as session:
        session.get_one(Person, desk.world.marta.id).email = None
        session.execute(delete(Account).where(Account.person_id == desk.world.marta.id))


def first_response(desk: Desk) -> str:
    with work(Scope.staff()):
        return next(each.state for each in clocks_of(desk.ticket().id) if each.kind == "first_response")


@behaviour(GROUP, needs="edits_out", otherwise="A reply cannot be edited or retracted once it is sent.", outgoing=True)
def test_edit_and_retract(driver: Driver, desk: Desk) -> None:
    """A technician edits a reply that was sent, then retracts it: what was posted is replaced, then deleted."""
    desk.asked()
    desk.reply("Reinicia el TPV")
    desk.work()
    can = driver.platform.capabilities
    with work(Scope.staff()) as session:
        message = session.get_one(Message, desk.messages()[-1].id)
        assert possible_changes(message) == ({"edit", "retract"} if can.edits_out and can.deletions_out else set())
        if not can.edits_out:
            return
        ticket, author = access_ticket(message.ticket_id, lock=True), session.get_one(Person, message.author_id)
        edit_own(ticket, message, person=author, body="Reinicia **el router**", at=clock.now())
    desk.work()
    [reply] = desk.replies()
    assert "el router" in reply.text and "TPV" not in reply.text
    with work(Scope.staff()) as session:
        message = session.get_one(Message, message.id)
        retract_own(access_ticket(message.ticket_id, lock=True), message, person=author, at=clock.now())
    desk.work()
    assert desk.replies() == [] and "router" not in desk.read()
    assert desk.messages()[-1].body == ""
