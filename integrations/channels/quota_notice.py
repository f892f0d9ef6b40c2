"""Notice to the author of a chat message whose file exceeds the daily file quota."""

import logging
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from integrations.channels.conversation_state import place_of
from integrations.channels.posting import once
from integrations.channels.transport import Transport
from integrations.channels.values import ThreadRef, WorkspaceLink
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import OutsideFailure
from msp.kernel.i18n import reading_as
from msp.people.models import ChatIdentity, Person
from msp.tickets.models import Attachment, Conversation, Message

log = logging.getLogger(__name__)


def notify_of_quota(transport: Transport, link: WorkspaceLink, *, attachment_id: UUID) -> None:
    """Notify the author of a message with a file over the quota, alone and once a day; failures are only logged."""
    found = _author_and_place(transport.platform.name, link.workspace, attachment_id)
    if found is None:
        return
    person, external_id, place, name = found
    with reading_as(person.locale, person.timezone):
        text = gettext(
            "The file %(name)s was not saved: you or your company have reached the daily file "
            "limit. Send it tomorrow or contact us.",
            name=name,
        )
    key = f"quota:{person.id}:{clock.now().date()}"
    try:
        once(transport.platform.name, key, lambda: transport.post_ephemeral(link, place, to=external_id, text=text))
    except OutsideFailure as failure:
        log.info("a notice of the quota was not delivered", extra={"reason": failure.reason})


def _author_and_place(platform: str, workspace: str, attachment_id: UUID) -> tuple[Person, str, ThreadRef, str] | None:
    with work(Scope.system()) as session:
        attachment = session.get_one(Attachment, attachment_id)
        message = session.get_one(Message, attachment.message_id)
        identity = session.scalars(
            select(ChatIdentity).where(
                ChatIdentity.person_id == message.author_id,
                ChatIdentity.platform == platform,
                ChatIdentity.workspace == workspace,
            )
        ).first()
        conversation = session.scalars(
            select(Conversation)
            .where(Conversation.ticket_id == message.ticket_id, Conversation.platform == platform)
            .order_by(Conversation.created_at.desc())
        ).first()
        if identity is None or conversation is None:
            return None
        person = session.get_one(Person, identity.person_id)
        return person, identity.external_id, place_of(conversation), attachment.name
