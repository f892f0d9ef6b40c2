"""Mails received by the simulated mail server, in order."""

import threading
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from simulators.ids import Now


@dataclass(frozen=True)
class ReceivedMail:
    """One received mail.

    It has the envelope, the unchanged bytes, the name that the sender's host gave, and whether it came over TLS.
    """

    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    helo: str = ""
    is_secure: bool = False

    @property
    def mail(self) -> EmailMessage:
        """The parsed mail (RFC 5322, MIME)."""
        return BytesParser(policy=policy.default).parsebytes(self.raw)

    @property
    def message_id(self) -> str:
        """Its Message-ID with the angle brackets; empty if it has none."""
        return self.header("Message-ID")

    @property
    def subject(self) -> str:
        """Its subject, decoded."""
        return self.header("Subject")

    @property
    def text(self) -> str:
        """Its plain text, lines ending with a line feed; empty if it has none."""
        return self._body("plain")

    @property
    def html(self) -> str:
        """Its HTML; empty if it has none."""
        return self._body("html")

    def header(self, name: str) -> str:
        """A header, decoded; empty if there is none of that name."""
        return str(self.mail[name] or "").strip()

    def as_json(self) -> dict[str, Any]:
        """The mail for a page or another process."""
        headers = [[name, str(value)] for name, value in self.mail.items()]
        return {
            "number": self.number, "at": self.at.isoformat(), "sender": self.sender,
            "recipients": list(self.recipients), "helo": self.helo, "is_secure": self.is_secure,
            "headers": headers, "text": self.text, "html": self.html,
        }  # fmt: skip

    def _body(self, kind: str) -> str:
        part = self.mail.get_body(preferencelist=(kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


class MailBox:
    """All received mails; a mail received twice is in it twice."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._mails: list[ReceivedMail] = []
        self._grew = threading.Condition()

    def keep(
        self, sender: str, recipients: list[str], raw: bytes, *, helo: str = "", is_secure: bool = False
    ) -> ReceivedMail:
        """Add a mail and wake waiting readers."""
        with self._grew:
            number = len(self._mails) + 1
            mail = ReceivedMail(number, self._now(), sender, tuple(recipients), raw, helo, is_secure)
            self._mails.append(mail)
            self._grew.notify_all()
            return mail

    def messages(self, *, to: str = "", sender: str = "") -> list[ReceivedMail]:
        """The mails in order, filtered by a recipient or sender of the envelope, case-insensitive."""
        with self._grew:
            kept = list(self._mails)
        if to:
            kept = [mail for mail in kept if to.lower() in (one.lower() for one in mail.recipients)]
        return [mail for mail in kept if sender.lower() in ("", mail.sender.lower())]

    def wait_for(self, count: int, *, seconds: float) -> list[ReceivedMail]:
        """All mails once there are at least so many."""
        with self._grew:
            if not self._grew.wait_for(lambda: len(self._mails) >= count, timeout=seconds):
                raise TimeoutError(f"{len(self._mails)} mails came, not {count}")
            return list(self._mails)

    def clear(self) -> None:
        """Remove all mails."""
        with self._grew:
            self._mails.clear()
