"""What an open page asks all the time: is there news? A few statements, no body when there is none."""

from typing import Any
from uuid import UUID

import redis
from flask import Blueprint, Response, jsonify, request

from msp.kernel import clock, wake
from msp.notify.rules import count_unread
from msp.operations.lag import lag
from msp.tickets import queries
from msp.web.guards import needs
from msp.web.request_scope import background, current_person

PRESENT_SECONDS = 6


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this door."""
    blueprint.add_url_rule("/live", "live", needs("desk")(live))
    blueprint.add_url_rule("/live/<uuid:ticket_id>", "live_ticket", needs("desk")(live))


@background
def live(ticket_id: UUID | None = None) -> Response:
    """204 while nothing changed since `since`; otherwise the new version and what it concerns.

    On a ticket's page it also says that this person is looking, and counts others who come and go as news; so is it
    when the desk falls behind, or has caught up.
    """
    since, _, seen = request.args.get("since", "").partition("~")
    news = queries.news(since)
    here = looking(ticket_id) if ticket_id else ()
    version = with_viewers(news.version, here)
    if news.version == since and version.partition("~")[2] == seen:
        return Response(status=204)
    tickets = list(news.tickets) or ([ticket_id] if ticket_id else [])
    return jsonify(version=version, tickets=tickets, notifications=count_unread(current_person().id))


def with_viewers(version: str, viewers: tuple[UUID, ...]) -> str:
    """A version of news that also changes with who is looking, and with whether the desk keeps up."""
    return f"{version}~{hash((lag() is None, *(each.int for each in viewers))) & 0xFFFF:x}"


def present(ticket_id: UUID) -> tuple[UUID, ...]:
    """Who else is looking at a ticket; this person says that they are with the page's first question for news."""
    since = int(clock.now().timestamp() * 1000) - PRESENT_SECONDS * 1000
    try:
        found: Any = wake.connection().zrangebyscore(f"looking:{ticket_id}", since, "+inf", start=0, num=10)
    except redis.RedisError:
        return ()
    people = (UUID(each.decode()) for each in found)
    return tuple(sorted(each for each in people if each != current_person().id))


def looking(ticket_id: UUID) -> tuple[UUID, ...]:
    """Say that this person is looking at a ticket, and hear who else is. Kept in Redis: forgetting it harms nobody."""
    me, at, key = str(current_person().id), int(clock.now().timestamp() * 1000), f"looking:{ticket_id}"
    try:
        pipe = wake.connection().pipeline(transaction=False)
        pipe.zadd(key, {me: at})
        pipe.zremrangebyscore(key, 0, at - PRESENT_SECONDS * 1000)
        pipe.expire(key, PRESENT_SECONDS)
        pipe.zrange(key, 0, 9)
        found = pipe.execute()[-1]
    except redis.RedisError:
        return ()
    return tuple(sorted(UUID(each.decode()) for each in found if each.decode() != me))
