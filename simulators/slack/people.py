"""People's messages in Slack: writing, editing, deleting, reactions."""

from collections.abc import Sequence
from typing import Any

from simulators.slack.chat import remove_message, toggle_reaction
from simulators.slack.core import SlackCore
from simulators.slack.shapes import changed_event, mention_event, message_event, reaction_event
from simulators.slack.speaking import Said, keep_file, mentions_our_bot, names_in, place_of, put_in, words_of
from simulators.slack.text import encode, rich_text
from simulators.slack.world import Message, SlackChannel


class People:
    """Acts of people on messages. Every act takes `wait`: whether to wait for the app's answer."""

    def __init__(self, core: SlackCore) -> None:
        self._core = core
        self._world = core.world

    def say(
        self,
        team: str,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[dict[str, Any]] = (),
        broadcast: bool = False,
        check_file_info: bool = False,
        wait: bool = True,
    ) -> Said:
        """Write in a channel; `channel` "im" is the direct conversation with the bot.

        `team` is the workspace the person is at; an author of another one makes it Slack Connect. `files` are {"name",
        "content" (bytes) or "content_base64", "mimetype"}. A mention of the bot sends app_mention as a second event
        with the same ts.
        """
        with self._world.lock:
            kept = [keep_file(self._core, user, file, check_file_info=check_file_info) for file in files]
            fields = words_of(self._core, team, user, text, thread_ts=thread_ts, files=kept, broadcast=broadcast)
        return put_in(self._core, team, user, channel, fields, files=kept, wait=wait)

    def edit(self, team: str, user: str, channel: str, ts: str, text: str, *, wait: bool = True) -> Said:
        """Edit the person's own message: message_changed with the old and the new message.

        If it now mentions the bot, in a channel, app_mention is sent (again), with `edited` and the message's ts
        (slackapi/bolt-js#960, chenhg5/cc-connect#1579).
        """
        place = place_of(self._core, team, user, channel)
        message = self._own(place, user, ts)
        with self._world.lock:
            previous = dict(message)
            message["text"] = encode(text, names=names_in(self._core, team))
            message["blocks"] = rich_text(message["text"], block_id=self._world.ids.secret(5))
            message["edited"] = {"user": user, "ts": self._world.ts()}
        said = self._changed(place, message, previous, wait=wait)
        if mentions_our_bot(self._core, place, str(message["text"])):
            event = mention_event(message_event(self._world, place, message))
            said.deliveries.extend(self._core.emit(place, event, wait=wait))
        return said

    def unfurl(self, team: str, channel: str, ts: str, *, wait: bool = True) -> Said:
        """Add a preview of a link: message_changed although the text is the same."""
        place = self._world.channels[channel]
        message = place.messages[ts]
        preview = {"id": 1, "from_url": "https://example.com/", "title": "Example", "fallback": ""}
        with self._world.lock:
            previous = dict(message)
            message["attachments"] = [preview]
        return self._changed(place, message, previous, wait=wait)

    def detect_language(self, team: str, channel: str, ts: str, *, locale: str = "es-ES", wait: bool = True) -> Said:
        """Set the detected language of a message: message_changed although the text is the same.

        Source: docs.slack.dev/reference/events/message/message_changed, on "our automatic language detection".
        """
        place = self._world.channels[channel]
        message = place.messages[ts]
        with self._world.lock:
            previous = dict(message)
            message["language"] = {"locale": locale, "is_reliable": True}
        return self._changed(place, message, previous, wait=wait)

    def _changed(self, place: SlackChannel, message: Message, previous: Message, *, wait: bool) -> Said:
        self._core.note("message_changed", place, message, author="user")
        event = changed_event(place, message=message, previous=previous, ts=self._world.ts())
        sent = self._core.emit(place, event, wait=wait)
        return Said(place.id, message["ts"], self._world.thread_view(place, message), sent)

    def delete(self, team: str, user: str, channel: str, ts: str, *, wait: bool = True) -> Said:
        """Delete the person's own message: message_deleted; if it has replies, message_changed and a tombstone."""
        place = place_of(self._core, team, user, channel)
        message = self._own(place, user, ts)
        with self._world.lock:
            events = remove_message(self._core, place, message)
        sent = [delivery for event in events for delivery in self._core.emit(place, event, wait=wait)]
        return Said(place.id, ts, message, sent)

    @staticmethod
    def _own(place: SlackChannel, user: str, ts: str) -> Message:
        message = place.messages[ts]
        if message.get("user") != user:
            raise ValueError("people change and delete only their own messages")
        return message

    def react(
        self, team: str, user: str, channel: str, ts: str, name: str, *, on: bool = True, wait: bool = True
    ) -> Said:
        """Add or remove an emoji: reaction_added, reaction_removed."""
        place = place_of(self._core, team, user, channel)
        message = place.messages[ts]
        with self._world.lock:
            toggle_reaction(message, name, user, on=on)
        self._core.note("message_changed", place, message, author="user")
        event = reaction_event(place, message, name=name, user=user, ts=self._world.ts(), added=on)
        return Said(place.id, ts, message, self._core.emit(place, event, wait=wait))
