"""Inlines as a sequence of runs, each with its styles: the form that readers collect and writers split.

`inlines_of` makes the normal form of the inlines. It is unique for a sequence of runs: adjacent runs of the same kind
are joined, no style is nested in itself, the longest span is outermost, styles and links end at a line break and have
no white space at their edges.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from msp.kernel.storable import storable_text
from msp.richtext.links import canonical, shown
from msp.richtext.nodes import (
    Code,
    Emoji,
    Emphasis,
    Inline,
    Inlines,
    Leaf,
    LineBreak,
    Link,
    Strikethrough,
    Strong,
    Text,
)

Style = type[Strong] | type[Emphasis] | type[Strikethrough]
STYLES: tuple[Style, ...] = (Strong, Emphasis, Strikethrough)
NO_STYLES: frozenset[Style] = frozenset()


@dataclass(frozen=True, slots=True)
class Run:
    """One leaf with its styles and its link address."""

    leaf: Leaf
    styles: frozenset[Style] = NO_STYLES
    url: str = ""


def runs_of(inlines: Iterable[Inline]) -> list[Run]:
    """The runs of inlines, in order."""
    return list(_flat(inlines, NO_STYLES, ""))


def inlines_of(runs: Iterable[Run]) -> Inlines:
    """The normal form of a sequence of runs; links to other addresses than http, https, mailto and tel become text."""
    return _nested(normal_runs(runs))


def normal_runs(runs: Iterable[Run]) -> list[Run]:
    """The runs of the normal form: as few as possible."""
    pieces = list(_pieces(runs))
    for style in STYLES:
        _trim(pieces, style)
    _trim_links(pieces)
    return _joined(pieces)


def lines_of(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs of each line."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        if isinstance(run.leaf, LineBreak):
            lines.append([])
        else:
            lines[-1].append(run)
    return lines


def plain_of(runs: Iterable[Run]) -> str:
    """The characters of the runs, without markup."""
    return "".join(text_of(run.leaf) for run in runs)


def text_of(leaf: Leaf) -> str:
    """The text that a leaf is shown as."""
    match leaf:
        case Text(text) | Code(text):
            return text
        case LineBreak():
            return "\n"
        case Emoji(character):
            return character
        case _:
            return leaf.label


def clean(text: str) -> str:
    """A text with \\n as its only line end, and U+FFFD for what cannot be stored."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return storable_text(text)


def _flat(inlines: Iterable[Inline], styles: frozenset[Style], url: str) -> Iterator[Run]:
    for each in inlines:
        match each:
            case Strong(children) | Emphasis(children) | Strikethrough(children):
                yield from _flat(children, styles | {type(each)}, url)
            case Link(address, children):
                inner = list(_flat(children, styles, address))
                yield from inner if plain_of(inner).strip() else [Run(Text(shown(address)), styles, address)]
            case _:
                yield Run(each, styles, url)


def _pieces(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs split so that each is white space or has none at its edges; line breaks have no style."""
    for run in runs:
        url = canonical(run.url) if run.url else ""
        match run.leaf:
            case LineBreak():
                yield Run(run.leaf)
            case Text(text):
                for number, line in enumerate(clean(text).split("\n")):
                    if number:
                        yield Run(LineBreak())
                    yield from (Run(Text(part), run.styles, url) for part in _words(line))
            case Code(text):
                if text:
                    yield Run(Code(clean(text).replace("\n", " ")), run.styles, url)
            case Emoji("", name):
                yield Run(Text(f":{name}:"), run.styles, url)
            case _:
                yield replace(run, url=url)


def _words(line: str) -> Iterator[str]:
    """Leading white space, the words, trailing white space; without empty parts."""
    words = line.strip()
    if not words:
        if line:
            yield line
        return
    before = len(line) - len(line.lstrip())
    if before:
        yield line[:before]
    yield words
    if len(line) > before + len(words):
        yield line[before + len(words) :]


def _is_space(run: Run) -> bool:
    return isinstance(run.leaf, Text | Code) and run.leaf.text.isspace()


def _trim(pieces: list[Run], style: Style) -> None:
    """Remove a style from the white space at the edges of each span that has it."""
    at = 0
    while at < len(pieces):
        end = at
        while end < len(pieces) and style in pieces[end].styles:
            end += 1
        for edge in _edges(pieces, at, end):
            pieces[edge] = replace(pieces[edge], styles=pieces[edge].styles - {style})
        at = end + 1


def _trim_links(pieces: list[Run]) -> None:
    at = 0
    while at < len(pieces):
        end = at + 1
        while end < len(pieces) and pieces[end].url == pieces[at].url:
            end += 1
        if pieces[at].url:
            for edge in _edges(pieces, at, end):
                pieces[edge] = replace(pieces[edge], url="")
        at = end


def _edges(pieces: Sequence[Run], start: int, end: int) -> Iterator[int]:
    first = start
    while first < end and _is_space(pieces[first]):
        yield first
        first += 1
    while end - 1 > first and _is_space(pieces[end - 1]):
        end -= 1
        yield end


def _joined(pieces: Iterable[Run]) -> list[Run]:
    """Adjacent runs of the same style joined; in linear time."""
    groups: list[tuple[Run, list[str]]] = []
    for piece in pieces:
        last = groups[-1][0] if groups else None
        is_same = last and type(last.leaf) is type(piece.leaf) and (last.styles, last.url) == (piece.styles, piece.url)
        if isinstance(piece.leaf, Text | Code):
            if is_same:
                groups[-1][1].append(piece.leaf.text)
            else:
                groups.append((piece, [piece.leaf.text]))
        else:
            groups.append((piece, []))
    return [replace(run, leaf=_same(run.leaf, "".join(texts))) if texts else run for run, texts in groups]


def _same(leaf: Leaf, text: str) -> Leaf:
    return Code(text) if isinstance(leaf, Code) else Text(text)


def _nested(runs: Sequence[Run]) -> Inlines:
    made: list[Inline] = []
    at = 0
    while at < len(runs):
        kinds: list[Style | str] = ([runs[at].url] if runs[at].url else []) + [
            s for s in STYLES if s in runs[at].styles
        ]
        if not kinds:
            made.append(runs[at].leaf)
            at += 1
            continue
        ends = [_reach(runs, at, kind) for kind in kinds]
        end = max(ends)
        made.append(_wrapped(kinds[ends.index(end)], runs[at:end]))
        at = end
    return tuple(made)


def _reach(runs: Sequence[Run], at: int, kind: "Style | str") -> int:
    while at < len(runs) and (kind == runs[at].url if isinstance(kind, str) else kind in runs[at].styles):
        at += 1
    return at


def _wrapped(kind: "Style | str", runs: Sequence[Run]) -> Inline:
    if isinstance(kind, str):
        return Link(kind, _nested([replace(run, url="") for run in runs]))
    return kind(_nested([replace(run, styles=run.styles - {kind}) for run in runs]))
