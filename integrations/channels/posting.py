"""Posts each message once: recorded before it is sent, looked up after an uncertain send, then recorded as sent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from integrations.channels.links import note_restored
from integrations.channels.models import ChatPost
from integrations.channels.transport import InDoubt, Transport
from integrations.channels.values import Post, ThreadRef, WorkspaceLink
from msp.kernel import clock, leases
from msp.kernel.db import Scope, work
from msp.kernel.errors import OutsideFailure, Permanent
from msp.richtext import split


def post_once(
    transport: Transport,
    link: WorkspaceLink,
    place: ThreadRef,
    post: Post,
    *,
    key: str,
    conversation_id: UUID | None = None,
) -> str:
    """Post a message unless it was posted, and return its id; `key` is the same at every try."""
    row, is_new = begin(key, transport.platform.name, conversation_id)
    if row.state == "sent" and row.external_id is not None:
        return row.external_id
    found = None if is_new else _look(transport, link, place, key=key, since=row.tried_at)
    if found is None:
        leases.ensure_lease()
        found = _send(transport, link, place, post, key=key)
    finish(key, transport.platform.name, found, conversation_id, since=row.tried_at)
    if link.is_broken:
        note_restored(link.platform, link.workspace)
    return found


def post_all(
    transport: Transport,
    link: WorkspaceLink,
    place: ThreadRef,
    posts: Sequence[Post],
    *,
    key: str,
    conversation_id: UUID | None = None,
) -> list[str]:
    """Post messages in order, each once; the first starts the thread if `place` has none."""
    sent: list[str] = []
    parts = [part for post in posts for part in parts_of(transport, post)]
    for number, part in enumerate(parts):
        part_key = f"{key}.{number}"
        sent.append(post_once(transport, link, place, part, key=part_key, conversation_id=conversation_id))
        place = place if place.thread else replace(place, thread=sent[0])
    return sent


def once(platform: str, key: str, act: Callable[[], None]) -> None:
    """Do something that leaves no message to look up, at most once per key."""
    _, is_new = begin(key, platform, None)
    if is_new:
        act()


def parts_of(transport: Transport, post: Post) -> list[Post]:
    """Split a post into messages that the platform accepts: text and card apart if required, long text in parts."""
    if post.card and post.text and transport.platform.capabilities.separate_cards:
        return [replace(post, card=None, ticket_id=None), replace(post, text="")]
    if post.card or post.buttons:
        return [post]
    first, *more = split(
        post.document, transport.platform.capabilities.max_text, lambda part: len(transport.platform.write(part))
    )
    return [
        replace(post, text="", content=first),
        *(replace(post, text="", content=part, author=None, label=None) for part in more),
    ]


def begin(key: str, platform: str, conversation_id: UUID | None) -> tuple[ChatPost, bool]:
    """Record that something is about to be sent; returns the record and whether it is new."""
    values = {
        "key": key,
        "platform": platform,
        "state": "trying",
        "tried_at": clock.now(),
        "conversation_id": conversation_id,
    }
    with work(Scope.system()) as session:
        statement = insert(ChatPost).values(**values).on_conflict_do_nothing().returning(ChatPost.key)
        is_new = session.execute(statement).one_or_none() is not None
        return session.get_one(ChatPost, key), is_new


def _look(transport: Transport, link: WorkspaceLink, place: ThreadRef, *, key: str, since: datetime) -> str | None:
    try:
        return transport.find(link, place, key=key, since=since)
    except Permanent:  # the app may not read there: a duplicate is better than a lost message
        return None


def _send(transport: Transport, link: WorkspaceLink, place: ThreadRef, post: Post, *, key: str) -> str:
    try:
        return transport.post(link, place, post, key=key)
    except InDoubt:
        raise
    except OutsideFailure:  # certainly not sent: there is nothing to look up at the next try
        leases.ensure_lease()  # after a lost lease the record belongs to another worker
        with work(Scope.system()) as session:
            session.execute(delete(ChatPost).where(ChatPost.key == key))
        raise


def finish(key: str, platform: str, external_id: str, conversation_id: UUID | None, *, since: datetime) -> None:
    """Record that it was sent."""
    sent = {"state": "sent", "external_id": external_id, "sent_at": clock.now()}
    with work(Scope.system()) as session:
        values = {"key": key, "platform": platform, "tried_at": since, "conversation_id": conversation_id}
        noted = insert(ChatPost).values(**values, **sent)
        session.execute(noted.on_conflict_do_update(index_elements=[ChatPost.key], set_=sent))


def keep_upload(key: str, external_id: str) -> None:
    """Record the id of an upload that is not shared yet."""
    with work(Scope.system()) as session:
        session.get_one(ChatPost, key).external_id = external_id
