"""Changes of conversations: joining and leaving, archiving, the app's Home, open threads.

Sources: docs.slack.dev/reference/events, member_joined_channel, member_left_channel, channel_left and group_left (with
the person who removed the bot as `actor_id`), channel_archive, channel_unarchive; and payloads of slack-web
(MercuryTechnologies/slack-web, tests/golden: channel_left, slackbotIm).
"""

from typing import Any

from simulators.courier import Delivery
from simulators.slack.core import SlackCore
from simulators.slack.envelopes import CHANNEL_TYPE_LETTER
from simulators.slack.shapes import message_event
from simulators.slack.speaking import Said, place_of
from simulators.slack.text import rich_text
from simulators.slack.views import home_view, shown_view
from simulators.slack.world import SlackChannel


class Places:
    """Acts of people on conversations."""

    def __init__(self, core: SlackCore) -> None:
        self._core = core
        self._world = core.world

    def join(self, team: str, user: str, channel: str, *, inviter: str = "", wait: bool = True) -> Said:
        """Join a channel (also the bot): a channel_join message and member_joined_channel."""
        place = self._world.channels[channel]
        place.members.add(user)
        if any(user == self._world.workspaces[each].bot_user_id for each in place.team_ids):
            place.latest_bot = user
        kind = "channel_join" if place.kind == "channel" else "group_join"
        invited = {"inviter": inviter} if inviter else {}
        said = self._notice(place, user, kind, "has joined the channel", wait=wait, **invited)
        joined = self._membership("member_joined_channel", team, user, place) | invited
        said.deliveries.extend(self._core.emit(place, joined, wait=wait))
        return said

    def leave(self, team: str, user: str, channel: str, *, wait: bool = True) -> list[Delivery]:
        """Leave a channel: a channel_leave message and member_left_channel."""
        place = self._world.channels[channel]
        kind = "channel_leave" if place.kind == "channel" else "group_leave"
        sent = self._notice(place, user, kind, "has left the channel", wait=wait).deliveries
        sent += self._core.emit(place, self._membership("member_left_channel", team, user, place), wait=wait)
        place.members.discard(user)
        return sent

    def remove_bot(self, team: str, actor: str, channel: str, *, wait: bool = True) -> list[Delivery]:
        """Remove the bot from a channel: channel_left (group_left), member_left_channel, and a message of Slackbot.

        Posting there is refused from now on.
        """
        place, bot = self._world.channels[channel], self._world.workspaces[team].bot_user_id
        left = {
            "type": "channel_left" if place.kind == "channel" else "group_left", "channel": place.id,
            "actor_id": actor, "event_ts": self._world.ts(),
        }  # fmt: skip
        sent = self._core.emit(place, left, wait=wait)
        sent += self._core.emit(place, self._membership("member_left_channel", team, bot, place), wait=wait)
        place.members.discard(bot)
        place.latest_bot = "" if place.latest_bot == bot else place.latest_bot
        return sent + self._tell_bot(team, f"You have been removed from #{place.name} by <@{actor}>", wait=wait)

    def _tell_bot(self, team: str, text: str, *, wait: bool) -> list[Delivery]:
        place = self._world.im(team, "USLACKBOT")
        blocks = rich_text(text, block_id=self._world.ids.secret(4))
        message = self._world.add_message(place, {"user": "USLACKBOT", "text": text, "team": team, "blocks": blocks})
        return self._core.emit(place, message_event(self._world, place, message), wait=wait)

    def archive(self, team: str, user: str, channel: str, *, wait: bool = True) -> list[Delivery]:
        """Archive a channel: channel_archive; posting there is refused from now on."""
        return self._close(user, channel, archived=True, wait=wait)

    def unarchive(self, team: str, user: str, channel: str, *, wait: bool = True) -> list[Delivery]:
        """Unarchive a channel: channel_unarchive, as an event and as a message in the channel."""
        return self._close(user, channel, archived=False, wait=wait)

    def _close(self, user: str, channel: str, *, archived: bool, wait: bool) -> list[Delivery]:
        place = self._world.channels[channel]
        place.is_archived = archived
        kind = "channel_archive" if archived else "channel_unarchive"
        event = {"type": kind, "channel": channel, "user": user, "event_ts": self._world.ts()}
        sent = self._core.emit(place, event, wait=wait)
        if not archived and place.kind == "channel":
            sent += self._notice(place, user, kind, "un-archived the channel", wait=wait).deliveries
        return sent

    def set_topic(self, team: str, user: str, channel: str, topic: str, *, wait: bool = True) -> Said:
        """Set the topic of a channel: a channel_topic message."""
        place = place_of(self._core, team, user, channel)
        kind = "channel_topic" if place.kind == "channel" else "group_topic"
        return self._notice(place, user, kind, f"set the channel topic: {topic}", wait=wait, topic=topic)

    def open_home(self, team: str, user: str, *, tab: str = "home", wait: bool = True) -> list[Delivery]:
        """Open the app's Home: app_home_opened, with the current view if there is one."""
        place = self._world.im(team, user)
        event: dict[str, Any] = {
            "type": "app_home_opened", "user": user, "channel": place.id, "tab": tab,
            "event_ts": self._world.ts(),
        }  # fmt: skip
        home = home_view(self._core, team, user)
        if home is not None and tab == "home":
            event["view"] = shown_view(home)
        return self._core.emit(None, event, wait=wait, teams=[team])

    def open_thread(self, team: str, user: str, channel: str, thread_ts: str) -> None:
        """Open a thread, so that the person sees ephemeral messages in it from now on."""
        self._core.screens.open_thread(user, place_of(self._core, team, user, channel), thread_ts)

    def close_thread(self, team: str, user: str, channel: str, thread_ts: str) -> None:
        """Close a thread."""
        self._core.screens.close_thread(user, place_of(self._core, team, user, channel), thread_ts)

    def _membership(self, kind: str, team: str, user: str, place: SlackChannel) -> dict[str, Any]:
        return {
            "type": kind, "user": user, "channel": place.id, "channel_type": CHANNEL_TYPE_LETTER[place.kind],
            "team": team, "event_ts": self._world.ts(),
        }  # fmt: skip

    def _notice(self, place: SlackChannel, user: str, kind: str, did: str, *, wait: bool, **more: str) -> Said:
        words = {"subtype": kind, "user": user, "text": f"<@{user}> {did}", "team": self._world.users[user].team_id}
        message = self._world.add_message(place, words | more)
        self._core.note("message", place, message, author="user")
        sent = self._core.emit(place, message_event(self._world, place, message), wait=wait)
        return Said(place.id, message["ts"], message, sent)
