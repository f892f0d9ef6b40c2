"""What people change: messages that they edit, delete and bring back, in any order of arrival."""

from datetime import timedelta

from msp.kernel import clock
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA
from tests.channels.desk import Desk
from tests.channels.driver import Driver

GROUP = "Editing and deleting"
NO_EDITS = "The platform does not tell of edits; the ticket keeps the first words."
NO_DELETIONS = "The platform does not tell of deletions."


@behaviour(GROUP, needs="edits_in", otherwise=NO_EDITS)
def test_edit(driver: Driver, desk: Desk) -> None:
    """An edited message is edited on the ticket, and its subject follows."""
    said = driver.say(MARTA, "El TPV no corba")
    desk.work()
    if not driver.platform.capabilities.edits_in:
        assert desk.bodies() == ["El TPV no corba"]
        return
    driver.edit(said, "El TPV no cobra")
    desk.work()
    [message] = desk.messages()
    assert (message.body, desk.ticket().body, desk.ticket().subject) == ("El TPV no cobra",) * 3
    assert message.edited_at is not None and desk.events().count("ticket.message_edited") == 1


@behaviour(GROUP, needs="edits_in", otherwise="A second message with the problem opens the ticket.")
def test_greeting_edited(driver: Driver, desk: Desk) -> None:
    """A greeting that is edited into a problem opens its ticket; after a day it does not."""
    said = driver.say(MARTA, "Hola")
    desk.work()
    if not driver.platform.capabilities.edits_in:
        driver.say(MARTA, "no me va el correo")
        desk.work()
        assert desk.ticket().subject == "No me va el correo"
        return
    driver.edit(said, "Hola, no me va el correo")
    desk.work()
    assert desk.ticket().subject == "No me va el correo"
    old = driver.say(MARTA, "Gracias")
    desk.work()
    clock.advance(timedelta(days=2))
    driver.edit(old, "Gracias, y no va la VPN")
    desk.work()
    assert len(desk.tickets()) == 1


@behaviour(GROUP, needs="deletions_in", otherwise=NO_DELETIONS)
def test_delete(driver: Driver, desk: Desk) -> None:
    """The words of a deleted message disappear from the ticket, and from its subject where they were all there is."""
    said = driver.say(MARTA, "mi clave es hunter2")
    desk.work()
    if not driver.platform.capabilities.deletions_in:
        assert desk.bodies() == ["mi clave es hunter2"]
        return
    driver.delete(said)
    desk.work()
    [message] = desk.messages()
    assert (message.body, desk.ticket().subject) == ("", "Mensaje eliminado") and message.deleted_at is not None
    assert "hunter2" not in desk.read() and desk.events().count("ticket.message_deleted") == 1


@behaviour(GROUP, needs="deletions_in", otherwise=NO_DELETIONS)
def test_written_again(driver: Driver, desk: Desk) -> None:
    """Who deletes a message and writes it again has one ticket, with the new words as its subject."""
    said = driver.say(MARTA, "mi clave es hunter2 y no me deja entrar")
    desk.work()
    if driver.platform.capabilities.deletions_in:
        driver.delete(said)
    driver.say(MARTA, "no me deja entrar en la VPN")
    desk.work()
    if driver.platform.capabilities.deletions_in:
        assert desk.bodies() == ["", "no me deja entrar en la VPN"]
        assert desk.ticket().subject == "No me deja entrar en la VPN"
    assert len(desk.tickets()) == 1


@behaviour(GROUP, needs="restorations_in", otherwise="Nobody can bring a deleted message back there.")
def test_restore(driver: Driver, desk: Desk) -> None:
    """A deleted message that is brought back has its words again."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    if not driver.platform.capabilities.restorations_in:
        assert desk.bodies() == ["El TPV no cobra"]
        return
    driver.delete(said)
    desk.work()
    driver.restore(said)
    desk.work()
    [message] = desk.messages()
    assert (message.body, message.deleted_at) == ("El TPV no cobra", None)
    assert desk.ticket().subject == "El TPV no cobra"


@behaviour(GROUP, needs="edits_in", otherwise=NO_EDITS)
def test_edit_first(driver: Driver, desk: Desk) -> None:
    """An edit that arrives before its message counts: one ticket, with the edited words."""
    if not driver.platform.capabilities.edits_in:
        assert desk.tickets() == []
        return
    with driver.losing():
        said = driver.say(MARTA, "no me va el coreo")
        edited = driver.edit(said, "no me va el correo")
    driver.deliver(edited)
    driver.deliver(said)
    desk.work()
    assert desk.bodies() == ["no me va el correo"]


@behaviour(GROUP, needs="deletions_in", otherwise=NO_DELETIONS)
def test_deletion_first(driver: Driver, desk: Desk) -> None:
    """A message whose deletion arrives before it is never kept."""
    if not driver.platform.capabilities.deletions_in:
        assert desk.tickets() == []
        return
    with driver.losing():
        said = driver.say(MARTA, "mi clave es hunter2")
        deleted = driver.delete(said)
    driver.deliver(deleted)
    driver.deliver(said)
    desk.work()
    assert desk.tickets() == []
