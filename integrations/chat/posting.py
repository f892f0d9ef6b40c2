"""Writing a message once: noted before it is sent, looked for where a try ended in doubt, then noted as sent."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from integrations.chat.models import ChatPost
from integrations.chat.transport import InDoubt, Transport
from integrations.chat.values import Link, Place, Post
from msp.kernel import clock, leases
from msp.kernel.db import Scope, work
from msp.kernel.errors import OutsideFailure, Permanent


def post_once(transport: Transport, link: Link, place: Place, post: Post, *, key: str) -> str:
    """Write a message unless it stands there already, and return its id; `key` is the same at every try."""
    row, is_new = _begin(key, transport.platform)
    if row.state == "sent" and row.external_id is not None:
        return row.external_id
    found = None if is_new else _look(transport, link, place, key=key, since=row.tried_at)
    if found is None:
        leases.hold()
        found = _send(transport, link, place, post, key=key)
    _finish(key, transport.platform, found, since=row.tried_at)
    return found


def in_parts(text: str, limit: int) -> list[str]:
    """Cut a long text into parts of at most `limit` characters, between paragraphs, lines or words where it can."""
    parts, rest = [], text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest]


def _cut(text: str, limit: int) -> int:
    for mark in ("\n\n", "\n", ". ", " "):
        at = text.rfind(mark, limit // 2, limit - 1)
        if at > 0:
            return at + 1
    return limit


def _begin(key: str, platform: str) -> tuple[ChatPost, bool]:
    values = {"key": key, "platform": platform, "state": "trying", "tried_at": clock.now()}
    with work(Scope.system()) as session:
        statement = insert(ChatPost).values(**values).on_conflict_do_nothing().returning(ChatPost.key)
        is_new = session.execute(statement).one_or_none() is not None
        return session.get_one(ChatPost, key), is_new


def _look(transport: Transport, link: Link, place: Place, *, key: str, since: datetime) -> str | None:
    try:
        return transport.find(link, place, key=key, since=since)
    except Permanent:  # it may not read there: better said twice than never
        return None


def _send(transport: Transport, link: Link, place: Place, post: Post, *, key: str) -> str:
    try:
        return transport.post(link, place, post, key=key)
    except InDoubt:
        raise
    except OutsideFailure:  # surely not sent: nothing to look for next time
        leases.hold()  # what another tries by now is another's to note
        with work(Scope.system()) as session:
            session.execute(delete(ChatPost).where(ChatPost.key == key))
        raise


def _finish(key: str, platform: str, external_id: str, *, since: datetime) -> None:
    sent = {"state": "sent", "external_id": external_id, "sent_at": clock.now()}
    with work(Scope.system()) as session:
        noted = insert(ChatPost).values(key=key, platform=platform, tried_at=since, **sent)
        session.execute(noted.on_conflict_do_update(index_elements=[ChatPost.key], set_=sent))
