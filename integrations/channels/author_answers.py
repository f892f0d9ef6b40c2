"""What the author of a message is told alone: that it was taken, that nothing was said, that they are known now."""

import logging
from collections.abc import Callable
from dataclasses import replace

from integrations.channels.posting import once, post_once
from integrations.channels.requesters import (
    Author,
)
from integrations.channels.transport import Transport, Unreachable
from integrations.channels.values import IncomingMessage, Post, WorkspaceLink
from msp.kernel.errors import OutsideFailure
from msp.kernel.i18n import reading_as

log = logging.getLogger(__name__)


def answer_author(
    transport: Transport, link: WorkspaceLink, said: IncomingMessage, author: Author, sentence: Callable[[], str]
) -> None:
    """Say something to the author alone, once per message: as a message in their own chat, else seen by them only.

    A message that was posted outside of any thread is answered outside of any thread: Slack shows an ephemeral
    message in a thread only to people who have that thread open. In Teams, which has no such messages, somebody whom
    we cannot write to alone is answered where they wrote.
    """
    with reading_as(author.locale, author.timezone):
        text = sentence()
    place = replace(said.place, thread="") if said.starts_thread else said.place
    key = f"answer.{said.external_id}"
    try:
        if place.is_personal:
            post_once(transport, link, place, Post(text), key=key)
        else:
            once(
                transport.platform.name,
                key,
                lambda: transport.post_ephemeral(link, place, to=said.author, text=text),
            )
    except Unreachable as unreachable:
        if not transport.platform.capabilities.threads_in_chats and not place.is_personal:
            post_once(transport, link, said.place, Post(text), key=f"{key}.here")
        else:
            log.info("a private answer was not delivered", extra={"reason": unreachable.reason})
    except OutsideFailure as failure:  # the message itself has been stored
        log.info("a private answer was not delivered", extra={"reason": failure.reason})
