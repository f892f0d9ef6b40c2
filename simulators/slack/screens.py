"""What each person sees: open threads, and the ephemeral messages for them.

Slack shows an ephemeral message in a thread only to a person who has that thread open
(docs.slack.dev/reference/methods/chat.postEphemeral: shown only "if there is already an active thread"), only to a
person who is active in Slack, and only until the next reload ("do not persist across reloads, desktop and mobile apps,
or sessions"). The call answers ok in every case. A person has a thread open after they wrote in it, pressed something
in it, or opened it.
"""

from dataclasses import dataclass, field
from typing import Any

from simulators.slack.world import Message, SlackChannel


@dataclass
class _Screen:
    """One person's open threads and ephemeral messages."""

    is_active: bool = True
    threads: set[tuple[str, str]] = field(default_factory=set)
    seen: list[Message] = field(default_factory=list)


class Screens:
    """The current screens of all people."""

    def __init__(self) -> None:
        self._screens: dict[str, _Screen] = {}

    def clear(self) -> None:
        """Clear all screens."""
        self._screens.clear()

    def open_thread(self, user: str, channel: SlackChannel, thread_ts: str) -> None:
        """Open a thread for a person; later ephemeral messages in it are shown."""
        self._screen(user).threads.add((channel.id, thread_ts))

    def close_thread(self, user: str, channel: SlackChannel, thread_ts: str) -> None:
        """Close a thread for a person."""
        self._screen(user).threads.discard((channel.id, thread_ts))

    def has_open(self, user: str, channel: SlackChannel, thread_ts: str) -> bool:
        """Whether a person has a thread open."""
        return (channel.id, thread_ts) in self._screen(user).threads

    def reload(self, user: str) -> None:
        """Reload a person's Slack: ephemeral messages are gone, and no thread is open."""
        is_active = self._screen(user).is_active
        self._screens[user] = _Screen(is_active)

    def set_active(self, user: str, *, active: bool) -> None:
        """Set a person active or inactive; becoming active is a reload."""
        self._screens[user] = _Screen(is_active=active)

    def show(self, user: str, channel: SlackChannel, message: Message) -> bool:
        """Show an ephemeral message; returns whether the person sees it."""
        screen = self._screen(user)
        thread_ts = message.get("thread_ts")
        if not screen.is_active or (thread_ts and not self.has_open(user, channel, thread_ts)):
            return False
        screen.seen.append(message)
        return True

    def take_away(self, message: Message) -> None:
        """Remove an ephemeral message from every screen."""
        for screen in self._screens.values():
            screen.seen = [each for each in screen.seen if each is not message]

    def ephemerals(self, user: str, channel: SlackChannel) -> list[Message]:
        """The ephemeral messages a person sees in a conversation now, oldest first."""
        seen: list[dict[str, Any]] = self._screen(user).seen
        return [message for message in channel.ephemerals if any(message is each for each in seen)]

    def _screen(self, user: str) -> _Screen:
        return self._screens.setdefault(user, _Screen())
