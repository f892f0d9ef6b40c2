"""What an app's manifest asks for, so that a simulated installation is granted and hears no more than the real one."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Manifest:
    """The bot scopes, the bot events, whether people may write to the app in direct messages, and whether what is typed
    behind its commands comes escaped.
    """

    scopes: tuple[str, ...]
    events: frozenset[str]
    messages_tab: bool
    escapes_commands: bool


def read_manifest(path: Path) -> Manifest:
    """Read an app manifest in YAML, with lists written one item a line; raises ValueError where a list is missing."""
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
