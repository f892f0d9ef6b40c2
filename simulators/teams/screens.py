"""Content shown to single people of a conversation: toasts, errors and replaced cards.

Sources: learn.microsoft.com, "Universal Actions for Adaptive Cards" (a card or a message in the answer is for the
person who pressed the button); microsoft/teams.ts#71 ("Unable to reach app" for an answer in another shape).
"""

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.ids import Now


@dataclass(frozen=True)
class Notice:
    """A message shown to one person below a card: the bot's text (`is_error` False) or Teams' own error."""

    message_id: str
    text: str
    at: datetime
    is_error: bool = False

    def as_json(self) -> dict[str, Any]:
        """The notice as the control routes show it."""
        return {"message": self.message_id, "text": self.text, "at": self.at.isoformat(), "is_error": self.is_error}


class Screens:
    """The notices of each person, oldest first."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._notices: dict[str, list[Notice]] = defaultdict(list)
        self._lock = threading.Lock()

    def show(self, user_id: str, message_id: str, text: str, *, is_error: bool = False) -> Notice:
        """Show a person a notice below a message."""
        notice = Notice(message_id, text, self._now(), is_error)
        with self._lock:
            self._notices[user_id].append(notice)
        return notice

    def notices(self, user_id: str) -> list[Notice]:
        """The notices shown to a person."""
        with self._lock:
            return list(self._notices[user_id])

    def clear(self) -> None:
        """Clear all notices."""
        with self._lock:
            self._notices.clear()
