"""What each person has before them: open threads, and the messages that only they see.

Slack shows an ephemeral message in a thread only to somebody who has that thread open
(docs.slack.dev/reference/methods/chat.postEphemeral: shown only "if there is already an active thread"), only to
somebody who is active in Slack, and only until the next reload ("do not persist across reloads, desktop and mobile
apps, or sessions"). The call answers ok in every case. A person has a thread open who wrote in it, pressed something in
it, or opened it.
"""

from dataclasses import dataclass, field
from typing import Any

from simulators.slack.world import Message, SlackChannel


@dataclass
class _Screen:
    """One person's Slack."""

    is_active: bool = True
    threads: set[tuple[str, str]] = field(default_factory=set)
    seen: list[Message] = field(default_factory=list)


class Screens:
    """Everybody's Slack as it stands now."""

    def __init__(self) -> None:
        self._screens: dict[str, _Screen] = {}

    def clear(self) -> None:
        """Forget what everybody has before them."""
        self._screens.clear()

    def open_thread(self, user: str, channel: SlackChannel, thread_ts: str) -> None:
        """Have a person open a thread, which shows what comes from now on."""
        self._screen(user).threads.add((channel.id, thread_ts))

    def close_thread(self, user: str, channel: SlackChannel, thread_ts: str) -> None:
        """Have a person close a thread."""
        self._screen(user).threads.discard((channel.id, thread_ts))

    def has_open(self, user: str, channel: SlackChannel, thread_ts: str) -> bool:
        """Whether a person has a thread before them."""
        return (channel.id, thread_ts) in self._screen(user).threads

    def reload(self, user: str) -> None:
        """Start a person's Slack again: what only they saw is gone, and no thread is open."""
        is_active = self._screen(user).is_active
        self._screens[user] = _Screen(is_active)

    def set_active(self, user: str, *, active: bool) -> None:
        """Have a person leave Slack or come back; coming back is a reload."""
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
        """Remove an ephemeral message from whoever sees it."""
        for screen in self._screens.values():
            screen.seen = [each for each in screen.seen if each is not message]

    def ephemerals(self, user: str, channel: SlackChannel) -> list[Message]:
        """What only this person sees in a conversation now, oldest first."""
        seen: list[dict[str, Any]] = self._screen(user).seen
        return [message for message in channel.ephemerals if any(message is each for each in seen)]

    def _screen(self, user: str) -> _Screen:
        return self._screens.setdefault(user, _Screen())
