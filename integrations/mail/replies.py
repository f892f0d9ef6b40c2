"""Replies by mail: the technician's message in the requester's language; all mails of a ticket share a thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask_babel import gettext
from markupsafe import Markup

from integrations.mail.notices import path_to
from integrations.mail.platform import MAIL
from integrations.mail.smtp import is_address
from integrations.mail.writing import MailContent, MailSender, post_once
from msp.clients.platforms import platform_named
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.i18n import reading_as
from msp.notify.portal_channel import can_use_portal
from msp.notify.replies import EMAIL, DraftReply, OutgoingReply, ReplyPreview
from msp.notify.reply_attempts import attempts_at
from msp.notify.requester_contact import RequesterContact
from msp.people.names import first_name
from msp.people.queries import access_person
from msp.richtext import document_of, write_text
from msp.tickets.attached_files import StoredFile, files_to_send
from msp.tickets.models import Message, Ticket

MAX_FILE_BYTES = 10 * 1024 * 1024  # of all files of a mail; base64 adds a third, and many servers refuse 20 MB


@dataclass(frozen=True, slots=True)
class MailReplyChannel:
    """The reply channel for requesters who have an email address."""

    post: MailSender
    name: str = EMAIL

    def can_reach(self, contact: RequesterContact) -> bool:
        """Whether the requester has an email address other than the desk's own."""
        return is_address(contact.email) and contact.email.lower() != self.post.sender.lower()

    def preview(self, draft: DraftReply) -> ReplyPreview:
        """The mail's subject, and its HTML part without the lines on how to answer."""
        shown = MAIL.read_written(MAIL.write(draft.document))
        return ReplyPreview((shown,), heading=draft.author, subject=_subject(draft.label, draft.subject))

    def send(self, reply: OutgoingReply) -> None:
        """Send the requester one mail; raises Temporary, MailInDoubt or Permanent."""
        with work(Scope.system()):
            has_portal = can_use_portal(access_person(reply.requester_id))
            closed = {attempt.channel for attempt in attempts_at(reply.key) if attempt.refused_at is not None}
        with work(Scope.client(reply.client_id)) as session:
            requester = access_person(reply.requester_id)
            message = session.get(Message, reply.message_id)
            if message is None or message.deleted_at is not None:
                raise Permanent("not_found")
            ticket = session.get_one(Ticket, reply.ticket_id)
            with reading_as(requester.locale, requester.timezone):
                source = "" if ticket.source in closed else ticket.source
                how = "" if has_portal else _how_to_answer(ticket.label, source)
                letter = _letter(self.post, reply, ticket, message, how=how)
        post_once(self.post, letter, requester)


def _letter(post: MailSender, reply: OutgoingReply, ticket: Ticket, message: Message, *, how: str) -> MailContent:
    """The mail for the current reader; `how` explains how to answer, empty if they use the portal."""
    html, text = _rendered(message)
    attached, left_out = _fitting(files_to_send(message.id))
    parts = {
        "left_out": _left_out(left_out, has_portal=not how),
        "label": ticket.label,
        "html": html,
        "text": text,
        "ticket_url": "" if how else f"{post.public_url}{path_to('portal.ticket', label=ticket.label)}",
        "how": how,
    }
    author = first_name(message.author.name) or message.author.name if message.author else ""
    return MailContent(
        key=reply.key,
        subject=_subject(ticket.label, ticket.subject),
        text=render_template("mail/reply.txt", **parts),
        html=render_template("mail/reply.html", **parts),
        thread=ticket.id,
        author=author,
        files=attached,
    )


def _fitting(files: Sequence[StoredFile]) -> tuple[list[StoredFile], list[StoredFile]]:
    """The files that fit into a mail, in order, and those that do not."""
    attached: list[StoredFile] = []
    left_out: list[StoredFile] = []
    room = MAX_FILE_BYTES
    for file in files:
        fits = file.size <= room
        (attached if fits else left_out).append(file)
        room -= file.size if fits else 0
    return attached, left_out


def _left_out(files: Sequence[StoredFile], *, has_portal: bool) -> str:
    """The sentence about files that are too large; empty if there are none."""
    names = ", ".join(file.name for file in files)
    if not names:
        return ""
    if has_portal:
        return gettext("Too large for an email, in the portal: %(names)s.", names=names)
    return gettext("Too large for an email: %(names)s. Ask us for them.", names=names)


def _subject(label: str, subject: str) -> str:
    return gettext("[%(label)s] %(subject)s", label=label, subject=subject)


def _rendered(message: Message) -> tuple[Markup, str]:
    """The message as HTML and as text."""
    document = document_of(message.body, message.content)
    return Markup(MAIL.write(document)), write_text(document)  # noqa: S704 (sanitised by write_html)


def _how_to_answer(label: str, source: str) -> str:
    """How a requester without the portal can answer: by the channel of their ticket, if it is open."""
    values = {"label": label}
    platform = platform_named(source)
    if platform is not None and platform.how_to_answer:
        return str(platform.how_to_answer) % values
    if source == "phone":
        return gettext("To reply, call us and mention ticket %(label)s.", **values)
    return gettext("To reply, contact us and mention ticket %(label)s.", **values)
