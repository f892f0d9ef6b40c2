"""Markdown as technicians type it: what is markup, what is plain text, and the round trip."""

import time

import pytest
from hypothesis import given, settings

from msp.richtext import read_markdown, write_markdown, write_text
from msp.richtext.tree import (
    Block,
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Heading,
    Inline,
    LineBreak,
    Link,
    List,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
    normalised,
)
from tests.richtext.trees import DOCUMENTS, TYPED, WORDS, letters, typeable, words

pytestmark = pytest.mark.unit

MILLION = 1_000_000
SECONDS = 200  # CPU time per million characters: linear, however slow the machine


def _paragraph(*inlines: Inline) -> Paragraph:
    return Paragraph(inlines)


def _items(*texts: str) -> tuple[tuple[Block, ...], ...]:
    return tuple((_paragraph(Text(text)),) for text in texts)


TYPED_AS_IT_IS = [
    r"C:\my_file",
    r"C:\_temp",
    r"\\server\share",
    r"C:\*.log",
    r"C:\Users\_ana_\*.log y D:\*_copia_*",
    r"\*no es negrita\*",
    "<data>",
    "si a < b y c > d falla",
    "<b>hola</b> &amp; &lt; &copy;",
    "*.log,*.txt",
    "*.log y *error*.*",
    "*error*.txt",
    "snake_case y otra_variable_larga",
    "__init__.py __name__",
    "2*3*4 = 24, 2 * 3 * 4",
    "a ~ b ~ c",
    "~/.ssh y ~5 min ~~~",
    "a*b*c a_b_c",
    "a`nb`tc",
    "{a} {{ b }} $x %y%",
    "precio* sin IVA, *sin descuento",
    "1) uno",
    "+ dos",
    "***",
    "* * *",
    "- - -",
    "---",
    "===",
    ">>> import os",
    ">50 usuarios",
    ">= 3",
    "-5 grados",
    "#46 y # ",
    "    # sangrado, no título",
    "        - sangrado, no lista",
    "[corchetes] (paréntesis)",
    "[ref]: nada",
    "[x](javascript:alert(1))",
    "[x](/etc/passwd)",
    "informe.py notas.md acme.es",
    "~~~",
    "root:x:0:0",
]


@pytest.mark.parametrize("text", TYPED_AS_IT_IS)
def test_what_is_only_typed_stays_as_it_is(text: str) -> None:
    document = read_markdown(text)
    assert document == Document((_paragraph(Text(text)),))
    assert write_text(document) == text


MARKUP: list[tuple[str, tuple[Block, ...]]] = [
    ("**n** _e_ *e* ~~t~~ `c`", (_paragraph(
        Strong((Text("n"),)), Text(" "), Emphasis((Text("e"),)), Text(" "), Emphasis((Text("e"),)), Text(" "),
        Strikethrough((Text("t"),)), Text(" "), Code("c"),
    ),)),
    ("***x*** **_y_**", (_paragraph(
        Strong((Emphasis((Text("x"),)),)), Text(" "), Strong((Emphasis((Text("y"),)),)),
    ),)),
    ("¿**Qué**? («*eso*»), (**a**): _b_.", (_paragraph(
        Text("¿"), Strong((Text("Qué"),)), Text("? («"), Emphasis((Text("eso"),)), Text("»), ("), Strong((Text("a"),)),
        Text("): "), Emphasis((Text("b"),)), Text("."),
    ),)),
    ("**Nota:** *(importante)* **#1** **€5**", (_paragraph(
        Strong((Text("Nota:"),)), Text(" "), Emphasis((Text("(importante)"),)), Text(" "), Strong((Text("#1"),)),
        Text(" "), Strong((Text("€5"),)),
    ),)),
    ("uno\ndos\n  tres", (_paragraph(Text("uno"), LineBreak(), Text("dos"), LineBreak(), Text("  tres")),)),
    ("uno\n\n\n    dos", (_paragraph(Text("uno")), _paragraph(Text("    dos")))),
    ("uno\r\ndos", (_paragraph(Text("uno"), LineBreak(), Text("dos")),)),
    ("# Título\n## Otro", (Heading(1, (Text("Título"),)), Heading(2, (Text("Otro"),)))),
    ("# C#", (Heading(1, (Text("C#"),)),)),
    ("Pasos:\n- uno\n- dos\nfin", (_paragraph(Text("Pasos:")), List(_items("uno", "dos")), _paragraph(Text("fin")))),
    ("* uno\n* dos", (List(_items("uno", "dos")),)),
    ("1. uno\n2. dos", (List(_items("uno", "dos"), ordered=True),)),
    ("7. siete\n8. ocho", (List(_items("siete", "ocho"), ordered=True, start=7),)),
    ("- a\n  - b\n- c", (List(((_paragraph(Text("a")), List(_items("b"))), (_paragraph(Text("c")),))),)),
    ("> cita\n> dos\nrespuesta", (
        Quote((_paragraph(Text("cita"), LineBreak(), Text("dos")),)), _paragraph(Text("respuesta")),
    )),
    ("> > a\n> b", (Quote((Quote((_paragraph(Text("a")),)), _paragraph(Text("b")))),)),
    ("```python\nx = 1\n\n    y\n```\nfin", (CodeBlock("x = 1\n\n    y", "python"), _paragraph(Text("fin")))),
    ("```\n*a* <b> \\ `c`\n```", (CodeBlock("*a* <b> \\ `c`"),)),
    ("mira:\n```\nsin cerrar", (_paragraph(Text("mira:")), CodeBlock("sin cerrar"))),
    ("```ipconfig /all\nping x```\nfin", (CodeBlock("ipconfig /all\nping x"), _paragraph(Text("fin")))),
    ("```cmd\nping x```", (CodeBlock("cmd\nping x"),)),
    ("| a | b |\n|---|:-:|\n| 1 | `x` |\nfin", (
        Table(((Text("a"),), (Text("b"),)), (((Text("1"),), (Code("x"),)),)), _paragraph(Text("fin")),
    )),
    (r"| a | C:\|" + "\n|---|---|\n" + r"|C:\temp\|x|", (
        Table(((Text("a"),), (Text("C:\\"),)), (((Text("C:\\temp\\"),), (Text("x"),)),)),
    )),
    ("&#42;a&#42; &#169;", (_paragraph(Text("*a* &#169;")),)),
    ("usa `a*b*c` y ``x`y``", (_paragraph(Text("usa "), Code("a*b*c"), Text(" y "), Code("x`y")),)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "blocks"), MARKUP)
def test_markup_is_read(text: str, blocks: tuple[Block, ...]) -> None:
    document = read_markdown(text)
    assert document == Document(blocks)
    assert read_markdown(write_markdown(document)) == document


def _link(url: str) -> Link:
    return Link(url, (Text(url.removeprefix("mailto:")),))


LINKS: list[tuple[str, tuple[Inline, ...]]] = [
    ("https://a.example/how_to/*x*~y#z_1", (_link("https://a.example/how_to/*x*~y#z_1"),)),
    ("ve a https://a.example/a_b, y sigue.", (Text("ve a "), _link("https://a.example/a_b"), Text(", y sigue."))),
    ("(https://a.example/a_(b)_c).", (Text("("), _link("https://a.example/a_(b)_c"), Text(")."))),
    ("«https://a.example/ñ»…", (Text("«"), _link("https://a.example/ñ"), Text("»…"))),
    ("http://intranet/x http://10.0.0.5:8080/", (
        _link("http://intranet/x"), Text(" "), _link("http://10.0.0.5:8080/"),
    )),
    ("<ana@cliente.example>", (Text("<"), _link("mailto:ana@cliente.example"), Text(">"))),
    ("a ana.b+c@empresa.local:", (Text("a "), _link("mailto:ana.b+c@empresa.local"), Text(":"))),
    ("[aquí](https://a.example/?a=1&copy=2_*)", (Link("https://a.example/?a=1&copy=2_*", (Text("aquí"),)),)),
    ("[a **b**](https://a.example/)", (Link("https://a.example/", (Text("a "), Strong((Text("b"),)))),)),
    ("**https://a.example/a_b**", (Link("https://a.example/a_b", (Strong((Text("https://a.example/a_b"),)),)),)),
    ("**ver https://a.example/a** y más", (
        Strong((Text("ver "), _link("https://a.example/a"))), Text(" y más"),
    )),
    ("ve a www.acme.example/a_b, ya", (
        Text("ve a "), Link("http://www.acme.example/a_b", (Text("www.acme.example/a_b"),)), Text(", ya"),
    )),
    ("(www.acme.example) xwww.acme.example www.", (
        Text("("), Link("http://www.acme.example", (Text("www.acme.example"),)), Text(") xwww.acme.example www."),
    )),
    ("`https://a.example/`", (Code("https://a.example/"),)),
    ("https://a.example/x\\y", (_link("https://a.example/x\\y"),)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inlines"), LINKS)
def test_addresses_are_links_and_stay_whole(text: str, inlines: tuple[Inline, ...]) -> None:
    document = read_markdown(text)
    assert document == Document((Paragraph(inlines),))
    assert read_markdown(write_markdown(document)) == document


WRITTEN = [
    ("*.log y 2*3*4 y snake_case", "*.log y 2*3*4 y snake_case"),
    ("*a*", "&#42;a&#42;"),
    ("# no", "&#35; no"),
    ("- no", "&#45; no"),
    ("1. no", "1&#46; no"),
    ("> no", "&#62; no"),
    ("&#42;", "&#38;#42;"),
    ("[a](https://a.example)", "&#91;a](https&#58;//a.example)"),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_text_is_escaped_only_where_it_would_be_markup(text: str, expected: str) -> None:
    document = Document((_paragraph(Text(text)),))
    assert write_markdown(document) == expected
    assert read_markdown(expected) == document


@settings(derandomize=True, deadline=None, max_examples=60)
@given(TYPED)
def test_what_was_read_is_written_so_that_it_is_read_again(text: str) -> None:
    document = read_markdown(text)
    assert normalised(document) == document
    assert read_markdown(write_markdown(document)) == document


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(DOCUMENTS)
def test_no_words_of_a_tree_are_lost(document: Document) -> None:
    assert words(read_markdown(write_markdown(document))) == words(typeable(document))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(WORDS)
def test_no_words_that_are_typed_are_lost(text: str) -> None:
    kept = letters(write_text(read_markdown(text)))
    missing = [each for each in letters(text.replace("\0", "")) if each not in kept]
    assert not missing or "&#" in text or "```" in text  # references and the language of code are markup


HOSTILE = [
    "*", "*a ", "a* *b ", "**a** ", "_*", "https://a.example/b_c ", "a@b.example ", "https://", "a@", "[", "[a](",
    "`a", "> ", "> a\n", "> > > > > > > > > a\n", "- a\n", "- ", "a\n", "```\n", "```a\nb```\n", "|a|b|\n|-|-|\n", "|",
    "a|\n",
    "&#42;", "\\", "# a\n", " ", "\n", "1. ", "x", "*.", "\t- a\n", "> - ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_million_characters_cost_linear_time(piece: str) -> None:
    text = piece * (MILLION // 40 // len(piece))
    started = time.process_time()
    read_markdown(text)
    assert time.process_time() - started < SECONDS / 10


def test_depth_is_bounded_and_nothing_is_lost_below_it() -> None:
    document = read_markdown("> " * 5000 + "fondo")
    assert letters(write_text(document)) == "fondo"
    nested = "".join("  " * depth + f"- n{depth}\n" for depth in range(200))
    assert letters(nested) == words(read_markdown(nested))
