"""Mentions in a message of Teams: ids in its entities, names in its text.

The names are not reliable: they may contain & or ', be written as HTML or not, be missing, or be nested. So a mention
is found by its element, and its person by the element's id, its name or its position.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from msp.kernel.db import Json
from msp.richtext.nodes import mapped
from msp.richtext.runs import Run, inlines_of, runs_of
from msp.richtext.tree import Document, Inlines, Mention, Text

_TAG = re.compile(r"<(/?)at(?:\s[^<>]*)?>", re.IGNORECASE)
_ID = re.compile(r"""\sid\s*=\s*["']?([^"'\s<>]+)""", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?at(?:\s[^<>]*)?>", re.IGNORECASE)
_OPEN, _CLOSE = "\ufdd2", "\ufdd3"  # around the number of a mention while a text is read
MAX_NAME = 100
_SPACES = re.compile(r"(?:[ \t\xa0]|&nbsp;|&#160;|&#xa0;)+", re.IGNORECASE)
_PLACE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Mentions:
    """The people mentioned in one activity, in order; `me` is our bot."""

    me: str
    people: tuple[Mention, ...]
    by_id: Mapping[str, Mention]
    by_name: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, activity: Json) -> "Mentions":
        """The mentions of an activity; anything that differs from the documentation is skipped."""
        recipient = activity.get("recipient")
        me = recipient.get("id") if isinstance(recipient, dict) else None
        entities = activity.get("entities")
        people: list[Mention] = []
        names: dict[str, tuple[int, ...]] = {}
        for entity in entities if isinstance(entities, list) else []:
            who = entity.get("mentioned") if isinstance(entity, dict) and entity.get("type") == "mention" else None
            if isinstance(who, dict) and isinstance(who.get("id"), str) and isinstance(entity, dict):
                for name in {_name(who.get("name")), _name(entity.get("text"))} - {""}:
                    names[name] = (*names.get(name, ()), len(people))[-20:]
                people.append(Mention(who["id"], _shown(str(who.get("name") or ""))[:MAX_NAME]))
        return cls(me if isinstance(me, str) else "", tuple(people), {each.id: each for each in people}, names)

    @property
    def is_of_us(self) -> bool:
        """Whether our bot is one of them."""
        return self.me in self.by_id

    def read(self, attributes: Mapping[str, str], label: str) -> Inlines:
        """The mention of an element with this label."""
        found = self.find(attributes.get("id") or attributes.get("itemid") or "", label)
        return (found,) if found else (Text(_shown(label)),)

    def find(self, key: str, label: str) -> Mention | None:
        """The person: by the key as an id, by the label (several people may share it), or by the key as a position."""
        if key in self.by_id:
            return self.by_id[key]
        place = int(key) if key.isascii() and key.isdigit() and len(key) < 6 else -1
        named = self.by_name.get(_name(label), ())
        if named:
            return self.people[place if place in named else named[0]]
        return self.people[place] if 0 <= place < len(self.people) else None


def with_placeholders(text: str, mentions: Mentions) -> tuple[str, list[Mention]]:
    """A text with a placeholder for each mention of a person in the entities, and these people by number.

    An `<at>` that mentions no such person was typed, and stays. White space after a mention, which some clients write
    as HTML entities, becomes one space.
    """
    text = text.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd")
    people: list[Mention] = []
    parts: list[str] = []
    end = 0
    for start, stop in _elements(text):
        key = _ID.search(text[start : text.index(">", start) + 1])
        found = mentions.find(key[1] if key else "", text[start:stop])
        if found:
            parts += [text[end:start], f"{_OPEN}{len(people)}{_CLOSE}"]
            people.append(found)
            end = stop
            if spaces := _SPACES.match(text, stop):
                parts.append(" ")
                end = spaces.end()
    return "".join([*parts, text[end:]]), people


def without_placeholders(document: Document, people: list[Mention]) -> Document:
    """The document with the mentions in place of their placeholders."""

    def placed(inlines: Inlines) -> Inlines:
        return inlines_of(part for run in runs_of(inlines) for part in _parts(run, people))

    return Document(mapped(document.blocks, placed)) if people else document


def _parts(run: Run, people: list[Mention]) -> Iterator[Run]:
    if not isinstance(run.leaf, Text):
        yield run
        return
    end = 0
    for found in _PLACE.finditer(run.leaf.text):
        yield replace(run, leaf=Text(run.leaf.text[end : found.start()]))
        yield replace(run, leaf=people[int(found[1])])
        end = found.end()
    yield replace(run, leaf=Text(run.leaf.text[end:]))


def _elements(text: str) -> Iterator[tuple[int, int]]:
    """The positions of the outermost <at> elements."""
    depth, start = 0, 0
    for tag in _TAG.finditer(text):
        if not tag[1]:
            start = start if depth else tag.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, tag.end()


def _name(text: object) -> str:
    """A name for comparison: without its element, as text, in lower case."""
    return _shown(text).casefold() if isinstance(text, str) else ""


def _shown(text: str) -> str:
    return " ".join(html.unescape(_ANY_TAG.sub("", text)).split())
