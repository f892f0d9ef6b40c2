"""One person's Slack, for tests: their acts, one line each, and what they see.

marta = slack_server.person(TEAM, MARTA)
said = marta.say("im", "No imprime")
marta.reply(said, "Es la de la planta dos")
marta.forward("im", author="Ana", text="El servidor no responde")
assert marta.sees("im") == ["No imprime", …]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.courier import Delivery
from simulators.slack.speaking import Said
from simulators.slack.world import Message

if TYPE_CHECKING:
    from simulators.slack.server import SlackServer


@dataclass(frozen=True)
class SlackPerson:
    """A person at a workspace. Channels are ids, or "im" for the direct conversation with the app."""

    server: "SlackServer"
    team: str
    id: str

    # --------------------------------------------------------------------- writing

    def say(self, channel: str, text: str, **more: Any) -> Said:
        """Write; `more` are arguments of `People.say`: thread_ts, files, broadcast, check_file_info, wait."""
        return self.server.say(self.team, self.id, channel, text, **more)

    def reply(self, to: Said, text: str, **more: Any) -> Said:
        """Write in the thread of a message."""
        return self.say(to.channel, text, thread_ts=to.message.get("thread_ts") or to.ts, **more)

    def broadcast(self, to: Said, text: str, **more: Any) -> Said:
        """Write in a thread and have it shown in the channel too (thread_broadcast)."""
        return self.reply(to, text, broadcast=True, **more)

    def mention(self, channel: str, text: str = "", **more: Any) -> Said:
        """Write a message that begins with a mention of the app's bot."""
        bot = self.server.world.workspaces[self.team].bot_user_id
        return self.say(channel, f"<@{bot}> {text}".strip(), **more)

    def me(self, channel: str, text: str, *, wait: bool = True) -> Said:
        """Write with /me (me_message)."""
        return self.server.kinds.me(self.team, self.id, channel, text, wait=wait)

    def forward(self, channel: str, *, author: str, text: str = "", **more: Any) -> Said:
        """Forward a message; `more` are arguments of `Kinds.forward`: comment, files, original, …"""
        return self.server.kinds.forward(self.team, self.id, channel, author=author, text=text, **more)

    def voice(self, channel: str, words: str, **more: Any) -> Said:
        """Send a voice clip; `more` are arguments of `Kinds.voice`: comment, status, mimetype, thread_ts."""
        return self.server.kinds.voice(self.team, self.id, channel, words, **more)

    def upload(self, channel: str, name: str, content: bytes, *, text: str = "", **more: Any) -> Said:
        """Share a file (file_share and file_shared)."""
        return self.say(channel, text, files=[{"name": name, "content": content}], **more)

    def share_link_to_file(self, channel: str, name: str, url: str, *, text: str = "", **more: Any) -> Said:
        """Share a file that another service hosts (is_external)."""
        return self.say(channel, text, files=[{"name": name, "external_url": url}], **more)

    def say_in_blocks(self, channel: str, blocks: Sequence[Mapping[str, Any]], **more: Any) -> Said:
        """Write a message whose content is in blocks only."""
        return self.server.kinds.say_in_blocks(self.team, self.id, channel, blocks, **more)

    def edit(self, said: Said, text: str, *, wait: bool = True) -> Said:
        """Edit the person's own message."""
        return self.server.edit(self.team, self.id, said.channel, said.ts, text, wait=wait)

    def delete(self, said: Said, *, wait: bool = True) -> Said:
        """Delete the person's own message."""
        return self.server.delete(self.team, self.id, said.channel, said.ts, wait=wait)

    def react(self, said: Said, name: str, *, on: bool = True, wait: bool = True) -> Said:
        """Add an emoji to a message, or remove it."""
        return self.server.react(self.team, self.id, said.channel, said.ts, name, on=on, wait=wait)

    def rename(self, real_name: str, *, wait: bool = True, **more: Any) -> list[Delivery]:
        """Change the person's name (user_change; also in users.info)."""
        return self.server.roster.change_profile(self.team, self.id, real_name=real_name, wait=wait, **more)

    # --------------------------------------------------------------------- reading

    def open_thread(self, said: Said) -> None:
        """Open the thread of a message."""
        self.server.places.open_thread(self.team, self.id, said.channel, said.message.get("thread_ts") or said.ts)

    def close_thread(self, said: Said) -> None:
        """Close the thread of a message."""
        self.server.places.close_thread(self.team, self.id, said.channel, said.message.get("thread_ts") or said.ts)

    def reload(self) -> None:
        """Reload Slack: ephemeral messages are gone, and no thread is open."""
        self.server.screens.reload(self.id)

    def leave_slack(self) -> None:
        """Set the person inactive: ephemeral messages sent meanwhile are never seen."""
        self.server.screens.set_active(self.id, active=False)

    def come_back(self) -> None:
        """Set the person active again."""
        self.server.screens.set_active(self.id, active=True)

    def ephemerals(self, channel: str) -> list[Message]:
        """The ephemeral messages the person sees in a conversation now, oldest first."""
        return self.server.ephemerals(self._channel(channel), self.id)

    def sees(self, channel: str, *, thread_ts: str = "") -> list[str]:
        """The texts the person sees in a conversation or thread, oldest first, ephemeral ones included.

        Replies are in their thread only, unless they were also sent to the channel.
        """
        place = self._channel(channel)
        posted = self.server.messages(channel=place, thread_ts=thread_ts)
        found = [*posted, *self.server.ephemerals(place, self.id)]
        shown = [each for each in found if _stands_in(each, thread_ts)]
        return [str(each.get("text", "")) for each in sorted(shown, key=lambda each: str(each["ts"]))]

    def _channel(self, channel: str) -> str:
        return self.server.world.im(self.team, self.id).id if channel == "im" else channel


def _stands_in(message: Message, thread_ts: str) -> bool:
    if thread_ts:
        return thread_ts in (message["ts"], message.get("thread_ts"))
    is_reply = message.get("thread_ts") not in (None, message["ts"])
    return not is_reply or message.get("subtype") == "thread_broadcast"
