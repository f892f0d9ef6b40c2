"""Notifications by direct message: to staff in the provider's workspace, to others in their company's."""

from datetime import datetime
from uuid import UUID

from flask_babel import gettext

from integrations.channels import relative_time, sentences
from integrations.channels.links import find_link, note_broken
from integrations.channels.posting import parts_of, post_once
from integrations.channels.transport import Broken, Transport
from integrations.channels.values import Post, WorkspaceLink
from msp.clients.queries import find_connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.i18n import reading_as
from msp.notify import Bundle, Notice
from msp.people.models import Person
from msp.people.queries import access_person, identities_of
from msp.tickets.events import ReplyFailed
from msp.words.failure_messages import failure_sentence


def reaches(transport: Transport, person_id: UUID) -> bool:
    """Whether a person has an identity in a workspace of their company with a working connection (system scope)."""
    return _address(transport, access_person(person_id)) is not None


def send_notification(transport: Transport, bundle: Bundle) -> None:
    """Send a person a notification by direct message, once.

    Raises Temporary if it should be retried, and Permanent if it can never be delivered.
    """
    with work(Scope.system()):
        person = access_person(bundle.person_id)
        address = _address(transport, person)
    if address is None:
        raise Permanent("no_identity")
    link, external_id = address
    try:
        place = transport.direct(link, external_id)
        for number, part in enumerate(parts_of(transport, Post(_words(bundle, person)))):
            post_once(transport, link, place, part, key=f"notification.{bundle.key}.{number}")
    except Broken as broken:
        note_broken(link.platform, link.workspace, reason=broken.reason)
        raise


def _address(transport: Transport, person: Person) -> tuple[WorkspaceLink, str] | None:
    for identity in identities_of(person.id):
        if identity.platform != transport.platform.name:
            continue
        link = find_link(identity.platform, identity.workspace)
        if link is None or link.client_id != person.client_id:
            continue
        connection = find_connection(link.platform, link.workspace)
        if connection is not None and connection.broken_reason is None:
            return link, identity.external_id
    return None


def _words(bundle: Bundle, person: Person) -> str:
    with reading_as(person.locale, person.timezone):
        lines = [line_of(notice) for notice in bundle.notices]
        if len(lines) == 1:
            return lines[0]
        return "\n".join([sentences.digest(len(lines)), *(f"• {line}" for line in lines)])


def line_of(notice: Notice) -> str:
    """One line in the recipient's language and time zone."""
    data, due_at = notice.data, notice.data.get("due_at")
    if notice.kind == ReplyFailed.kind:
        return _reply_failed(notice)
    return sentences.notification(
        notice.kind,
        label=data["label"],
        subject=data["subject"],
        client=data["client"],
        clock=data.get("clock", ""),
        due=relative_time.due(datetime.fromisoformat(due_at), now=clock.now()) if due_at else "",
    )


def _reply_failed(notice: Notice) -> str:
    data = notice.data
    return gettext(
        "A reply on %(label)s could not be delivered: %(subject)s (%(client)s). %(reason)s",
        label=data["label"],
        subject=data["subject"],
        client=data["client"],
        reason=failure_sentence(data.get("reason"), service=data.get("channel") or ""),
    )
