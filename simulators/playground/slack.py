"""The Slack half of the page: a person's conversations with the desk's app, and the person's acts."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext
from markupsafe import Markup

from simulators.playground.desk_client import Door
from simulators.playground.views import Line, Panel, Spot, Who, Wish, grouped
from simulators.playground.words import mrkdwn, typed

PLATFORM = "slack"
Json = dict[str, Any]


def panel(door: Door, wish: Wish, *, cursor: int) -> Panel | None:
    """The panel for the person of a wish; None if the local Slack has no people."""
    state = door.state()
    people = _people(state)
    if not people:
        return None
    who = next((each for each in people if each.id == wish.person), people[0])
    if not any(each["user"] == who.id for each in state["channels"]):
        door.act("open_im", **_by(who))
        state = door.state()
    spots = _spots(state, who, wish)
    here = next(spot for spot in spots if spot.is_here)
    names = {user["id"]: user["real_name"] for user in state["users"]}
    names |= {channel["id"]: channel["name"] for channel in state["channels"] if channel["name"]}
    said = door.messages(channel=here.id)
    thread = wish.thread if any(message["ts"] == wish.thread for message in said) else ""
    if thread:  # an ephemeral message is shown in a thread only if the person has it open
        door.act("open_thread", **_by(who), channel=here.id, thread_ts=thread)
    asides = door.act("ephemerals", channel=here.id, user=who.id)
    bots = _bots(state)
    everybody = {each.id: each for each in people} | bots
    app = bots[next(each["bot_user_id"] for each in state["workspaces"] if each["team_id"] == who.company_id)]
    said_here = _shown(said, asides, thread)
    lines = [_line(message, who, everybody, names, app=app) for message in said_here]
    own = next((m for m in said if m["ts"] == wish.edit and m.get("user") == who.id), None)
    return Panel(
        platform=PLATFORM,
        who=who,
        people=grouped(people),
        spots=spots,
        lines=tuple(lines),
        wish=Wish(who.id, here.id, thread, own["ts"] if own else ""),
        names=names,
        draft=typed(own["text"], names=names) if own else "",
        cursor=cursor,
    )


def is_news(entry: Json, wish: Wish) -> bool:
    """Whether an entry of the feed changes the person's panel."""
    return bool(entry.get("channel") == wish.place)


def say(door: Door, wish: Wish, text: str) -> Wish:
    """Write, or edit the person's own message; a new message at the top level opens its thread."""
    who = _person(door, wish)
    if wish.edit:
        door.act("edit", **_by(who), channel=wish.place, ts=wish.edit, text=text, wait=False)
        return replace(wish, edit="")
    said = door.act("say", **_by(who), channel=wish.place or "im", text=text, thread_ts=wish.thread or None, wait=False)
    thread = wish.thread or said["ts"]
    door.act("open_thread", **_by(who), channel=said["channel"], thread_ts=thread)
    return Wish(who.id, said["channel"], thread)


def press(door: Door, wish: Wish, message: str, action: str) -> str:
    """Press a button under a message; returns the app's immediate answer to the person, mostly empty."""
    done = door.act("click", **_by(_person(door, wish)), channel=wish.place, ts=message, action_id=action)
    return gettext("Not completed. Try again in a moment.") if done["failed"] else ""


def delete(door: Door, wish: Wish, message: str) -> None:
    """Delete the person's own message."""
    door.act("delete", **_by(_person(door, wish)), channel=wish.place, ts=message, wait=False)


def _by(who: Who) -> dict[str, str]:
    return {"team": who.company_id, "user": who.id}


def _person(door: Door, wish: Wish) -> Who:
    people = _people(door.state())
    return next((each for each in people if each.id == wish.person), people[0])


def _people(state: Json) -> list[Who]:
    names = {workspace["team_id"]: workspace["name"] for workspace in state["workspaces"]}
    return [_who(user, names) for user in state["users"] if not user["is_bot"] and not user["deleted"]]


def _bots(state: Json) -> dict[str, Who]:
    names = {workspace["team_id"]: workspace["name"] for workspace in state["workspaces"]}
    return {user["id"]: _who(user, names) for user in state["users"] if user["is_bot"]}


def _who(user: Json, workspaces: dict[str, str]) -> Who:
    return Who(user["id"], user["real_name"], workspaces[user["team_id"]], user["team_id"], user["tz"], user["locale"])


def _spots(state: Json, who: Who, wish: Wish) -> tuple[Spot, ...]:
    """The chat with the app first, then the channels of the workspace."""
    places = [
        (each["id"], state["app"]["name"] if each["kind"] == "im" else each["name"], each["kind"])
        for each in state["channels"]
        if (each["kind"] == "im" and each["user"] == who.id)
        or (each["kind"] != "im" and each["team_id"] == who.company_id)
    ]
    places.sort(key=lambda place: place[2] != "im")
    here = wish.place if any(id == wish.place for id, _, _ in places) else places[0][0]
    return tuple(Spot(id, name, "direct" if kind == "im" else "channel", id == here) for id, name, kind in places)


def _shown(said: list[Json], asides: list[Json], thread: str) -> list[Json]:
    """One thread, or the top level of the place, with the app's ephemeral messages to this person."""
    if thread:
        kept = [each for each in (*said, *asides) if thread in (each["ts"], each.get("thread_ts"))]
    else:
        kept = [each for each in said if each.get("thread_ts") in (None, each["ts"]) or _is_broadcast(each)]
        kept += [each for each in asides if not each.get("thread_ts")]
    return sorted(kept, key=lambda each: str(each["ts"]))


def _is_broadcast(message: Json) -> bool:
    return message.get("subtype") == "thread_broadcast"


def _line(message: Json, who: Who, everybody: dict[str, Who], names: dict[str, str], *, app: Who) -> Line:
    is_private = bool(message.get("is_ephemeral"))
    is_bot = is_private or "app_id" in message or bool(message.get("bot_id"))
    is_gone = message.get("subtype") == "tombstone"
    blocks = tuple(message.get("blocks") or ()) if is_bot else ()
    latest = message.get("latest_reply")
    author = app if is_private else everybody.get(str(message.get("user"))) or _unknown(message, who)
    return Line(
        id=message["ts"],
        author=author,
        at=_instant(message["ts"]),
        body=Markup() if blocks else mrkdwn(_words(message), names=names),
        is_bot=is_bot,
        is_mine=author.id == who.id,
        is_edited="edited" in message and not is_bot,
        is_gone=is_gone,
        is_private=is_private,
        can_change=author.id == who.id and not (is_gone or is_bot),
        replies=int(message.get("reply_count") or 0),
        last_reply=_instant(latest) if latest else None,
        blocks=blocks,
    )


def _words(message: Json) -> str:
    """The text of a message, followed by the messages it forwards with their authors."""
    forwarded = [each for each in message.get("attachments") or () if each.get("is_share")]
    quotes = [f"{each.get('author_name', '')}: {each.get('text', '')}" for each in forwarded]
    return "\n".join([*([message["text"]] if message.get("text") else []), *quotes])


def _unknown(message: Json, who: Who) -> Who:
    """The author of a message without a known user: another app by its name, or a foreign id."""
    name = str(message.get("username") or message.get("user") or "")
    return Who(str(message.get("bot_id") or message.get("user") or ""), name, "", "", who.zone, who.locale)


def _instant(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
