"""Attempts of each channel at one delivery of a reply, so that a retry continues where the last try stopped."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Broken, Permanent, Unreachable
from msp.notify.models import ReplyAttempt
from msp.notify.replies import OutgoingReply


def attempts_at(key: str) -> list[ReplyAttempt]:
    """The attempts at one delivery, in the order in which they began (system scope)."""
    query = select(ReplyAttempt).where(ReplyAttempt.key == key).order_by(ReplyAttempt.place)
    return list(db.session.scalars(query))


def forget_attempts(key: str) -> None:
    """Delete the attempts, so that every channel is tried again (system scope)."""
    db.session.execute(delete(ReplyAttempt).where(ReplyAttempt.key == key))


def last_refusals(message_id: UUID) -> dict[str, ReplyAttempt]:
    """The latest refusal of a message by each channel (system scope)."""
    query = select(ReplyAttempt).where(ReplyAttempt.message_id == message_id, ReplyAttempt.refused_at.is_not(None))
    return {each.channel: each for each in db.session.scalars(query.order_by(ReplyAttempt.refused_at))}


def remaining(names: Sequence[str], attempts: Sequence[ReplyAttempt]) -> list[str]:
    """The channels still to be tried: one whose try was cut off first, one that refused never. Pure."""
    known = {each.channel: each for each in attempts}
    begun = [each.channel for each in attempts if each.refused_at is None and each.channel in names]
    return [*begun, *(name for name in names if name not in known)]


def begin(reply: OutgoingReply, channel: str, *, at: datetime) -> ReplyAttempt:
    """Record that a channel is being tried, before anything is sent; returns its attempt."""
    before = select(func.count()).where(ReplyAttempt.key == reply.key).scalar_subquery()
    fresh = insert(ReplyAttempt).values(
        key=reply.key,
        channel=channel,
        client_id=reply.client_id,
        message_id=reply.message_id,
        place=before,
        began_at=at,
    )
    with work(Scope.system()) as session:
        session.execute(fresh.on_conflict_do_nothing())
        return session.get_one(ReplyAttempt, (reply.key, channel))


def note_refusal(reply: OutgoingReply, channel: str, refusal: Permanent, *, at: datetime) -> None:
    """Record that a channel will not send this reply."""
    with _attempt(reply, channel) as attempt:
        attempt.refused_at, attempt.reason = at, refusal.reason
        attempt.is_connection = isinstance(refusal, Broken | Unreachable)


def note_doubt(reply: OutgoingReply, channel: str) -> None:
    """Record that a try was cut off: the reply may have been sent."""
    with _attempt(reply, channel) as attempt:
        attempt.is_in_doubt = True


def note_fault(reply: OutgoingReply, channel: str) -> int:
    """Count an unexpected internal fault in a channel; returns how many there were."""
    with _attempt(reply, channel) as attempt:
        attempt.faults += 1
        return attempt.faults


@contextmanager
def _attempt(reply: OutgoingReply, channel: str) -> Iterator[ReplyAttempt]:
    with work(Scope.system()) as session:
        yield session.get_one(ReplyAttempt, (reply.key, channel), with_for_update=True)
