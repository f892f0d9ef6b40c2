#!/usr/bin/env python3
"""Write docs/channels.md from the conformance suite; with `--check`, only say whether it is up to date.

Each line is a test of tests/channels; missing features of a platform are capabilities.
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).parents[1]
PAGE = HOME / "docs" / "channels.md"
sys.path.insert(0, str(HOME))

from integrations.mail.platform import MAIL  # noqa: E402
from integrations.slack.platform import SLACK  # noqa: E402
from integrations.teams.platform import TEAMS  # noqa: E402
from tests.channels.behaviour import Behaviour  # noqa: E402

PLATFORMS = (SLACK, TEAMS, MAIL)
MODULES = (
    "ticket_creation", "follow_ups", "merged_threads", "edits_and_deletions", "files", "buttons", "card", "replies",
    "people", "delivery",
)  # fmt: skip
INTRODUCTION = """# What works in which channel

This page is written by `scripts/channels_table.py` from the conformance suite (`tests/channels`). Each line is a
behaviour that the suite tests against every channel, through the product's real endpoints and a strict simulator of the
channel. ✓ means that it works as described; a number means that the channel cannot do it, and the note with that number
under the table says what happens instead, which is tested too. – means that nobody's messages come in from the channel
(`messages_in`).

**Basic** behaviours, marked with •, are those that every channel must have.

To add a channel: describe it as a `Platform` with its `Capabilities`, register its transport, and give it a folder with
a `driver.py` in `tests/channels`. The suite then runs against it; `test_documentation.py` fails until this page is
written again.
"""


def behaviours() -> Iterator[Behaviour]:
    """Every behaviour, in the order of the modules and of the tests in them."""
    for name in MODULES:
        module = importlib.import_module(f"tests.channels.test_{name}")
        tests = (value for key, value in vars(module).items() if key.startswith("test_"))
        yield from (test.behaviour for test in tests if hasattr(test, "behaviour"))


def page() -> str:
    """The whole page."""
    every = list(behaviours())
    groups = dict.fromkeys(each.group for each in every)
    parts = [INTRODUCTION, *(_group(name, [each for each in every if each.group == name]) for name in groups)]
    return "\n".join([*parts, _capabilities()])


def _group(name: str, lines: list[Behaviour]) -> str:
    labels = [str(platform.label).capitalize() for platform in PLATFORMS]
    notes: list[str] = []
    rows = [f"| {'• ' if each.is_basic else ''}{each.text} | {' | '.join(_cells(each, notes))} |" for each in lines]
    head = [f"## {name}", f"| Behaviour | {' | '.join(labels)} |", f"|---|{':-:|' * len(labels)}"]
    noted = ["", *(f"{number}. {note}" for number, note in enumerate(notes, 1))] if notes else []
    return "\n".join([*head, *rows, *noted, ""])


def _cells(line: Behaviour, notes: list[str]) -> Iterator[str]:
    for platform in PLATFORMS:
        if not (line.is_outgoing or platform.capabilities.messages_in):
            yield "–"
            continue
        if not line.needs or getattr(platform.capabilities, line.needs):
            yield "✓"
            continue
        if line.otherwise not in notes:
            notes.append(line.otherwise)
        yield str(notes.index(line.otherwise) + 1)


def _capabilities() -> str:
    labels = [str(platform.label).capitalize() for platform in PLATFORMS]
    head = ["## Capabilities", f"| Capability | {' | '.join(labels)} |", f"|---|{':-:|' * len(labels)}"]
    meanings = SLACK.capabilities.meanings()
    del meanings["max_text"]
    has = {name: ["✓" if getattr(each.capabilities, name) else "–" for each in PLATFORMS] for name in meanings}
    rows = [f"| {meaning} (`{name}`) | {' | '.join(has[name])} |" for name, meaning in meanings.items()]
    limits = ((platform.label, platform.capabilities.max_text) for platform in PLATFORMS)
    longest = ", ".join(f"{label} {limit}" for label, limit in limits if limit)
    notes = [f"Longer text is sent in parts, of at most (characters): {longest}."]
    return "\n".join([*head, *rows, "", *notes, ""])


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(None if PAGE.read_text() == page() else f"{PAGE.name} is out of date: run scripts/channels_table.py")
    PAGE.write_text(page())
