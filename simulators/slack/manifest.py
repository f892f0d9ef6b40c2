"""Reads an app manifest, so that a simulated installation gets the same scopes and events as the real one."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Manifest:
    """The requested permissions of an app.

    Bot scopes, bot events, whether people may write to the app in direct messages, and whether the text of its commands
    is escaped.
    """

    scopes: tuple[str, ...]
    events: frozenset[str]
    messages_tab: bool
    escapes_commands: bool


def read_manifest(path: Path) -> Manifest:
    """Read an app manifest in YAML, with lists of one item per line; raises ValueError if a list is missing."""
    text = path.read_text()
    return Manifest(
        scopes=tuple(_listed(text, "bot")),
        events=frozenset(_listed(text, "bot_events")),
        messages_tab="messages_tab_enabled: true" in text,
        escapes_commands="should_escape: true" in text,
    )


def _listed(text: str, name: str) -> list[str]:
    found = re.search(rf"^ *{name}:\n((?: +- .*\n?)+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"the manifest has no list {name}")
    return re.findall(r"- ([\w.:]+)", found[1])
