"""The Teams half of the page: a person's chat with the desk's bot and the channels of their team."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import gettext
from markupsafe import Markup

from simulators.playground.desk_client import Door
from simulators.playground.views import Line, Panel, Spot, Who, Wish, grouped
from simulators.playground.words import markdown, teams_plain, teams_typed
from simulators.teams.cards import APOLOGY

PLATFORM = "teams"
Json = dict[str, Any]


def panel(door: Door, wish: Wish, *, cursor: int) -> Panel | None:
    """The panel for the person of a wish; None if the local Teams has no people."""
    state = door.state()
    people = _people(state)
    if not people:
        return None
    who = next((each for each in people if each.id == wish.person), _first(people))
    if not any(each["kind"] == "personal" and each["members"] == [who.id] for each in state["conversations"]):
        door.act("open_chat", **_by(who))
        state = door.state()
    spots = _spots(state, who, wish)
    here = next(spot for spot in spots if spot.is_here)
    said = door.act("seen_by", **_by(who), conversation=here.id)
    thread = wish.thread if here.kind == "channel" and any(a["id"] == wish.thread for a in said) else ""
    own = next((a for a in said if a["id"] == wish.edit and a["from"]["id"] == who.id), None)
    return Panel(
        platform=PLATFORM,
        who=who,
        people=grouped(people),
        spots=spots,
        lines=tuple(_lines(said, who, people, here, thread)),
        wish=Wish(who.id, here.id, thread, own["id"] if own else ""),
        draft=teams_plain(own["shown"]) if own else "",
        cursor=cursor,
    )


def is_news(entry: Json, wish: Wish) -> bool:
    """Whether an entry of the feed changes the person's panel."""
    return bool(entry.get("conversation") == wish.place)


def say(door: Door, wish: Wish, text: str) -> Wish:
    """Write, or edit the person's own message; a new post in a channel opens its thread."""
    who, is_channel = _person(door, wish)
    if wish.edit:
        door.act("edit", **_by(who), id=wish.edit, text=text, wait=False)
        return replace(wish, edit="")
    reply_to = wish.thread if is_channel else ""
    said = door.act("say", **_by(who), conversation=wish.place, text=text, reply_to=reply_to, wait=False)
    return Wish(who.id, said["conversation"], (reply_to or said["id"]) if is_channel else "")


def press(door: Door, wish: Wish, message: str, action: str) -> str:
    """Press a button of a card; returns the bot's immediate answer to this person."""
    who, _ = _person(door, wish)
    done = door.act("press", **_by(who), id=message, action=action)
    if done.get("failed") and not done.get("body"):
        return gettext("Not completed. Try again in a moment.")
    return str(done.get("shown", ""))


def delete(door: Door, wish: Wish, message: str) -> None:
    """Delete the person's own message."""
    who, _ = _person(door, wish)
    door.act("delete", **_by(who), id=message, wait=False)


def _by(who: Who) -> dict[str, str]:
    return {"tenant": who.company_id, "user": who.id}


def _person(door: Door, wish: Wish) -> tuple[Who, bool]:
    """The acting person, and whether they act in a channel."""
    state = door.state()
    people = _people(state)
    who = next((each for each in people if each.id == wish.person), _first(people))
    return who, any(each["id"] == wish.place and each["kind"] == "channel" for each in state["conversations"])


def _first(people: list[Who]) -> Who:
    """The person shown first: an English speaker, since the Slack chat begins in Spanish."""
    return next((each for each in people if each.locale.startswith("en")), people[0])


def _people(state: Json) -> list[Who]:
    names = {tenant["id"]: tenant["name"] for tenant in state["tenants"]}
    return [
        Who(user["id"], user["name"], names[user["tenant_id"]], user["tenant_id"], user["tz"], user["locale"])
        for user in state["users"]
    ]


def _spots(state: Json, who: Who, wish: Wish) -> tuple[Spot, ...]:
    """The chat with the bot first, then the channels of the person's teams."""
    teams = {each["id"] for each in state["teams"] if who.id in each["members"]}
    places = [
        (each["id"], state["app"]["name"] if each["kind"] == "personal" else each["name"], each["kind"])
        for each in state["conversations"]
        if (each["kind"] == "personal" and each["members"] == [who.id]) or each["team_id"] in teams
    ]
    places.sort(key=lambda place: place[2] != "personal")
    here = wish.place if any(id == wish.place for id, _, _ in places) else places[0][0]
    return tuple(Spot(id, name, "direct" if kind == "personal" else "channel", id == here) for id, name, kind in places)


def _lines(said: list[Json], who: Who, people: list[Who], here: Spot, thread: str) -> list[Line]:
    everybody = {each.id: each for each in people}
    if here.kind == "direct":
        return [_line(each, who, everybody, ()) for each in said]
    if thread:
        return [_line(each, who, everybody, ()) for each in said if each["thread"] == thread]
    roots = [each for each in said if each["thread"] == each["id"]]
    return [_line(root, who, everybody, _replies(root, said)) for root in roots]


def _replies(root: Json, said: list[Json]) -> tuple[Json, ...]:
    return tuple(each for each in said if each["thread"] == root["id"] and each is not root)


def _line(activity: Json, who: Who, everybody: dict[str, Who], replies: tuple[Json, ...]) -> Line:
    author = everybody.get(activity["from"]["id"])
    is_bot = author is None
    text = (activity.get("text") if is_bot else activity["shown"]) or ""
    if activity["card_problems"]:
        text = APOLOGY
    return Line(
        id=activity["id"],
        author=author or Who(activity["from"]["id"], activity["from"]["name"], "", "", who.zone, who.locale),
        at=datetime.fromisoformat(activity["timestamp"]),
        body=(markdown(text) if is_bot else teams_typed(text)) if text else Markup(),
        is_bot=is_bot,
        is_mine=activity["from"]["id"] == who.id,
        is_edited=bool(activity.get("edited")) and not is_bot,
        can_change=activity["from"]["id"] == who.id,
        replies=len(replies),
        last_reply=datetime.fromisoformat(replies[-1]["timestamp"]) if replies else None,
        card=activity["card"],
    )
