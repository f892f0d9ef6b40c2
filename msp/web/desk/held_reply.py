"""A held reply in the composer: the messages of others since, and what confirming sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from flask_babel import gettext, ngettext

from msp.people.names import first_name
from msp.tickets.detail import MessageRow
from msp.web.request_scope import current_person


@dataclass(frozen=True, slots=True)
class Hold:
    """A reply held because of the messages after `since` up to `until`; `then` and `body` are those of its form.

    `had_files`: files were attached; without script they have to be selected again.
    """

    since: UUID
    until: UUID
    then: str = ""
    body: str = ""
    had_files: bool = False


@dataclass(frozen=True, slots=True)
class HeldReply:
    """Context of desk/_held.html. `state` holds the parameters that redraw it with a newer page."""

    hold: Hold
    title: str
    messages: Sequence[MessageRow]
    state: str


def hold_asked_for() -> Hold | None:
    """The hold in the page's URL, so that it is still shown after a reload."""
    try:
        since, until = (UUID(request.args.get(name, "")) for name in ("held_since", "held_until"))
    except ValueError:
        return None
    return Hold(since, until, then=request.args.get("held_then", ""))


def held_reply(hold: Hold | None, rows: Sequence[MessageRow]) -> HeldReply | None:
    """The held reply to show; None without a hold, or if none of the other messages exists any more."""
    if hold is None:
        return None
    messages = [each for each in rows if hold.since < each.id <= hold.until and _holds(each)]
    if not messages:
        return None
    state = {"held_since": hold.since, "held_until": hold.until, "held_then": hold.then}
    return HeldReply(hold, _title(messages), messages, urlencode(state))


def _holds(message: MessageRow) -> bool:
    is_of_another = message.author is not None and message.author.id != current_person().id
    return is_of_another and message.visibility == "public" and message.deleted_at is None


def _title(messages: Sequence[MessageRow]) -> str:
    authors = {each.author for each in messages if each.author}
    if len(authors) > 1:
        return ngettext(
            "%(num)d new message while you were writing", "%(num)d new messages while you were writing", len(messages)
        )
    author = authors.pop()
    name = first_name(author.name) or author.name or gettext("Someone")
    if author.client_id is None:
        return gettext("%(name)s replied while you were writing", name=name)
    return gettext("%(name)s wrote while you were writing", name=name)
