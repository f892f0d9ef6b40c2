"""Message kinds other than typed text: /me, forwards, voice clips, blocks without text, bots.

Sources: docs.slack.dev/reference/events/message/me_message; forwards as in MercuryTechnologies/slack-web (tests/golden:
forwarded_message, share_with_message, share_without_message), with the original's files inside
(NousResearch/hermes-agent#75481) and its words sometimes in message_blocks alone (openclaw/openclaw#9963); voice clips
as measured by public projects (`subtype` slack_audio, `transcription` with a preview that may be cut, `vtt`), also with
a blank or a video type; bot_message as in slack-web (message_subtype_bot_message).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from simulators.courier import Delivery
from simulators.slack.core import SlackCore
from simulators.slack.files import shown_file
from simulators.slack.shapes import changed_event, message_event
from simulators.slack.speaking import Said, keep_file, names_in, put_in, words_of
from simulators.slack.text import encode, rich_text
from simulators.slack.world import SlackFile

PREVIEW = 200  # characters of a transcription that are part of the message


class Kinds:
    """Posts of other kinds; every act takes `wait`: whether to wait for the app's answer."""

    def __init__(self, core: SlackCore) -> None:
        self._core = core
        self._world = core.world

    def me(self, team: str, user: str, channel: str, text: str, *, wait: bool = True) -> Said:
        """Write with /me: the subtype is me_message, without team, client_msg_id and blocks."""
        stored = encode(text, names=names_in(self._core, team))
        fields = {"subtype": "me_message", "user": user, "text": stored, "_team": self._world.users[user].team_id}
        return put_in(self._core, team, user, channel, fields, wait=wait)

    def say_in_blocks(
        self, team: str, user: str, channel: str, blocks: Sequence[Mapping[str, Any]], *, text: str = "",
        thread_ts: str | None = None, wait: bool = True,
    ) -> Said:  # fmt: skip
        """Write a message with its content in blocks only (or a shorter `text`), as workflows and other clients do."""
        fields = words_of(self._core, team, user, text, thread_ts=thread_ts) | {"blocks": [dict(b) for b in blocks]}
        return put_in(self._core, team, user, channel, fields, wait=wait)

    def forward(
        self,
        team: str,
        user: str,
        channel: str,
        *,
        author: str,
        text: str = "",
        comment: str = "",
        files: Sequence[dict[str, Any]] = (),
        original: tuple[str, str] | None = None,
        only_blocks: bool = False,
        thread_ts: str | None = None,
        wait: bool = True,
    ) -> Said:
        """Forward a message of `author` (a name, or a user id), with or without a comment.

        `original` (channel, ts) is a message of this server; otherwise `text` and `files` are its content. With
        `only_blocks` the words are in the attachment's message_blocks alone.
        """
        kept = [keep_file(self._core, user, file) for file in files]
        shared = self._shared(team, author, text, kept, original, only_blocks=only_blocks)
        fields = words_of(self._core, team, user, comment, thread_ts=thread_ts) | {"attachments": [shared]}
        return put_in(self._core, team, user, channel, fields, wait=wait)

    def _shared(
        self, team: str, author: str, text: str, files: Sequence[SlackFile], original: tuple[str, str] | None,
        *, only_blocks: bool,
    ) -> dict[str, Any]:  # fmt: skip
        """The attachment with a forwarded message."""
        place, ts = original or (self._world.ids.upper("C"), self._world.ts())
        told = self._world.channels[place].messages[ts] if original else {}
        said_by = self._world.users.get(str(told.get("user") or author))
        name = said_by.display_name or said_by.real_name if said_by else author
        words = str(told.get("text") or encode(text, names=names_in(self._core, team)))
        blocks = told.get("blocks") or (rich_text(words, block_id=self._world.ids.secret(5)) if words else [])
        domain = self._world.workspaces[team].domain
        message = {"team": team, "channel": place, "ts": ts, "message": {"blocks": blocks}}
        said_at = datetime.fromtimestamp(float(ts), UTC)
        shared: dict[str, Any] = {
            "ts": ts, "author_id": said_by.id if said_by else self._world.ids.upper("U"), "channel_id": place,
            "channel_team": team, "is_msg_unfurl": True, "is_share": True, "message_blocks": [message],
            "color": "D0D0D0", "from_url": f"https://{domain}.slack.com/archives/{place}/p{ts.replace('.', '')}",
            "fallback": f"[{said_at:%B %d, %Y %I:%M %p}] {name}: {words}", "text": "" if only_blocks else words,
            "author_name": name, "author_subname": name, "mrkdwn_in": ["text"], "footer": "Slack Conversation",
        }  # fmt: skip
        files_shown = [shown_file(self._core, file) for file in files] or told.get("files") or []
        return shared | ({"files": files_shown} if files_shown else {})

    def unfurl_message(
        self, team: str, channel: str, ts: str, *, author: str, text: str = "", original: tuple[str, str] | None = None,
        wait: bool = True,
    ) -> Said:  # fmt: skip
        """Unfurl a link to a message: message_changed with the same words and an attachment that is no forward.

        The attachment has `is_msg_unfurl` without `is_share`.
        """
        place = self._world.channels[channel]
        message = place.messages[ts]
        shown = self._shared(team, author, text, (), original, only_blocks=False)
        del shown["is_share"]
        with self._world.lock:
            previous = dict(message)
            message["attachments"] = [*message.get("attachments", []), shown]
        self._core.note("message_changed", place, message, author="user")
        event = changed_event(place, message=message, previous=previous, ts=self._world.ts())
        return Said(place.id, ts, self._world.thread_view(place, message), self._core.emit(place, event, wait=wait))

    def voice(
        self,
        team: str,
        user: str,
        channel: str,
        words: str,
        *,
        comment: str = "",
        status: str = "complete",
        mimetype: str = "audio/mp4",
        thread_ts: str | None = None,
        wait: bool = True,
    ) -> Said:
        """Send a voice clip with its transcription; `status` "processing" has no words yet, see `transcribe`.

        A long transcription is cut, with has_more; the whole of it is in the file's vtt.
        """
        clip = {"name": "audio_message.m4a", "content": b"\0\0\0 ftypM4A ", "mimetype": mimetype or "audio/mp4"}
        file = keep_file(self._core, user, clip)
        file.mimetype = mimetype
        file.more = {"subtype": "slack_audio", "media_display_type": "audio", "duration_ms": 4000, "_words": words}
        file.more["transcription"] = _heard(words) if status == "complete" else {"status": status}
        fields = words_of(self._core, team, user, comment, thread_ts=thread_ts, files=[file])
        return put_in(self._core, team, user, channel, fields, files=[file], wait=wait)

    def transcribe(self, file_id: str, *, wait: bool = True) -> list[Delivery]:
        """Finish a clip's transcription: it is in files.info from now on, and file_change is sent."""
        file = self._world.files[file_id]
        file.more["transcription"] = _heard(str(file.more["_words"]))
        event = {"type": "file_change", "file_id": file.id, "file": {"id": file.id}, "event_ts": self._world.ts()}
        places = [self._world.channels[channel] for channel, _ in file.shares]
        return [delivery for place in places for delivery in self._core.emit(place, event, wait=wait)]

    def bot_says(
        self, team: str, channel: str, text: str, *, username: str = "Alertas", thread_ts: str | None = None,
        wait: bool = True,
    ) -> Said:  # fmt: skip
        """Another app posts a bot_message: it has a bot_id and a name, and no user."""
        place = self._world.channels[channel]
        fields: dict[str, Any] = {
            "subtype": "bot_message", "text": text, "username": username, "icons": {"emoji": ":robot_face:"},
            "bot_id": self._world.ids.upper("B"), "app_id": self._world.ids.upper("A"),
        } | ({"thread_ts": thread_ts} if thread_ts else {})  # fmt: skip
        message = self._world.add_message(place, fields)
        self._core.note("message", place, message, author="user")
        sent = self._core.emit(place, message_event(self._world, place, message), wait=wait)
        return Said(place.id, message["ts"], message, sent)


def _heard(words: str) -> dict[str, Any]:
    preview = {"content": words[:PREVIEW], "has_more": len(words) > PREVIEW}
    return {"status": "complete", "locale": "es-ES", "preview": preview}
