"""Plain text: exactly as typed, and as a rendering of a document without markup."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.richtext import read_markdown, read_text, write_text
from msp.richtext.tree import Code, CodeBlock, Document, Emoji, LineBreak, Link, List, Mention, Paragraph, Quote, Text
from tests.richtext.trees import DOCUMENTS, WORDS, letters, words

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "  sangrado\n\ttabulado\n\n\n# no es título\n- no es lista\n> no es cita",
        r"C:\my_file *.log `x` **y** <b>z</b> &amp; [a](https://a.example)",
        "\n\nempieza tarde\n",
        "   ",
        "",
        "una línea\n",
    ],
)
def test_a_text_comes_back_exactly(text: str) -> None:
    assert write_text(read_text(text)) == text


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.one_of(WORDS, st.text()))
def test_any_text_comes_back_exactly(text: str) -> None:
    typed = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert write_text(read_text(text)) == typed


def test_addresses_become_links_and_nothing_else_is_markup() -> None:
    document = read_text("**ve** a https://a.example/a_b.\nO a <ana@cliente.example>")
    assert document == Document((Paragraph((
        Text("**ve** a "), Link("https://a.example/a_b", (Text("https://a.example/a_b"),)), Text("."), LineBreak(),
        Text("O a <"), Link("mailto:ana@cliente.example", (Text("ana@cliente.example"),)), Text(">"),
    )),))  # fmt: skip


def test_a_document_as_a_person_reads_it() -> None:
    document = Document((
        Paragraph((Mention("29:a", "Ana"), Text(" dice "), Emoji("😢", "cry"))),
        List(((Paragraph((Text("uno"), LineBreak(), Text("más"))),), (Paragraph((Text("dos"),)),)), True, 9),
        List(((Paragraph((Text("a"),)), List(((Paragraph((Text("b"),)),),))),)),
        Quote((Paragraph((Text("cita"),)), Paragraph((Text("otra"),)))),
        CodeBlock("ping x\n  y", "sh"),
        Paragraph((Code("c"), Text(" "), Link("https://a.example/x", (Text("aquí"),)))),
        Paragraph((Link("http://acme.example/", (Text("acme.example"),)),)),
    ))  # fmt: skip
    assert write_text(document) == (
        "@Ana dice 😢\n9. uno\n   más\n10. dos\n\n• a\n  • b\n\n> cita\n>\n> otra\n\nping x\n  y\n\n"
        "c aquí (https://a.example/x)\n\nacme.example"
    )


def test_a_table_as_a_person_reads_it() -> None:
    assert write_text(read_markdown("| a | b |\n|-|-|\n| 1 | **2** |")) == "a | b\n1 | 2"


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(DOCUMENTS)
def test_no_words_of_a_tree_are_lost(document: Document) -> None:
    written = letters(write_text(document))
    assert all(each in written for each in words(document))
    assert words(read_text(write_text(document))) == written


@pytest.mark.slow
def test_a_million_characters_cost_linear_time() -> None:
    for piece in ("https://a.example/b_c ", "a@b.example ", "a@", "\n", " \n", "x"):
        started = time.process_time()
        read_text(piece * (100_000 // len(piece)))
        assert time.process_time() - started < 20
