"""Composes our mails: headers, HTML and text parts, and the record of each send."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from sqlalchemy import Integer, cast
from sqlalchemy.dialects.postgresql import insert

from integrations.mail.models import MailPost
from integrations.mail.smtp import MailInDoubt, Server, hand_over
from msp.kernel import clock, leases
from msp.kernel.db import Scope, work
from msp.kernel.errors import OutsideFailure, Permanent
from msp.people.models import Person
from msp.tickets.attached_files import StoredFile, stored_bytes
from msp.tickets.attaching import UNKNOWN_TYPE, media_type

LONGEST_SUBJECT = 180


@dataclass(frozen=True, slots=True)
class MailSender:
    """Settings of outgoing mail: its server, its sender and the desk's public address."""

    server: Server
    mail_from: str
    public_url: str

    @property
    def sender(self) -> str:
        """Our email address without the name."""
        return parseaddr(self.mail_from)[1]

    @property
    def domain(self) -> str:
        """The domain of our Message-IDs."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class MailContent:
    """The content of a mail. `thread` is the ticket that groups mails; `settings_url` the notification preferences.

    `author` is the person who wrote the content: such a mail is not marked as automatic and carries their name.
    `files` are attached.
    """

    key: str
    subject: str
    text: str
    html: str
    thread: UUID | None = None
    settings_url: str = ""
    author: str = ""
    files: Sequence[StoredFile] = ()


def post_once(post: MailSender, letter: MailContent, person: Person) -> None:
    """Send a mail to a person unless it was sent; raises Temporary, MailInDoubt or Permanent.

    The Message-ID depends only on the mail's key, so that a duplicate can be recognised.
    """
    message_id = f"<{letter.key}@{post.domain}>"
    address = (person.email or "").strip()
    if address.lower() == post.sender.lower():
        raise Permanent("own_address")  # the desk does not send mail to itself
    message = compose(post, letter, name=person.name, address=address, message_id=message_id)
    with _noted(message_id, person.id) as is_sent:
        if not is_sent:
            leases.ensure_lease()
            hand_over(post.server, message, sender=post.sender, recipient=address)


def compose(post: MailSender, letter: MailContent, *, name: str, address: str, message_id: str) -> EmailMessage:
    """Compose the mail with its headers; raises Permanent for an invalid address."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(*_sender(post, letter))
    message["To"] = _address(name, address)
    message["Subject"] = one_line(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = message_id
    if letter.thread is not None:
        root = f"<ticket.{letter.thread}@{post.domain}>"
        message["In-Reply-To"] = root
        message["References"] = root
    if not letter.author:
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic answers
        message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    if letter.settings_url:
        message["List-Unsubscribe"] = f"<{letter.settings_url}>"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for file in letter.files:
        _attach(message, file)
    return message


def _attach(message: EmailMessage, file: StoredFile) -> None:
    """Add a file as an attachment; types that would be parts of the mail itself become plain files."""
    maintype, _, subtype = media_type(file.content_type).partition("/")
    if maintype in ("multipart", "message"):
        maintype, subtype = UNKNOWN_TYPE.split("/")
    with stored_bytes(file) as content:
        message.add_attachment(content.read(), maintype=maintype, subtype=subtype, filename=file.name)


def one_line(text: str) -> str:
    """Text for use in a header: one line, no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _sender(post: MailSender, letter: MailContent) -> tuple[str, str]:
    name, address = parseaddr(post.mail_from)
    if not letter.author:
        return name, address
    return f"{letter.author} ({name or 'Guardia'})", address


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=one_line(name), addr_spec=address)
    except (ValueError, IndexError) as wrong:
        raise Permanent("bad_address") from wrong


@contextmanager
def _noted(message_id: str, person_id: UUID) -> Iterator[bool]:
    """Record a try before it and its outcome after it; yields whether the mail was already sent."""
    if _begin(message_id, person_id):
        yield True
        return
    try:
        yield False
    except (MailInDoubt, leases.LeaseLost):
        raise  # stays `trying`: the next try adds to `doubts`
    except OutsideFailure:
        leases.ensure_lease()  # after a lost lease the record belongs to another worker
        _settle(message_id, "waiting")
        raise
    _settle(message_id, "sent")


def _begin(message_id: str, person_id: UUID) -> bool:
    at = clock.now()
    fresh = insert(MailPost).values(
        message_id=message_id, person_id=person_id, state="trying", tries=1, doubts=0, tried_at=at
    )
    again = fresh.on_conflict_do_update(
        index_elements=[MailPost.message_id],
        set_={
            "tries": MailPost.tries + 1,
            "doubts": MailPost.doubts + cast(MailPost.state == "trying", Integer),
            "state": "trying",
            "tried_at": at,
        },
        where=MailPost.state != "sent",
    )
    with work(Scope.system()) as session:
        return session.execute(again.returning(MailPost.message_id)).first() is None


def _settle(message_id: str, state: str) -> None:
    with work(Scope.system()) as session:
        row = session.get_one(MailPost, message_id)
        row.state, row.sent_at = state, clock.now() if state == "sent" else None
