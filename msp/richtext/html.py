"""HTML: the reader for HTML of Teams and mail, and the writer for console, portal and mail."""

import html as escaping
from collections.abc import Iterator
from dataclasses import replace

import nh3

from msp.richtext.html_reading import Leaves, read
from msp.richtext.nodes import (
    Block,
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    Link,
    List,
    Mention,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
)
from msp.richtext.normal import normalised
from msp.richtext.runs import Run, inlines_of, lines_of, plain_of, runs_of, text_of

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "code": {"class"}, "ol": {"start"}, "span": {"class"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_REL = "noopener noreferrer nofollow"
_SPANS = {Strong: "strong", Emphasis: "em", Strikethrough: "del"}
_MONO = "font-family:Consolas,Menlo,monospace;background:#f6f8fa"
_STYLES = {
    "blockquote": "margin:0 0 12px;padding-left:12px;border-left:3px solid #d6dce2;color:#51606f",
    "code": _MONO,
    "pre": f"{_MONO};padding:8px 10px;white-space:pre-wrap;word-break:break-word",
    "table": "border-collapse:collapse",
    "td": "border:1px solid #d6dce2;padding:4px 8px",
    "th": "border:1px solid #d6dce2;padding:4px 8px;text-align:left",
}


def read_html(html: str, *, leaves: Leaves | None = None) -> Document:
    """Read HTML without its styling, in linear time and with limited nesting.

    `leaves` reads elements of one channel: it maps the name of an element to a function of its attributes and its text,
    which returns inlines or a quote, or None if the element needs no special treatment. Addresses that links may not
    use are added as text; scripts, styles and comments are dropped.
    """
    return normalised(Document(read(html, leaves or {})))


def write_html(document: Document, *, for_mail: bool = False) -> str:
    """The document as safe HTML: no scripts, no images; links open in a new tab and send no referrer.

    For mail the styling is inline, since mail programs do not read style sheets.
    """
    made = markup_of(document)
    if for_mail:
        for tag, style in _STYLES.items():
            made = made.replace(f"<{tag}>", f'<{tag} style="{style}">')
    attributes = {name: set(each) for name, each in _ATTRIBUTES.items()}
    for tag in _STYLES if for_mail else ():
        attributes.setdefault(tag, set()).add("style")
    return nh3.clean(
        made,
        tags=_TAGS,
        attributes=attributes,
        url_schemes=_SCHEMES,
        link_rel=_REL,
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def markup_of(document: Document) -> str:
    """The document as bare HTML, with all typed text escaped."""
    return "".join(_block(block) for block in normalised(document).blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return f"<p>{_inlines(children)}</p>"
        case Heading(level, children):
            return f"<h{level}>{_inlines(children)}</h{level}>"
        case CodeBlock(text, language):
            opened = f'<code class="language-{escaping.escape(language)}">' if language else "<code>"
            return f"<pre>{opened}{escaping.escape(text)}\n</code></pre>"
        case Quote(blocks):
            return f"<blockquote>{''.join(map(_block, blocks))}</blockquote>"
        case List(items, ordered, start):
            made = "".join(f"<li>{_item(item)}</li>" for item in items)
            numbered = f'<ol start="{start}">' if start != 1 else "<ol>"
            return f"{numbered}{made}</ol>" if ordered else f"<ul>{made}</ul>"
        case Table(header, rows):
            body = "".join(_row(row, "td") for row in rows)
            return f"<table><thead>{_row(header, 'th')}</thead><tbody>{body}</tbody></table>"
    raise TypeError(block)


def _item(item: tuple[Block, ...]) -> str:
    """An item's blocks; a single paragraph, alone or before nested lists, has no <p>, since that adds margins."""
    if isinstance(item[0], Paragraph) and all(isinstance(each, List) for each in item[1:]):
        return _inlines(item[0].children) + "".join(map(_block, item[1:]))
    return "".join(map(_block, item))


def _row(cells: tuple[Inlines, ...], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{_inlines(cell)}</{tag}>' for cell in cells)}</tr>"


def _inlines(inlines: Inlines) -> str:
    return "".join(_inline(each) for each in inlines_of(_spaced(runs_of(inlines))))


def _inline(inline: Inline) -> str:
    match inline:
        case LineBreak():
            return "<br>"
        case Code(text):
            return f"<code>{escaping.escape(text)}</code>"
        case Mention():
            return f'<span class="mention">{escaping.escape(inline.label)}</span>'
        case Link(url, children):
            return f'<a href="{escaping.escape(url)}">{"".join(map(_inline, children))}</a>'
        case Strong(children) | Emphasis(children) | Strikethrough(children):
            tag = _SPANS[type(inline)]
            return f"<{tag}>{''.join(map(_inline, children))}</{tag}>"
        case _:
            return escaping.escape(text_of(inline))


def _spaced(runs: list[Run]) -> Iterator[Run]:
    """The runs with spaces that HTML would drop (at the edges of lines and adjacent ones) as non-breaking spaces."""
    for number, line in enumerate(lines_of(runs)):
        if number:
            yield Run(LineBreak())
        text = plain_of(line)
        first, last = len(text) - len(text.lstrip(" \t")), len(text.rstrip(" \t"))
        at = 0
        for run in line:
            if isinstance(run.leaf, Text | Code) and (" " in run.leaf.text or "\t" in run.leaf.text):
                kept = "".join(_space(text, position, first, last) for position in range(at, at + len(run.leaf.text)))
                yield replace(run, leaf=type(run.leaf)(kept))
            else:
                yield run
            at += len(text_of(run.leaf))


def _space(text: str, at: int, first: int, last: int) -> str:
    if text[at] == "\t":
        return "\xa0" * 4
    is_dropped = text[at] == " " and (at < first or at >= last or text[at - 1] in " \t")
    return "\xa0" if is_dropped else text[at]
