"""Stores the messages of the local Slack and Teams in a file, so that threads continue after a restart."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulators.feed import Feed
from simulators.slack.world import SlackWorld
from simulators.teams.world import TeamsWorld

Said = dict[str, list[dict[str, Any]]]
PAUSE = 1.0  # seconds between two writes


def slack_said(world: SlackWorld) -> Said:
    """Return every conversation's messages, oldest first."""
    with world.lock:
        return {channel.id: [*channel.messages.values()] for channel in world.channels.values() if channel.messages}


def slack_again(world: SlackWorld, said: Said) -> None:
    """Restore the messages of conversations that still exist."""
    with world.lock:
        for id, messages in said.items():
            if id in world.channels:
                world.channels[id].messages = {message["ts"]: message for message in messages}


def teams_said(world: TeamsWorld) -> Said:
    """Return every conversation's activities, oldest first."""
    with world.lock:
        return {place.id: [*place.activities.values()] for place in world.conversations.values() if place.activities}


def teams_again(world: TeamsWorld, said: Said) -> None:
    """Restore the activities of conversations that still exist."""
    with world.lock:
        for id, activities in said.items():
            if id in world.conversations:
                world.conversations[id].activities = {activity["id"]: activity for activity in activities}


def read(path: Path) -> Said:
    """Return the stored content; empty if there is no file, or if a crash left it unreadable."""
    try:
        said: Said = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return said


def keep(path: Path, said: Callable[[], Said], feed: Feed, *, stop: threading.Event) -> threading.Thread:
    """Write the file after each change, at most once a second, in a thread that ends soon after `stop`."""
    thread = threading.Thread(target=_keep, args=(path, said, feed, stop), name=f"keeps {path.name}", daemon=True)
    thread.start()
    return thread


def _keep(path: Path, said: Callable[[], Said], feed: Feed, stop: threading.Event) -> None:
    cursor = 0
    while not stop.wait(PAUSE):
        newest = int(feed.since(cursor, wait=PAUSE)["cursor"])
        if newest != cursor:
            cursor = newest
            _write(path, said())
    _write(path, said())


def _write(path: Path, said: Said) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(said, ensure_ascii=False))
    fresh.replace(path)
