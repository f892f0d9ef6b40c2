"""Files that people send."""

from msp.kernel import files
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA
from tests.channels.desk import Desk
from tests.channels.driver import Driver, File, Where

GROUP = "Files"
NO_FILES = "The platform gives us no files."
LOG = File("error.log", b"error 41")


@behaviour(GROUP, needs="files_in", otherwise=NO_FILES)
def test_first_message(driver: Driver, desk: Desk) -> None:
    """Files of the first message are fetched and kept on the ticket."""
    if not driver.platform.capabilities.files_in:
        assert desk.attachments() == []
        return
    driver.say(MARTA, "El TPV no cobra", files=[LOG, File("captura.png", b"\x89PNG" + b"x" * 100_000)])
    desk.work()
    log, picture = desk.attachments()
    assert [(each.name, each.state, each.size) for each in (log, picture)] == [
        ("error.log", "stored", 8),
        ("captura.png", "stored", 100_004),
    ]
    assert log.storage_key and log.message_id == desk.messages()[0].id
    with files.open_kept(log.storage_key) as stored:
        assert stored.read() == LOG.content
    assert desk.events().count("ticket.attachment_stored") == 2


@behaviour(GROUP, needs="files_in", otherwise=NO_FILES)
def test_follow_up(driver: Driver, desk: Desk) -> None:
    """Files of a later message are kept with that message."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    if not driver.platform.capabilities.files_in:
        assert desk.attachments() == []
        return
    driver.say(MARTA, "Esto sale", thread=said, files=[LOG])
    desk.work()
    [kept] = desk.attachments()
    assert (kept.state, kept.message_id) == ("stored", desk.messages()[1].id)


@behaviour(GROUP, needs="files_in", otherwise=NO_FILES)
def test_file_alone(driver: Driver, desk: Desk) -> None:
    """A file without words opens a ticket named after it; words that follow give it its subject."""
    if not driver.platform.capabilities.files_in:
        assert desk.tickets() == []
        return
    driver.say(MARTA, "", files=[LOG])
    desk.work()
    assert desk.ticket().subject == "error.log"
    driver.say(MARTA, "no me va el correo")
    desk.work()
    assert desk.ticket().subject == "No me va el correo" and len(desk.attachments()) == 1


@behaviour(GROUP, needs="transcripts", otherwise="The clip is kept as a file, without its words.")
def test_voice_clip(driver: Driver, desk: Desk) -> None:
    """The words of a voice clip are on the ticket, beside the clip."""
    if not driver.platform.capabilities.files_in:
        assert desk.tickets() == []
        return
    driver.say_clip(MARTA, "No me funciona el portátil")
    desk.work()
    [clip] = desk.attachments()
    words = "No me funciona el portátil" if driver.platform.capabilities.transcripts else clip.name
    assert (clip.state, desk.bodies()) == ("stored", [words])


@behaviour(GROUP, needs="files_in", otherwise=NO_FILES)
def test_too_large(driver: Driver, desk: Desk) -> None:
    """A file that is too large is refused with the reason; the message is kept."""
    if not driver.platform.capabilities.files_in:
        assert desk.attachments() == []
        return
    driver.say(MARTA, "Mira", files=[File("video.mp4", b"x" * (files.MAX_BYTES + 1))])
    desk.work()
    [refused] = desk.attachments()
    assert (refused.name, refused.state, refused.reason) == ("video.mp4", "refused", "too_large")
    assert desk.bodies() == ["Mira"]


@behaviour(GROUP, needs="files_in", otherwise=NO_FILES)
def test_withheld(driver: Driver, desk: Desk) -> None:
    """A file that the platform does not give us is named with the reason, and nothing is stored in its place."""
    if not driver.platform.capabilities.files_in:
        assert desk.attachments() == []
        return
    driver.say(MARTA, "Mira", files=[LOG])
    driver.withhold_files()
    desk.work()
    [refused] = desk.attachments()
    assert (refused.state, refused.storage_key) == ("refused", None) and refused.reason
    assert desk.events().count("ticket.attachment_refused") == 1


@behaviour(
    GROUP,
    needs="files_in_channels",
    otherwise="Files in channels are named on the ticket, with the reason why they are missing.",
)
def test_in_a_channel(driver: Driver, desk: Desk) -> None:
    """Files that are sent in a channel are fetched too."""
    if not driver.platform.capabilities.channels:
        assert not driver.platform.capabilities.files_in_channels
        return
    driver.say(MARTA, "la impresora no imprime", where=Where.CHANNEL, files=[LOG])
    desk.work()
    [file] = desk.attachments()
    expected = ("stored", None) if driver.platform.capabilities.files_in_channels else ("refused", "in_channel")
    assert (file.state, file.reason) == expected and desk.bodies() == ["la impresora no imprime"]


@behaviour(GROUP, needs="files_out", otherwise="The reply names its files and links to the portal.", outgoing=True)
def test_of_a_reply(driver: Driver, desk: Desk) -> None:
    """Files of a reply are sent with its words or after them, in the same thread."""
    desk.asked()
    desk.reply("Prueba con este controlador", files=[LOG, File("guía.pdf", b"%PDF")])
    desk.work()
    desk.later(seconds=2)
    [said] = [each for each in driver.seen(MARTA) if "controlador" in each.text]
    if not driver.platform.capabilities.files_out:
        assert "error.log, guía.pdf" in said.text and "portal" in said.text
        return
    shared = [each for each in driver.seen(MARTA) if each.files]
    assert [name for each in shared for name in each.files] == ["error.log", "guía.pdf"]
    assert {each.thread for each in shared} == {said.thread}
    assert desk.messages()[-1].delivery_state == "sent"


@behaviour(GROUP, outgoing=True)
def test_of_a_note(driver: Driver, desk: Desk) -> None:
    """Files of an internal note never leave the desk."""
    desk.asked()
    before = driver.seen(MARTA)
    desk.note("Psst", files=[File("clave.txt", b"secreto")])
    desk.work()
    desk.later(seconds=2)
    assert driver.seen(MARTA) == before
