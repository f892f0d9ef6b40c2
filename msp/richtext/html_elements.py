"""HTML elements grouped by how the reader treats them."""

from msp.richtext.nodes import Emphasis, Strikethrough, Strong
from msp.richtext.runs import Style

STYLES: dict[str, Style] = {
    "b": Strong, "strong": Strong, "i": Emphasis, "em": Emphasis, "cite": Emphasis, "s": Strikethrough,
    "strike": Strikethrough, "del": Strikethrough,
}  # fmt: skip
CODE = frozenset((
    "code", "tt", "kbd", "samp",
))  # fmt: skip
"""Code within a line."""
FORMATTING = frozenset((
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
))  # fmt: skip
"""What a parser opens again in every block where it was left open."""
SHALLOW = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "html",
    "head", "body", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "caption",
    "option", "optgroup", "rb", "rp", "rt", "rtc",
))  # fmt: skip
"""What ends by itself, so that many of them are not nested."""
LINES = frozenset((
    "div", "address", "article", "aside", "center", "details", "dialog", "dd", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "hgroup", "main", "nav", "section", "summary", "table", "tbody", "thead",
    "tfoot", "tr", "td", "th", "caption", "option", "legend",
))  # fmt: skip
"""What stands on lines of its own."""
DROPPED = frozenset((
    "script", "style", "head", "title", "template", "iframe", "noembed", "noframes", "object", "audio", "video",
))  # fmt: skip
"""What holds no words for people."""
COMPLEX = frozenset((
    "table", "ul", "ol", "blockquote", "pre", "codeblock", "h1", "h2", "h3", "h4", "h5", "h6",
))  # fmt: skip
"""Blocks that no cell of a table can hold."""
