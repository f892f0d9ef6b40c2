"""Hypothesis strategies for documents and texts: whole trees of every node, and texts full of markup."""

from dataclasses import replace

from hypothesis import strategies as st

from msp.richtext.nodes import leaves, mapped
from msp.richtext.runs import inlines_of, runs_of, text_of
from msp.richtext.tree import (
    Block,
    Code,
    CodeBlock,
    Document,
    Emoji,
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
    normalised,
)

MARKUP = st.sampled_from(
    [
        *"abeñ1.,:;!?*_~`#-+>|[]()<>&\\/@\"'${}=—¿é中😀", "**", "~~", "```", "##", "&#42;", "&amp;",
        " ", "  ", "\n", "\n\n", "\t", "    ", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n", "```\n",
        "](https://a.example/x)", "https://a.example/b_c", "ana@a.example", "C:\\_x", "*.log",
        "*x*", "_y_", "**z**", "`c`", "<b>", "</b>", "<li>",
    ]
)  # fmt: skip
TYPED = st.lists(MARKUP, max_size=14).map("".join)
WORDS = st.one_of(TYPED, st.text(max_size=12))
URLS = st.sampled_from(
    [
        "https://a.example/how_to/*x*~y#z",
        "http://10.0.0.5/",
        "mailto:ana@a.example",
        "tel:+34600",
        "https://a.example/(a)(b",
    ]
)
STYLED = st.sampled_from([Strong, Emphasis, Strikethrough])
LEAVES: st.SearchStrategy[Inline] = st.one_of(
    WORDS.map(Text),
    TYPED.map(Code),
    st.just(LineBreak()),
    st.builds(Mention, st.text("UABC019", min_size=1, max_size=4), st.sampled_from(["", "Ana López", "a*b*"])),
    st.builds(Emoji, st.sampled_from(["😀", "👍🏽", ""]), st.sampled_from(["cry", "party_blob"])),
)


def _spans(children: st.SearchStrategy[Inline]) -> st.SearchStrategy[Inline]:
    inner = st.lists(children, max_size=3).map(tuple)
    return st.one_of(st.builds(lambda kind, each: kind(each), STYLED, inner), st.builds(Link, URLS, inner))


INLINES = st.lists(st.recursive(LEAVES, _spans, max_leaves=6), max_size=5).map(tuple)
CELLS = st.lists(INLINES, max_size=3).map(tuple)
FLAT: st.SearchStrategy[Block] = st.one_of(
    st.builds(Paragraph, INLINES),
    st.builds(Heading, st.integers(1, 6), INLINES),
    st.builds(CodeBlock, TYPED, st.sampled_from(["", "python"])),
    st.builds(
        Table,
        st.lists(INLINES, max_size=3).map(tuple),
        st.lists(st.lists(INLINES, max_size=3).map(tuple), max_size=2).map(tuple),
    ),
)


def _nested(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    inner = st.lists(blocks, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Quote, inner),
        st.builds(List, st.lists(inner, max_size=3).map(tuple), st.booleans(), st.integers(0, 30)),
    )


BLOCKS = st.recursive(FLAT, _nested, max_leaves=6)
DOCUMENTS = st.lists(BLOCKS, max_size=4).map(lambda blocks: normalised(Document(tuple(blocks))))  # as parsers make them


def words(document: Document) -> str:
    """The visible letters and digits, without white space and markup."""
    return "".join(each for leaf in leaves(document.blocks) for each in text_of(leaf) if each.isalnum())


def letters(text: str) -> str:
    """The letters and digits of a text."""
    return "".join(each for each in text if each.isalnum())


def typeable(document: Document) -> Document:
    """The document with mentions and emoji replaced by their display text."""

    def typed(inlines: Inlines) -> Inlines:
        runs = runs_of(inlines)
        return inlines_of(replace(run, leaf=Text(text_of(run.leaf))) if _is_typed(run.leaf) else run for run in runs)

    return normalised(Document(mapped(document.blocks, typed)))


def _is_typed(leaf: Inline) -> bool:
    return isinstance(leaf, Mention | Emoji)
