"""Reads the scripts of conversations in content/scenarios.

A scenario is a plain-text block: a heading, attributes for both languages, then one script per
language. In a script `#` is a subject, `>` an opening message, `1:` `2:` `3:` a message of the
technician of that tier, `e:` of the requester, `^2:` an escalation with its reason; `|` gives another
wording of the line above it, `-` none at all, and `/` starts a paragraph. The n-th wordings of a
script's lines belong to its n-th opening and subject. Marks after the tier: `n` internal note,
`?` then waits for the client, `x` for a third party, `s` then is scheduled, `!` then is resolved.
`%` before a line makes it optional; `+2h` or `+1d` delays it. Indented lines continue.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_STEP = re.compile(
    r"^(?P<optional>%)?\s*(?P<who>\^?[123]|e)(?P<mark>[n?xs!]?)(?: \+(?P<delay>\d+[mhd]))?:\s*(?P<text>.+)$"
)
_MARKS = {"": "", "n": "note", "?": "waiting_client", "x": "waiting_third_party", "s": "scheduled", "!": "resolved"}
_DELAY_MINUTES = {"m": 1, "h": 60, "d": 540}


@dataclass(frozen=True)
class ScriptStep:
    """One line of a script with its wordings; `delay` is in business minutes."""

    actor: str  # "1", "2", "3" or "e"
    mark: str  # "", "note", "escalate", or the status that follows
    optional: bool
    delay: int | None
    wordings: tuple[str, ...]

    @property
    def tier(self) -> int:
        """The technician's tier; 0 for the requester."""
        return 0 if self.actor == "e" else int(self.actor)


@dataclass(frozen=True)
class ScriptWork:
    """Time that the story costs: tier, work type, range of minutes, and the note in both languages."""

    tier: int
    work_type: str
    least: int
    most: int
    note_es: str
    note_en: str


@dataclass(frozen=True)
class Script:
    """A story in one language."""

    subjects: tuple[str, ...]
    openings: tuple[str, ...]
    steps: tuple[ScriptStep, ...]


@dataclass(frozen=True)
class Scenario:
    """A kind of ticket: its attributes, and its script in Spanish and in English."""

    key: str
    type: str
    priorities: tuple[str, ...]
    weight: int
    most: int  # how often one client may have it
    sectors: tuple[str, ...]
    tags: tuple[str, ...]
    tier: int
    sources: tuple[str, ...]
    by_manager: bool
    hours: tuple[str, ...]  # local times of day for appointments; empty: any office hour
    work: tuple[ScriptWork, ...]
    scripts: dict[str, Script]


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario, ordered by key."""
    folder = resources.files("msp.demo.content") / "scenarios"
    found: list[Scenario] = []
    for file in folder.iterdir():
        if file.name.endswith(".txt"):
            found += parse(file.read_text(encoding="utf-8"))
    return tuple(sorted(found, key=lambda scenario: scenario.key))


def parse(text: str) -> list[Scenario]:
    """Return the scenarios of one file; a ValueError names the line that is not understood."""
    blocks = re.split(r"^=== ", text, flags=re.MULTILINE)[1:]
    return [_scenario(block) for block in blocks]


def _scenario(block: str) -> Scenario:
    parts = re.split(r"^--- (es|en)\n", block, flags=re.MULTILINE)
    key, *facts = parts[0].strip().splitlines()
    values: dict[str, str] = {}
    work: list[ScriptWork] = []
    for line in facts:
        name, _, value = line.strip().partition(" ")
        if name == "work":
            work.append(_work(value))
        else:
            values[name] = value
    return Scenario(
        key=key,
        type=values["type"],
        priorities=tuple(values["priority"].split()),
        weight=int(values.get("weight", "3")),
        most=int(values.get("most", "99")),
        sectors=tuple(values.get("sectors", "").split()),
        tags=tuple(values.get("tags", "").split()),
        tier=int(values.get("tier", "1")),
        sources=tuple(values.get("sources", "").split()),
        by_manager=values.get("by") == "manager",
        hours=tuple(values.get("hours", "").split()),
        work=tuple(work),
        scripts={parts[i]: _script(key, parts[i + 1]) for i in range(1, len(parts), 2)},
    )


def _work(value: str) -> ScriptWork:
    found = re.match(r"([123]) (\w+) (\d+)-(\d+): (.+?) // (.+)$", value)
    if not found:
        raise ValueError(f"work line not understood: {value}")
    tier, work_type, least, most, spanish, english = found.groups()
    return ScriptWork(int(tier), work_type, int(least), int(most), spanish.strip(), english.strip())


def _script(key: str, text: str) -> Script:
    lines = _logical_lines(text)
    subjects = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    openings = tuple(_paragraphs(line[1:]) for line in lines if line.startswith(">"))
    steps: list[ScriptStep] = []
    for line in lines:
        if line.startswith(("#", ">")):
            continue
        if line.startswith("|"):
            steps[-1] = _with_wording(steps[-1], line[1:])
            continue
        steps.append(_step(key, line))
    if not (subjects and openings and steps):
        raise ValueError(f"{key}: a script needs subjects, openings and steps")
    return Script(subjects, openings, tuple(steps))


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and lines:
            lines[-1] += " " + line.strip()
        elif line.strip():
            lines.append(line.strip())
    return lines


def _step(key: str, line: str) -> ScriptStep:
    found = _STEP.match(line)
    if not found:
        raise ValueError(f"{key}: line not understood: {line}")
    who, delay = found["who"], found["delay"]
    return ScriptStep(
        actor=who.removeprefix("^"),
        mark="escalate" if who.startswith("^") else _MARKS[found["mark"]],
        optional=found["optional"] is not None,
        delay=int(delay[:-1]) * _DELAY_MINUTES[delay[-1]] if delay else None,
        wordings=(_paragraphs(found["text"]),),
    )


def _with_wording(step: ScriptStep, text: str) -> ScriptStep:
    wordings = (*step.wordings, _paragraphs(text))
    return ScriptStep(step.actor, step.mark, step.optional, step.delay, wordings)


def _paragraphs(text: str) -> str:
    return re.sub(r"\s+/\s+", "\n\n", text.strip())
