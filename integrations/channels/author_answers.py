"""Answers that only the author of a message sees: message received, message was empty, account recognised."""

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
    transport: Transport, link: WorkspaceLink, incoming: IncomingMessage, author: Author, sentence: Callable[[], str]
) -> None:
    """Send a sentence to the author alone, once per message: in their direct message, else as an ephemeral message.

    A message outside of any thread is answered outside of any thread: Slack shows an ephemeral message in a thread only
    to people who have that thread open. Teams has no ephemeral messages: an author who cannot be written to privately
    is answered where they wrote.
    """
    with reading_as(author.locale, author.timezone):
        text = sentence()
    place = replace(incoming.place, thread="") if incoming.starts_thread else incoming.place
    key = f"answer.{incoming.external_id}"
    try:
        if place.is_personal:
            post_once(transport, link, place, Post(text), key=key)
        else:
            once(
                transport.platform.name,
                key,
                lambda: transport.post_ephemeral(link, place, to=incoming.author, text=text),
            )
    except Unreachable as unreachable:
        if not transport.platform.capabilities.threads_in_chats and not place.is_personal:
            post_once(transport, link, incoming.place, Post(text), key=f"{key}.here")
        else:
            log.info("a private answer was not delivered", extra={"reason": unreachable.reason})
    except OutsideFailure as failure:  # the message itself is already stored
        log.info("a private answer was not delivered", extra={"reason": failure.reason})
