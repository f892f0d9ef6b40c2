"""Who has a ticket open and who is writing, stored in Valkey with expiry; the data may be lost without harm.

One sorted set per ticket, scored by each person's last activity in milliseconds. No text is stored.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import redis
from flask_babel import gettext
from sqlalchemy import select

from msp.kernel import clock, wake
from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.operations.lag import lag
from msp.people.models import Person
from msp.people.names import first_name
from msp.web.request_scope import current_person

PRESENT_SECONDS = 6
WRITING_SECONDS = 15
KINDS = ("reply", "note")
MOST = 10  # people of each kind that are listed


class Writer(NamedTuple):
    """A person who is writing, and one of KINDS."""

    person_id: UUID
    kind: str


class Presence(NamedTuple):
    """Other people who have a ticket open, and those of them who are writing."""

    viewers: tuple[UUID, ...] = ()
    writers: tuple[Writer, ...] = ()


def present(ticket_id: UUID) -> Presence:
    """Other people on a ticket; empty if Valkey is unavailable."""
    at = _milliseconds()
    try:
        pipe = wake.connection().pipeline(transaction=False)
        pipe.zrangebyscore(_looking(ticket_id), at - PRESENT_SECONDS * 1000, "+inf", start=0, num=MOST)
        _ask_writers(pipe, ticket_id, at)
        viewers, writers = pipe.execute()
    except redis.RedisError:
        return Presence()
    return _others(viewers, writers)


def look(ticket_id: UUID) -> Presence:
    """Record that this person has a ticket open, and return the others; empty if Valkey is unavailable."""
    at, key = _milliseconds(), _looking(ticket_id)
    try:
        pipe = wake.connection().pipeline(transaction=False)
        pipe.zadd(key, {str(current_person().id): at})
        pipe.zremrangebyscore(key, 0, at - PRESENT_SECONDS * 1000)
        pipe.expire(key, PRESENT_SECONDS)
        pipe.zrange(key, 0, MOST - 1)
        _ask_writers(pipe, ticket_id, at)
        *_, viewers, writers = pipe.execute()
    except redis.RedisError:
        return Presence()
    return _others(viewers, writers)


def say_writing(ticket_id: UUID, kind: str) -> None:
    """Record that this person is writing a reply or a note, or with '' that they stopped; raises Invalid.

    Expires after WRITING_SECONDS. Does nothing if Valkey is unavailable.
    """
    if kind and kind not in KINDS:
        raise Invalid(fields={"writing": ["unknown"]})
    me, key, at = current_person().id, _writing(ticket_id), _milliseconds()
    try:
        pipe = wake.connection().pipeline(transaction=False)
        pipe.zrem(key, *(f"{me}:{each}" for each in KINDS if each != kind))
        pipe.zremrangebyscore(key, 0, at - WRITING_SECONDS * 1000)
        if kind:
            pipe.zadd(key, {f"{me}:{kind}": at})
            pipe.expire(key, WRITING_SECONDS)
        pipe.execute()
    except redis.RedisError:
        return


def writing_lines(writers: Iterable[Writer]) -> list[str]:
    """A sentence for each person who is writing, in the reader's language."""
    kinds = {each.person_id: each.kind for each in writers}
    if not kinds:
        return []
    query = select(Person.id, Person.name).where(Person.id.in_(kinds)).order_by(Person.id)
    return [_line(name, kinds[person_id]) for person_id, name in db.session.execute(query)]


def page_version(version: str, here: Presence) -> str:
    """A version of the page that also changes with presence, and when the desk falls behind or catches up."""
    viewers = hash((lag() is None, *(each.int for each in here.viewers))) & 0xFFFF
    writers = hash(tuple((each.person_id.int, KINDS.index(each.kind)) for each in here.writers)) & 0xFFFF
    return f"{version}~{viewers:x}~{writers:x}"


def _line(name: str, kind: str) -> str:
    who = first_name(name) or name or gettext("Someone")
    if kind == "note":
        return gettext("%(name)s is writing a note…", name=who)
    return gettext("%(name)s is writing a reply…", name=who)


def _ask_writers(pipe: Any, ticket_id: UUID, at: int) -> None:
    pipe.zrangebyscore(_writing(ticket_id), at - WRITING_SECONDS * 1000, "+inf", start=0, num=MOST)


def _others(viewers: Iterable[bytes], writers: Iterable[bytes]) -> Presence:
    me = current_person().id
    looking = sorted(UUID(each.decode()) for each in viewers)
    writing = sorted(Writer(UUID(who), kind) for who, _, kind in (each.decode().partition(":") for each in writers))
    return Presence(
        tuple(each for each in looking if each != me), tuple(each for each in writing if each.person_id != me)
    )


def _looking(ticket_id: UUID) -> str:
    return f"looking:{ticket_id}"


def _writing(ticket_id: UUID) -> str:
    return f"writing:{ticket_id}"


def _milliseconds() -> int:
    return int(clock.now().timestamp() * 1000)
