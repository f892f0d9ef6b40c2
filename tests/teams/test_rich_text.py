"""What people write in Teams, as it is read (B3, B4, B5), and what technicians write, as Teams gets it (C3)."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.teams.rich_text import quoted_id, read_activity, write_teams
from msp.kernel.db import Json
from msp.richtext import mentions, read_markdown, read_text, write_text

BOT = "28:guardia"
SPAN = '<span itemscope itemtype="http://schema.skype.com/Mention" itemid="{}">{}</span>'
REPLY = (
    '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1700">'
    '<p itemprop="preview">antes</p></blockquote>'
)


def activity(text: str = "", html: str = "", *people: tuple[str, str], **more: Any) -> Json:
    entities = [{"type": "mention", "mentioned": {"id": id, "name": name}} for id, name in people]
    attachments = [{"contentType": "text/html", "content": html}] if html else []
    return {"text": text, "attachments": attachments, "entities": entities, "recipient": {"id": BOT}} | more


@pytest.mark.parametrize("text", [
    "No llega el correo de Ana <ana@cliente.example>",
    "si a < b y c > d falla",
    "text <data>",
    "&amp; &lt;b&gt; y *esto* _así_ C:\\_temp",
    "  sangrado\n\tcon tabulador",
])  # fmt: skip
def test_every_typed_character_of_plain_text_is_kept(text: str) -> None:
    assert write_text(read_activity(activity(text, textFormat="plain"))[0]) == text


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>uno</p><p>dos</p>", "uno\n\ndos"),
        ("<div>uno<br>dos</div>", "uno\ndos"),
        ("<ul><li>a</li><li>b</li></ul>", "• a\n• b"),
        ('<p>mira <a href="https://a.example/x_y">aquí</a></p>', "mira aquí (https://a.example/x_y)"),
        ('<p>bien <img alt="😀" itemtype="http://schema.skype.com/Emoji" src="x"></p>', "bien 😀"),
        ('<p>bien <emoji alt="🙂" title="Sonrisa"></emoji></p>', "bien 🙂"),
        (f"{REPLY}<p>ahora</p>", "> antes\n\nahora"),
        ("<p>a &lt; b &amp; c</p>", "a < b & c"),
        ("<pre><code>x = 1\n  y</code></pre>", "x = 1\n  y"),
        ('<p>foto</p><attachment id="1"></attachment>', "foto"),
    ],
)
def test_the_html_copy_is_read(html: str, said: str) -> None:
    for text in ("otra cosa", ""):  # html only is a message too
        assert write_text(read_activity(activity(text, html))[0]) == said


@pytest.mark.parametrize("name", ["Guardia", "Guardia & Co", "D'Artagnan", "Ayuda Técnica Ñ", "<b>"])
def test_our_mention_goes_by_its_id_whatever_our_name(name: str) -> None:
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for given_ in (
        activity(f"<at>{escaped}</at> no imprime", "", (BOT, name)),
        activity("x", f"<p>{SPAN.format(0, escaped)}&nbsp;no imprime</p>", (BOT, name)),
    ):
        document, is_mentioned = read_activity(given_)
        assert (write_text(document), is_mentioned) == ("no imprime", True)


def test_colleagues_stay_mentioned_by_id() -> None:
    html = f"<p>{SPAN.format(0, 'Guardia')} ayuda a {SPAN.format(1, 'Ana')}</p>"
    document, _ = read_activity(activity("x", html, (BOT, "Guardia"), ("29:ana", "Ana Ruiz")))
    assert mentions(document) == ("29:ana",) and write_text(document) == "ayuda a @Ana Ruiz"


def test_nested_mentions_cost_linear_time_and_memory() -> None:
    people = [(BOT, "<at>" * number) for number in range(60)]
    began = time.perf_counter()
    document, _ = read_activity(activity("<at>" * 20_000 + "x" + "</at>" * 20_000, "", *people))
    assert len(write_text(document)) < 200_000 and time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("given_", "id"),
    [(activity("x", REPLY), "1700"), (activity("x", replyToId="42"), "42"), (activity("x"), None)],
)
def test_the_quoted_message(given_: Json, id: str | None) -> None:
    assert quoted_id(given_) == id


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
    ],
)
def test_what_technicians_wrote_is_teams_markdown(typed: str, markdown: str) -> None:
    assert write_teams(read_markdown(typed)) == markdown


def test_a_year_at_the_start_of_a_line_is_no_list() -> None:
    assert write_teams(read_text("2026. fue un buen año")) == "2026\\. fue un buen año"


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80),
    st.text(max_size=80),
    st.lists(st.tuples(st.text(), st.text()), max_size=2),
)
def test_no_message_breaks_the_reader(text: str, html: str, people: list[tuple[str, str]]) -> None:
    read_activity(activity(text, html, *people))
