"""Reads HTML: parsed by lexbor, then walked once without recursion.

Hostile HTML costs no more than other HTML. Two of the parsing rules for HTML make short input expensive. Unclosed
formatting elements are opened again in every block: they are renamed before parsing, so that the parser treats them as
unknown elements. Nesting is unlimited: elements deeper than MAX_NESTING become void elements.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from msp.richtext.html_elements import CODE, COMPLEX, DROPPED, FORMATTING, LINES, SHALLOW, STYLES
from msp.richtext.links import canonical
from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    List,
    Paragraph,
    Quote,
    Table,
    Text,
)
from msp.richtext.normal import MAX_DEPTH
from msp.richtext.runs import Run, Style, inlines_of, lines_of, plain_of, runs_of
from msp.richtext.text import linked_runs

Leaf = Callable[[Mapping[str, str], str], Inlines | Quote | None]
Leaves = Mapping[str, Leaf]

MAX_NESTING = 200
_RENAMED = "x-"
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)")
_UNTAMED = re.compile(f"<(/?){_RENAMED}")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_UNTOLD = re.compile(r"(?:javascript|vbscript|data|about|cid|blob):|[#/?.]|$", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


@dataclass
class _Frame:
    """A block that is being read: the page, a quote, a list, an item in a list or alone, or content nested too deep."""

    tag: str
    blocks: list[Block] = field(default_factory=list)
    items: list[list[Block]] = field(default_factory=list)
    start: int = 1

    def add(self, block: Block) -> None:
        if self.tag not in ("ul", "ol"):
            self.blocks.append(block)
        elif isinstance(block, List) and self.items:
            self.items[-1].append(block)
        else:
            self.items.append([block])


def read(html: str, leaves: Leaves) -> Blocks:
    """The blocks of a page or fragment, not yet in normal form."""
    parser = LexborHTMLParser(_tamed(html))
    reader = _Reader(leaves)
    root = parser.body or parser.root
    if root is not None:
        reader.walk(root)
    return reader.finish()


def _tamed(html: str) -> str:
    """The HTML with formatting elements renamed, and elements nested too deep made void."""
    kept: list[bool] = []  # for each open element, whether it was kept as an element
    depth = 0

    def tag(found: "re.Match[str]") -> str:
        nonlocal depth
        closing, name = found[1], found[2].lower()
        if name not in SHALLOW:
            is_kept = (kept.pop() if kept else True) if closing else depth < MAX_NESTING
            if not closing:
                kept.append(is_kept)
            if not is_kept:
                return f"<{closing}wbr"
            depth = max(0, depth - 1) if closing else depth + 1
        return f"<{closing}{_RENAMED}{name}" if name in FORMATTING else found[0]

    return _TAG.sub(tag, html)


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _name(node: LexborNode) -> str:
    return (node.tag or "").removeprefix(_RENAMED)


def _attributes(node: LexborNode) -> dict[str, str]:
    """The attributes, with renaming undone in their values."""
    return {name: _UNTAMED.sub(r"<\1", value or "") for name, value in node.attributes.items()}


class _Reader:
    """Collects the blocks while the elements are walked."""

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self.frames = [_Frame("body")]
        self.runs: list[Run] = []
        self.styles: Counter[Style] = Counter()
        self.codes = 0
        self.urls: list[str] = []
        self.labels: list[int] = []
        self.is_line_begun = False
        self.is_space_due = False
        self.is_space_code = False

    def walk(self, root: LexborNode) -> None:
        """Read everything below an element."""
        stack: list[tuple[LexborNode, bool]] = [(child, False) for child in reversed(list(_children(root)))]
        while stack:
            node, is_left = stack.pop()
            if is_left:
                self._leave(_name(node), node)
            elif node.is_text_node:
                self._text(node.text_content or "")
            elif node.is_element_node and self._enter(_name(node), node):
                stack.append((node, True))
                stack += [(child, False) for child in reversed(list(_children(node)))]

    def finish(self) -> Blocks:
        """Finish reading and return the blocks."""
        self._flush()
        return tuple(self.frames[0].blocks)

    def _enter(self, name: str, node: LexborNode) -> bool:
        """Begin an element; returns whether to read its children."""
        if name in DROPPED:
            return False
        if name in self.leaves:
            made = self.leaves[name](_attributes(node), _raw(node))
            if made is not None:
                self._tell_leaf(made)
                return False
        if name in ("pre", "codeblock"):
            self._flush()
            self._block(CodeBlock(_raw(node).removesuffix("\n"), _language(node)))
            return False
        if name == "table" and (table := _table(node, self.leaves)):
            self._flush()
            self._block(table)
            return False
        self._begin(name, node)
        return True

    def _begin(self, name: str, node: LexborNode) -> None:
        if name == "br":
            self._break()
        elif name == "img":
            self._text(_attributes(node).get("alt", ""))
        elif name in STYLES:
            self.styles[STYLES[name]] += 1
        elif name in CODE:
            self.codes += 1
        elif name == "a":
            self.urls.append(_attributes(node).get("href", "").strip())
            self.labels.append(len(self.runs))
        elif name in LINES:
            self._line()
        elif name in ("p", "hr") or name in COMPLEX or name in ("menu", "dir", "li"):
            self._flush()
            self._open(name, node)

    def _leave(self, name: str, node: LexborNode) -> None:
        if name in STYLES:
            self.styles[STYLES[name]] -= 1
        elif name in CODE:
            self.codes -= 1
        elif name == "a":
            self._tell(self.urls.pop(), self.labels.pop())
        elif name in LINES:
            self._line()
        elif name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self._flush(heading=int(name[1]))
        elif name in ("p", "blockquote", "ul", "ol", "menu", "dir", "li"):
            self._flush()
            self._close(name)

    def _open(self, name: str, node: LexborNode) -> None:
        kind = {"menu": "ul", "dir": "ul"}.get(name, name)
        if kind not in ("blockquote", "ul", "ol", "li"):
            return
        if kind != "li" or self.frames[-1].tag not in ("ul", "ol"):
            is_deep = sum(frame.tag in ("blockquote", "ul", "ol", "item") for frame in self.frames) >= MAX_DEPTH
            kind = "none" if is_deep else "item" if kind == "li" else kind
        start = _attributes(node).get("start", "")
        self.frames.append(
            _Frame(kind, start=int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1)
        )

    def _close(self, name: str) -> None:
        if name == "p":
            return
        frame = self.frames.pop()
        match frame.tag:
            case "blockquote":
                self._block(Quote(tuple(frame.blocks)))
            case "ul" | "ol":
                items = tuple(tuple(item) for item in frame.items)
                self._block(List(items, frame.tag == "ol", frame.start if frame.tag == "ol" else 1))
            case "li":
                self.frames[-1].items.append(frame.blocks)
            case "item":  # an item without a list
                self._block(List((tuple(frame.blocks),)))
            case _:
                blocks = [*frame.blocks, *(block for item in frame.items for block in item)]
                for block in blocks:
                    self._block(block)

    def _block(self, block: Block) -> None:
        self.frames[-1].add(block)

    def _text(self, text: str) -> None:
        """Add text: white space is collapsed, and removed at the edges of a line; non-breaking spaces are kept."""
        text = _SPACE.sub(" ", text)
        if text.startswith(" ") and self.is_line_begun:
            self._owe_space()
        content = text.strip(" ")
        if not content:
            return
        self._pay_space()
        self.is_line_begun = True
        self._run(content.replace("\xa0", " "), is_code=self.codes > 0)
        if text.endswith(" "):
            self._owe_space()

    def _owe_space(self) -> None:
        if not self.is_space_due:
            self.is_space_due, self.is_space_code = True, self.codes > 0

    def _pay_space(self) -> None:
        """Write a pending space; as code only within code."""
        if self.is_space_due:
            self._run(" ", is_code=self.is_space_code and self.codes > 0)
        self.is_space_due = False

    def _run(self, text: str, *, is_code: bool) -> None:
        styles = frozenset(style for style, count in self.styles.items() if count > 0)
        url = self._url()
        if is_code or url:
            self.runs.append(Run(Code(text) if is_code else Text(text), styles, url))
        else:
            self.runs += [replace(run, styles=styles) for run in linked_runs(text)]

    def _tell_leaf(self, made: Inlines | Quote) -> None:
        if isinstance(made, Quote):
            self._flush()
            self._block(made)
        else:
            self._add(made)

    def _add(self, inlines: Inlines) -> None:
        self._pay_space()
        styles = frozenset(style for style, count in self.styles.items() if count > 0)
        made = runs_of(inlines)
        self.runs += [Run(run.leaf, run.styles | styles, run.url or self._url()) for run in made]
        self.is_line_begun = self.is_line_begun or bool(made)

    def _url(self) -> str:
        return canonical(self.urls[-1]) if self.urls else ""

    def _tell(self, url: str, start: int) -> None:
        """Add the address of a link that is not allowed, such as a file path, as text; skip other values."""
        label = plain_of(self.runs[start:])
        if not canonical(url) and not _UNTOLD.match(url) and _SCHEME.match(url) and url not in label:
            self._text(f" ({url})" if label.strip() else url)

    def _break(self) -> None:
        self.runs.append(Run(LineBreak()))
        self.is_space_due = self.is_line_begun = False

    def _line(self) -> None:
        """Begin a line unless the current one is empty."""
        if self.is_line_begun:
            self._break()

    def _flush(self, *, heading: int = 0) -> None:
        """End the paragraph: blank lines split it; leading and trailing ones are dropped."""
        lines: list[list[Run]] = []
        for line in [*lines_of(self.runs), []]:
            if plain_of(line).strip():
                lines.append(line)
            elif lines:
                runs = [run for each in lines for run in (Run(LineBreak()), *each)]
                inlines = inlines_of(runs[1:])
                self._block(Heading(heading, inlines) if heading else Paragraph(inlines))
                lines = []
        self.runs = []
        self.labels = [0] * len(self.labels)
        self.is_space_due = self.is_line_begun = False


def _raw(node: LexborNode) -> str:
    """The text of an element unchanged, with a new line for each <br>."""
    parts: list[str] = []
    stack = list(_children(node))[::-1]
    while stack:
        each = stack.pop()
        if each.is_text_node:
            parts.append(each.text_content or "")
        elif each.tag == "br":
            parts.append("\n")
        elif each.is_element_node and each.tag not in DROPPED:
            stack += list(_children(each))[::-1]
    return "".join(parts).replace("\xa0", " ")


def _language(node: LexborNode) -> str:
    child = node.child
    names = [_attributes(each).get("class", "") for each in (node, child) if each is not None and each.is_element_node]
    for word in " ".join(names).split():
        if word.startswith("language-"):
            return word.removeprefix("language-")
    return names[0] if node.tag == "codeblock" and " " not in names[0] else ""


def _table(node: LexborNode, leaves: Leaves) -> Block | None:
    """A data table, or None for a layout table: one with blocks or lines in its cells, or with one column."""
    rows: list[list[LexborNode]] = []
    has_header = False
    stack = list(_children(node))[::-1]
    while stack:
        each = stack.pop()
        if each.tag in COMPLEX:
            return None
        if each.tag == "tr":
            rows.append([])
        if each.tag in ("td", "th") and rows:
            rows[-1].append(each)
            has_header = has_header or each.tag == "th"
        if each.is_element_node:
            stack += list(_children(each))[::-1]
    if max(map(len, rows), default=0) < 2:
        return None
    cells = [tuple(_cell(cell, leaves) for cell in row) for row in rows]
    if not has_header and any(isinstance(each, LineBreak) for row in cells for cell in row for each in cell):
        return None
    return Table(cells[0], tuple(cells[1:]))


def _cell(node: LexborNode, leaves: Leaves) -> Inlines:
    reader = _Reader(leaves)
    reader.walk(node)
    made: list[Inline] = []
    for number, block in enumerate(reader.finish()):
        if number:
            made.append(LineBreak())
        made += block.children if isinstance(block, Paragraph) else ()
    return tuple(made)
