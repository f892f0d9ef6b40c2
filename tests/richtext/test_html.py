"""HTML from Teams and mail programs, and HTML for console, portal and mail."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.richtext import read_html, read_markdown, read_text, write_html, write_text
from msp.richtext.tree import (
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Link,
    List,
    Paragraph,
    Strong,
    Table,
    Text,
    normalised,
)
from tests.richtext.trees import DOCUMENTS, TYPED, letters, typeable, words

pytestmark = pytest.mark.unit

READ = [
    ("<div>a</div><div>b</div>", "a\nb"),
    ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
    ("<p>a</p>\n  <p>b<br>\n c</p>", "a\n\nb\nc"),
    ("a<br><br>b", "a\n\nb"),
    ("<p>uno&nbsp;&nbsp;dos   tres\n cuatro</p>", "uno  dos tres cuatro"),
    ("<p>&nbsp;&nbsp;sangrado</p>", "  sangrado"),
    ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "• a\n• b\n  • c"),
    ("<ul><li>a</li><ul><li>b</li></ul></ul>", "• a\n  • b"),
    ("<ol start=3><li><p>a</p></li><li>b</li></ol>", "3. a\n4. b"),
    ("<li>suelto", "• suelto"),
    ("<blockquote>cita<blockquote>dentro</blockquote></blockquote>respuesta", "> cita\n>\n> > dentro\n\nrespuesta"),
    ("<pre>a\n  b\n</pre>fin", "a\n  b\n\nfin"),
    ("<codeblock class='Python'><code>x = 1<br>&nbsp; y</code></codeblock>", "x = 1\n  y"),
    ("<a href='https://a.example/x_y?a=1&amp;b=2'>aquí</a>", "aquí (https://a.example/x_y?a=1&b=2)"),
    ("<a href='https://a.example/'>https://a.example/</a>", "https://a.example/"),
    ("<a href='mailto:ana@a.example'>ana@a.example</a>", "ana@a.example"),
    ("<a href='file://srv/x'>el fichero</a>", "el fichero (file://srv/x)"),
    ("<a href='javascript:alert(1)'>no</a> <a href='#x'>ni</a>", "no ni"),
    ('<img alt="a <b> c">', "a <b> c"),
    ("<p>ve a https://a.example/a_b, ya</p>", "ve a https://a.example/a_b, ya"),
    ("hola <img alt='😀' src=x> <img src=y>", "hola 😀"),
    ("si a &lt; b &amp; c", "si a < b & c"),
    ("<foo bar=1>dentro</foo> <x-y>y</x-y>", "dentro y"),
    ("<script>x</script><style>y</style><!-- z -->queda", "queda"),
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>", "a | b\n1 | 2"),
    ("<table><tr><td>solo<p>texto</p></td></tr></table>", "solo\n\ntexto"),
    ("<h2>T</h2>x", "T\n\nx"),
    ("<p>a<b>b</p><p>c</b>d</p>", "ab\n\ncd"),
    ("", ""),
    ("&nbsp;", ""),
]


@pytest.mark.parametrize(("html", "text"), READ)
def test_html_is_read(html: str, text: str) -> None:
    assert write_text(read_html(html)) == text


def test_addresses_in_a_text_become_links() -> None:
    assert read_html("<p><b>ve a https://a.example/a_b</b>, ya</p>") == read_markdown(
        "**ve a https://a.example/a_b**, ya"
    )


def test_styles_are_read() -> None:
    html = "<b>n</b> <em>e</em> <del>t</del> <code>c_d</code> <strong><i>x</i></strong> <span style='x'>y</span>"
    assert read_html(html) == read_markdown("**n** _e_ ~~t~~ `c_d` **_x_** y")


def test_what_is_written_is_safe() -> None:
    document = Document((
        Paragraph((Text("<script>alert(1)</script> & \" '"), Link("javascript:alert(1)", (Text("x"),)))),
        Paragraph((Link("https://a.example/?a=1&b=\"'<>", (Strong((Text("<b>"),)),)),)),
        CodeBlock("</code></pre><img src=x onerror=alert(1)>", "py"),
    ))  # fmt: skip
    for html in (write_html(document), write_html(document, for_mail=True)):
        assert set(re.findall(r"<(\w+)", html)) == {"p", "a", "strong", "pre", "code"}
        assert "javascript" not in html.replace("x (javascript:alert(1))", "")
        assert 'rel="noopener noreferrer nofollow"' in html and 'target="_blank"' in html
    assert "style" not in write_html(document)  # the content security policy allows none


def test_the_markup_of_a_page() -> None:
    html = write_html(read_markdown("## T\n  a  b\n- x\n  - y\n\n```py\n<b>\n```\n> q\n\n1. z"))
    assert html == (
        "<h2>T</h2><p>&nbsp;&nbsp;a &nbsp;b</p><ul><li>x<ul><li>y</li></ul></li></ul>"
        '<pre><code class="language-py">&lt;b&gt;\n</code></pre><blockquote><p>q</p></blockquote><ol><li>z</li></ol>'
    )


def test_mail_has_its_looks_inline() -> None:
    html = write_html(read_markdown("`a`\n\n| a | b |\n|-|-|\n| 1 | 2 |"), for_mail=True)
    assert html.count('style="') == 6  # code, table, and its four cells


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(DOCUMENTS, st.booleans())
def test_no_words_of_a_tree_are_lost(document: Document, for_mail: bool) -> None:
    written = write_html(document, for_mail=for_mail)
    read = read_html(written)
    assert words(read) == words(typeable(document))
    assert "\t" in written or read_html(write_html(read)) == read  # HTML keeps no tabs outside of code blocks


@settings(derandomize=True, deadline=None, max_examples=60)
@given(TYPED)
def test_what_was_typed_comes_back_from_a_page(text: str) -> None:
    assert letters(write_text(read_html(write_html(read_text(text))))) == letters(text)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.one_of(TYPED, st.text()))
def test_any_text_is_read(text: str) -> None:
    read = read_html(text)
    assert normalised(read) == read and read_html(write_html(read)) == read


NESTED = [
    "<div>", "<b>", "<p>", "<at id=1>", "<table>", "<ul><li>", "<blockquote>", "<a href=x><b>", "<b><i><p>", "<pre>",
    "<font size=1>", "<span><div>", "</div>", "<!--", "<x ", "&lt;", "<ol><li>a",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", NESTED)
def test_nested_tags_cost_linear_time(piece: str) -> None:
    html = piece * (100_000 // len(piece)) + "fondo"
    started = time.process_time()
    write_html(read_html(html))
    assert time.process_time() - started < 20


def test_formatting_left_open_does_not_grow() -> None:
    html = "".join(f"<font size={number}>" for number in range(100)) + "<p>x" * 2000
    started = time.process_time()
    assert letters(write_text(read_html("<p>" + html))) == "x" * 2000
    assert time.process_time() - started < 20


def test_depth_is_bounded_and_nothing_is_lost_below_it() -> None:
    for piece in ("<blockquote>", "<ul><li>", "<div>", "<b><i>"):
        assert write_text(read_html(piece * 3000 + "fondo")).split()[-1] == "fondo"


def test_a_table_with_a_header() -> None:
    html = "<table><tr><th>a</th><th>b</th></tr><tr><td>1<br>2</td></tr></table>"
    assert read_html(html) == Document((Table(((Text("a"),), (Text("b"),)), (((Text("1 2"),), ()),)),))


def test_code_within_a_line_and_lists_in_quotes() -> None:
    read = read_html("<blockquote><ul><li><code>a</code> <i>b</i></li></ul></blockquote>")
    assert read.blocks[0].blocks == (List(((Paragraph((Code("a"), Text(" "), Emphasis((Text("b"),)))),),)),)  # type: ignore[union-attr]
