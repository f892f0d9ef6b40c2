"""The nodes of rich text, and functions that walk through them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as typed; no markup, no line break."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Italic."""

    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Strong:
    """Bold."""

    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Strikethrough:
    """Struck through."""

    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Inline code."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An http, https, mailto or tel address, and the text shown for it."""

    url: str
    children: tuple["Inline", ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A person, by their id in the chat system; the name may not be known yet."""

    id: str
    name: str = ""

    @property
    def label(self) -> str:
        """The text shown: @Name."""
        return f"@{self.name or self.id}"


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji: its character, and its short name in the chat system."""

    character: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A new line within a paragraph."""


Inline = Text | Emphasis | Strong | Strikethrough | Code | Link | Mention | Emoji | LineBreak
Inlines = tuple[Inline, ...]
Leaf = Text | Code | Mention | Emoji | LineBreak


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of inlines."""

    children: Inlines


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    children: Inlines


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of code, unchanged; `language` is one word or empty."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class List:
    """A list of items, each a sequence of blocks; `start` is the number of the first item of an ordered list."""

    items: tuple["Blocks", ...]
    ordered: bool = False
    start: int = 1


@dataclass(frozen=True, slots=True)
class Quote:
    """Text quoted from another person."""

    blocks: "Blocks"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the cells of the header, and rows with the same number of cells."""

    header: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]


Block = Paragraph | Heading | CodeBlock | List | Quote | Table
Blocks = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The rich text of one message."""

    blocks: Blocks = field(default=())


def leaves(blocks: Blocks) -> Iterable[Leaf]:
    """All visible leaves of these blocks, in order; code blocks as code."""
    for block in blocks:
        match block:
            case CodeBlock(text):
                yield Code(text)
            case Quote(inner):
                yield from leaves(inner)
            case List(items):
                for item in items:
                    yield from leaves(item)
            case Table(header, rows):
                for row in (header, *rows):
                    for cell in row:
                        yield from _leaves_of(cell)
            case Paragraph(children) | Heading(_, children):
                yield from _leaves_of(children)


def mapped(blocks: Blocks, change: Callable[[Inlines], Inlines]) -> Blocks:
    """The blocks with a function applied to every sequence of inlines."""
    return tuple(_mapped(block, change) for block in blocks)


def _mapped(block: Block, change: Callable[[Inlines], Inlines]) -> Block:
    match block:
        case Paragraph(children) | Heading(_, children):
            return replace(block, children=change(children))
        case List(items):
            return replace(block, items=tuple(mapped(item, change) for item in items))
        case Quote(inner):
            return Quote(mapped(inner, change))
        case Table(header, rows):
            return Table(
                tuple(change(cell) for cell in header), tuple(tuple(change(cell) for cell in row) for row in rows)
            )
    return block


def _leaves_of(inlines: Inlines) -> Iterable[Leaf]:
    for each in inlines:
        match each:
            case Link(url, ()):
                yield Text(url)
            case Emphasis(children) | Strong(children) | Strikethrough(children) | Link(_, children):
                yield from _leaves_of(children)
            case _:
                yield each
