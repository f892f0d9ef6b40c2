"""Posting a person's message, and the events for it.

Sources: docs.slack.dev/reference/events/message and its subtypes; payloads in slackapi/java-slack-sdk (json-logs,
samples) and MercuryTechnologies/slack-web (tests/golden). A person's client adds a rich_text block to the text, and a
client_msg_id to each message. Where the app's bot is a member, one mention is two events: message and app_mention, with
the same ts and ids of their own (slackapi/bolt-python#778).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.courier import Delivery
from simulators.slack.core import SlackCore
from simulators.slack.files import add_file, shown_file, tell_of_share, withheld_file
from simulators.slack.shapes import mention_event, message_event
from simulators.slack.text import encode, mentions, rich_text
from simulators.slack.world import Message, SlackChannel, SlackFile


@dataclass(frozen=True)
class Said:
    """The result of a person's act: the message, if any, and the events sent to the app."""

    channel: str
    ts: str
    message: Message
    deliveries: list[Delivery]

    @property
    def event_ids(self) -> list[str]:
        """The event ids, in the order they were sent."""
        return [delivery.id for delivery in self.deliveries]

    def as_json(self) -> dict[str, Any]:
        """The act as the control routes show it."""
        return {
            "channel": self.channel, "ts": self.ts, "message": self.message,
            "deliveries": [delivery.as_json() for delivery in self.deliveries],
        }  # fmt: skip


def place_of(core: SlackCore, team: str, user: str, channel: str) -> SlackChannel:
    """The conversation in which a person acts; "im" is their own with the bot. Joins it without events if necessary.

    Raises ValueError for conversations that Slack's clients do not offer: other workspaces' channels, private ones of
    which the person is no member, a single-channel guest's other channels.
    """
    if channel == "im":
        return core.world.im(team, user)
    place, person = core.world.channels[channel], core.world.users[user]
    if team not in place.team_ids and place.kind != "im":
        raise ValueError(f"{channel} is no channel of workspace {team}")
    if user not in place.members and (place.kind != "channel" or person.is_restricted):
        raise ValueError(f"{user} is no member of {channel}")
    place.members.add(user)
    return place


def put_in(
    core: SlackCore, team: str, user: str, channel: str, fields: Mapping[str, Any], *, files: Sequence[SlackFile] = (),
    wait: bool = True,
) -> Said:  # fmt: skip
    """Post a message of a person with these fields; its author has the thread open from now on.

    Sends message, app_mention if it mentions the bot, and file_shared for each file.

    Raises ValueError in an archived channel, for a deactivated person, and if the app takes no direct messages.
    """
    place = place_of(core, team, user, channel)
    _may_write(core, user, place)
    with core.world.lock:
        message = core.world.add_message(place, fields)
        if message.get("thread_ts"):
            core.screens.open_thread(user, place, message["thread_ts"])
        for file in files:
            file.shares.append((place.id, message["ts"]))
    core.note("message", place, message, author="user")
    event = message_event(core.world, place, message)
    deliveries = core.emit(place, event, wait=wait)
    if mentions_our_bot(core, place, str(message.get("text", ""))):
        deliveries += core.emit(place, mention_event(event), wait=wait)
    for file in files:
        deliveries += tell_of_share(core, place, file, wait=wait)
    return Said(place.id, message["ts"], core.world.thread_view(place, message), deliveries)


def _may_write(core: SlackCore, user: str, place: SlackChannel) -> None:
    if place.is_archived:
        raise ValueError(f"{place.id} is archived")
    if core.world.users[user].deleted:
        raise ValueError(f"{user} is deactivated")
    if place.kind == "im" and not core.settings.messages_tab:
        raise ValueError("sending messages to this app has been turned off")


def mentions_our_bot(core: SlackCore, place: SlackChannel, text: str) -> bool:
    """Whether a text mentions the app's bot in a conversation with it as a member; False in direct ones."""
    if place.kind == "im":
        return False
    bots = {core.world.workspaces[team].bot_user_id for team in place.team_ids}
    return any(bot in place.members and mentions(text, bot) for bot in bots)


def words_of(
    core: SlackCore, team: str, user: str, text: str, *, thread_ts: str | None = None, files: Sequence[SlackFile] = (),
    broadcast: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The fields of a message that a person typed: text, its rich_text block, thread, files."""
    stored = encode(text, names=names_in(core, team))
    words: dict[str, Any] = {"user": user, "text": stored, "team": core.world.users[user].team_id}
    words["client_msg_id"] = core.world.ids.uuid()
    if core.world.users[user].is_bot:  # another app's
        words["bot_id"] = f"B{user[1:]}"
    if stored:
        words["blocks"] = rich_text(stored, block_id=core.world.ids.secret(5))
    if thread_ts:
        words["thread_ts"] = thread_ts
    if files:
        shown = [withheld_file(file) if file.check_file_info else shown_file(core, file) for file in files]
        words |= {"files": shown, "upload": False, "display_as_bot": False, "subtype": "file_share"}
    elif broadcast and thread_ts:
        words["subtype"] = "thread_broadcast"
    return words


def names_in(core: SlackCore, team: str) -> dict[str, str]:
    """The names that can be mentioned in a workspace, with their ids."""
    people = core.world.members(team)
    named = {person.name: person.id for person in people} | {person.real_name: person.id for person in people}
    return {name: id for name, id in named.items() if name}


def keep_file(core: SlackCore, user: str, file: Mapping[str, Any], *, check_file_info: bool = False) -> SlackFile:
    """Store a person's file.

    Either {"name", "content" (bytes) or "content_base64", "mimetype"}, or {"name", "external_url"} for one that another
    service hosts.
    """
    owner = core.world.workspaces[core.world.users[user].team_id]
    content = file.get("content", b"")
    if "content_base64" in file:
        content = base64.b64decode(file["content_base64"])
    kept = add_file(
        core, owner, user=user, name=file["name"], mimetype=file.get("mimetype", ""),
        content=content.encode() if isinstance(content, str) else content,
    )  # fmt: skip
    kept.check_file_info, kept.external_url = check_file_info, str(file.get("external_url", ""))
    return kept
