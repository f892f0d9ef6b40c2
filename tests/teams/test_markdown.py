"""Technicians' texts as sent to Teams (C3): a CommonMark and GFM parser shows each typed character."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from integrations.channels import Post, ThreadRef
from integrations.channels.values import WrittenCard
from integrations.teams.cards import activity_of
from integrations.teams.markdown import write_teams
from msp.richtext import read_markdown, read_text
from msp.richtext.nodes import Document, leaves
from msp.richtext.runs import text_of
from tests.richtext.trees import DOCUMENTS, TYPED

pytestmark = pytest.mark.unit

READER = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def shown(markdown: str) -> list[str]:
    """The lines that a client shows for Markdown with HTML."""
    made = re.sub(r"<br\s*/?>\n?|</p>\s*<p>", "\n", READER.render(markdown))
    text = html.unescape(re.sub(r"</?[a-z][^>]*>", "", made)).replace("\xa0", " ")
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def typed(text: str) -> list[str]:
    """The typed lines."""
    lines = text.replace("\t", "    ").replace("\xa0", " ").split("\n")
    return [line.rstrip() for line in lines if line.strip()]


def ink(text: str) -> str:
    """A text without white space and the bars between cells."""
    return re.sub(r"[\s\xa0|\x00\ufffd]+", "", text)


@pytest.mark.parametrize(
    ("typed", "markdown"),
    [
        ("**Importante** y `*.log`", "**Importante** y `*.log`"),
        ("https://a.example/how_to#x~y", "[https://a.example/how\\_to\\#x\\~y](https://a.example/how_to#x~y)"),
        ("C:\\my_file *.log", "C:\\\\my\\_file \\*.log"),
        ("```sh\nrm *.log\n```", "```sh\nrm *.log\n```"),
        ("- uno\n- dos", "- uno\n- dos"),
        ("uno\ndos", "uno\n\ndos"),
        ("a < b", "a \\< b"),
        ("**pulsa `Intro` en https://a.example/x**", "**pulsa `Intro` en [https://a.example/x](https://a.example/x)**"),
        ("3. tres\n4. cuatro", "3. tres\n4. cuatro"),
    ],
)
def test_what_technicians_wrote_is_teams_markdown(typed: str, markdown: str) -> None:
    assert write_teams(read_markdown(typed)) == markdown


def test_a_year_at_the_start_of_a_line_is_no_list() -> None:
    assert write_teams(read_text("2026. fue un buen año")) == "2026\\. fue un buen año"


@pytest.mark.parametrize(
    "text",
    [
        "pon &lt;br&gt; y &nbsp; y &#65; &copy;2024",
        "uno\n---\ndos",
        "-",
        "+\n1.\n2)",
        "\tnet use Z: \\\\srv\\mis_datos",
        "  sangrado\n      más",
        "Puerto    443\nPuerto\t80",
        "{.rojo} el JSON es {\"a\": {\"b\": 1}} y {{usuario}}",
        "mira aquí!https://a.example/x_y",
        "https://a.example/a?x=1&amp;y=2`z",
        "https://a.example/x\\",
        "<b>hola</b> <!-- x --> <script>alert(1)</script>",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "~uno~ ~~dos~~ [ ] tarea [^1]\n[^1]: nota",
        "```\nsin cerrar",
        "``a`` `b` \\` \\\\ \\*",
        "<at>Irene</at> @channel <https://a.example>",
    ],
)  # fmt: skip
def test_c3_each_typed_character_and_line_is_shown(text: str) -> None:
    assert shown(write_teams(read_text(text))) == typed(text)


@budget(max_examples=120, deadline=None)
@given(st.one_of(TYPED, st.text(st.sampled_from("*_`~#<>&[](){}|\\-+=1.)! \t\nab;"), max_size=20)))
def test_c3_whatever_is_typed_is_shown(text: str) -> None:
    assert [ink(line) for line in shown(write_teams(read_text(text)))] == [ink(line) for line in typed(text)]


@pytest.mark.slow
@budget(max_examples=120, deadline=None)
@given(DOCUMENTS)
def test_c3_no_document_loses_text_or_shows_marks(document: Document) -> None:
    assert ink("".join(shown(write_teams(document)))) == ink("".join(map(text_of, leaves(document.blocks))))


@pytest.mark.parametrize("subject", ["---", "1. No arranca", "- x", "&nbsp; {a} *b*", "    ipconfig"])
def test_c3_a_cards_subject_is_shown_as_typed(subject: str) -> None:
    card = WrittenCard("AZC-1", subject, (("Con", subject),), None, ())
    [attachment] = activity_of(Post("", card=card), ThreadRef("teams", "t", "c", "")).attachments
    body = attachment.content["body"]
    assert shown(body[1]["text"]) == shown(body[2]["columns"][0]["items"][1]["text"]) == typed(subject)
