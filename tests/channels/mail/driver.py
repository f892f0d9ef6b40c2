"""Mail with the simulated mail server: what it sends; the suite runs the behaviours that need no inbound messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from integrations import mail
from integrations.mail.platform import MAIL
from msp.config import Settings
from msp.notify import remove_channel
from msp.notify.replies import remove_reply_channel
from simulators.smtp.mailbox import ReceivedMail
from simulators.smtp.server import create_mail_server
from tests.channels.cast import Actor
from tests.channels.driver import Failure, Seen, Where
from tests.world import World

SENDER = "Guardia <desk@guardia.example>"
ANSWERS = {Failure.THROTTLED: (451, "4.7.1 Try again later"), Failure.GONE: (550, "5.1.1 No such mailbox")}


class MailDriver:
    """See `tests.channels.driver.Driver`."""

    platform = MAIL
    marks = {
        "bold": "<strong>{}</strong>",
        "code": ">{}</code>",
        "link": '<a href="{1}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>',
    }

    def start(self, settings: Settings) -> Settings:
        self.server = create_mail_server()
        self.running = self.server.serve()
        self.settings = settings.with_values(SMTP_URL=self.running.url, MAIL_FROM=SENDER)
        return settings  # other platforms are tested without mail

    def listen_at(self, url: str, app: Flask) -> None:
        self.app = app

    def close(self) -> None:
        self.running.close()

    def begin(self, world: World) -> None:
        self.server.reset()
        mail.listen(self.settings)

    def end(self) -> None:
        remove_channel("mail")
        remove_reply_channel(MAIL.name)

    def seen(self, actor: Actor, where: Where = Where.CHAT) -> list[Seen]:
        return [_seen(each) for each in self.server.messages(to=actor.email)]

    def private(self, actor: Actor) -> list[str]:
        return [each.text for each in self.seen(actor)]

    def fail(self, failure: Failure, *, times: int | None = 1, retry_after: int = 1) -> None:
        if failure is Failure.IN_DOUBT:
            self.server.faults.add("message", "drop", times=times)
        else:
            status, text = ANSWERS[failure]
            self.server.refuse("rcpt", status, times=times, error=text)

    def recover(self) -> None:
        self.server.faults.clear()

    def throttled(self) -> int:
        return 0  # it has no limits of its own

    @contextmanager
    def losing(self) -> Iterator[None]:
        yield  # nothing comes in anyway

    # --------------------------------------------------- what the platform does not have

    def _cannot(self, *_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError("mail is outgoing only")

    say = say_formatted = say_clip = command = edit = delete = restore = press = deliver = forget_card = _cannot
    hide_profiles = withhold_files = uninstall = _cannot


def _seen(each: ReceivedMail) -> Seen:
    """A mail as its reader sees it: the ticket of its subject, its sender's own name, the text above the signature."""
    label = each.subject.partition("]")[0].strip("[")
    sender = each.header("From").partition(" (")[0].strip('"')
    text = each.text.partition("\n-- \n")[0].strip()
    files = tuple(part.get_filename() or "" for part in each.mail.iter_attachments())
    return Seen(each.message_id, f"{label} · {sender}\n{text}", each.html, files=files)


DRIVER = MailDriver()
