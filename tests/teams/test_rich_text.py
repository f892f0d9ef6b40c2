"""Reading and writing Teams messages: the HTML copy, text formats, mentions by id, quotes."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.teams.rich_text import quoted_id, read_activity
from msp.richtext import is_empty, read_markdown, read_text, write_text
from msp.richtext.tree import Document, Mention, Paragraph, Quote, Strong, Text, normalised
from tests.richtext.trees import TYPED, letters

pytestmark = pytest.mark.unit

Json = dict[str, Any]
BOT = {"id": "28:app", "name": "Soporte"}


def _activity(text: str | None = None, *, html: str | None = None, **others: Any) -> Json:
    attachments = [{"contentType": "text/html", "content": html}] if html is not None else []
    return {"type": "message", "recipient": BOT, "text": text, "attachments": attachments} | others


def _mention(id: str, name: str | None, text: str | None = None) -> Json:
    told = {"type": "mention", "mentioned": {"id": id} | ({"name": name} if name is not None else {})}
    return told | ({"text": text} if text is not None else {})


def _said(activity: Json) -> str:
    return write_text(read_activity(activity)[0])


# -------------------------------------------------------------------------- text


PLAIN = [
    "No llega el correo de Ana <ana@cliente.example>",
    "si a < b y c > d falla",
    "text <data>",
    "<b>no es negrita</b> &amp; &lt;",
    "<at>Nadie</at> y <at id='9'>otro</at>",
    "**ni** esto _tampoco_ C:\\_temp *.log",
    "  línea\n    sangrada\n\nfin",
    "a <br> b </p> c <",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_keeps_every_character(text: str) -> None:
    """B3."""
    assert _said(_activity(text, textFormat="plain")) == text


def test_plain_text_becomes_links() -> None:
    document, _ = read_activity(_activity("ve a https://a.example/a_b", textFormat="plain"))
    assert document == read_text("ve a https://a.example/a_b")


def test_the_other_formats_of_text() -> None:
    assert read_activity(_activity("**a** <data>", textFormat="markdown"))[0] == read_markdown("**a** <data>")
    assert _said(_activity("<p>a &lt; b</p><p>c</p>", textFormat="xml")) == "a < b\n\nc"
    assert _said(_activity("<p>a &lt; b</p>")) == "a < b"
    assert _said(_activity("a < b")) == "a < b"


# -------------------------------------------------------------------------- HTML


HTML = [
    ("<p>uno</p><p>dos<br>tres</p>", "uno\n\ndos\ntres"),
    ("<p>Pasos</p><ul><li>uno</li><li>dos</li></ul>", "Pasos\n• uno\n• dos"),
    ("<ol><li>uno</li><li>dos</li></ol>", "1. uno\n2. dos"),
    ("<p><a href='https://a.example/x_y' title='t'>aquí</a></p>", "aquí (https://a.example/x_y)"),
    ("<p>bien <img alt='😀' itemtype='http://schema.skype.com/Emoji'></p>", "bien 😀"),
    (
        "<p>bien <emoji id='smile' alt='😄' title='Sonrisa'></emoji> <emoji id='x' alt='👍'/> y más</p>",
        "bien 😄 👍 y más",
    ),
    ("<p><customemoji id='a' alt='blob'></customemoji></p>", ":blob:"),
    ("<p>mira</p><img alt='imagen' src='x' itemtype='http://schema.skype.com/AMSImage'>", "mira"),
    ("<p>si a &lt; b &amp;&amp; <b>c</b></p>", "si a < b && c"),
    ("<div><div>a</div><div>&nbsp;</div><div>&nbsp; b</div></div>", "a\n\n  b"),
    ("<codeblock class='Bash'><code>ls<br>&nbsp; x</code></codeblock><p>fin</p>", "ls\n  x\n\nfin"),
    ("<attachment id='1'></attachment><p>mira</p>", "mira"),
]


@pytest.mark.parametrize(("html", "text"), HTML)
def test_the_html_copy_is_read(html: str, text: str) -> None:
    """B4."""
    assert _said(_activity("una sola línea", html=html, textFormat="plain")) == text


def test_html_only_is_a_message() -> None:
    """B4."""
    assert _said(_activity(html="<p>No me va</p>")) == "No me va"
    assert _said(_activity("", html="<p>No me va</p>")) == "No me va"
    assert _said(_activity("No me va", html="<p>&nbsp;</p>")) == "No me va"


# ------------------------------------------------------------------------ mentions


NAMES = ["Soporte & Cía", "O'Hara", "Íñigo Núñez", "A < B", 'El "bot"', "Soporte", "  Soporte   IT "]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_escaped", [True, False])
def test_our_mention_goes_whatever_its_name(name: str, is_escaped: bool) -> None:
    """B5."""
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    shown = escaped if is_escaped else name
    for entity in (_mention("28:app", name), _mention("28:app", name, f"<at>{shown}</at>"), _mention("28:app", "otro")):
        for text in (f"<at>{shown}</at> no va", f'<at id="0">{shown}</at>, no va'):
            if entity["mentioned"]["name"] == "otro" and "id=" not in text:
                continue  # nothing relates this element to that entity
            activity = _activity(text, textFormat="plain", entities=[entity])
            document, is_mentioned = read_activity(activity)
            assert (write_text(document), is_mentioned) == ("no va", True)


def test_mentions_in_the_html_copy() -> None:
    """B5."""
    html = (
        '<p><span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="0">Soporte &amp; Cía</span>, no va,'
        ' lo vio <at id="1">Íñigo</at></p>'
    )
    entities = [_mention("28:app", "Soporte & Cía"), _mention("29:i", "Íñigo O'Hara")]
    document, is_mentioned = read_activity(_activity("x", html=html, entities=entities))
    assert is_mentioned
    assert document == Document((Paragraph((Text("no va, lo vio "), Mention("29:i", "Íñigo O'Hara"))),))


def test_two_people_of_one_name_are_told_apart_by_their_place() -> None:
    entities = [_mention("29:a", "Soporte"), _mention("28:app", "Soporte")]
    html = '<p><at id="1">Soporte</at> ha escrito <at id="0">Soporte</at></p>'
    document, _ = read_activity(_activity("x", html=html, entities=entities))
    assert document == Document((Paragraph((Text("ha escrito "), Mention("29:a", "Soporte"))),))


def test_a_mention_by_the_id_itself() -> None:
    entities = [_mention("28:app", None), _mention("29:a", None)]
    document, is_mentioned = read_activity(
        _activity('<at id="28:app">X</at> hola <at id="29:a">Y</at>', textFormat="plain", entities=entities)
    )
    assert is_mentioned and document.blocks == (Paragraph((Text("hola "), Mention("29:a"))),)


def test_nested_mentions_cost_linear_time() -> None:
    """B5."""
    name = "Soporte"
    nested = "<at>" * 500 + name + "</at>" * 500
    entities = [_mention("28:app", name, "<at>" * depth + name + "</at>" * depth) for depth in range(300)]
    started = time.process_time()
    for activity in (
        _activity(f"{nested} no va", textFormat="plain", entities=entities),
        _activity("x", html=f"<p>{nested} no va</p>", entities=entities),
        _activity("<at>a</at>" * 500, textFormat="plain", entities=[_mention("29:x", "<at>a</at>" * 9, "a")] * 300),
    ):
        document, _ = read_activity(activity)
        assert len(write_text(document)) < 8000
    assert time.process_time() - started < 20
    assert _said(_activity(f"{nested} no va", textFormat="plain", entities=entities)) == "no va"


def test_nobody_is_mentioned_without_an_entity() -> None:
    document, is_mentioned = read_activity(_activity("<at>Soporte</at> hola", textFormat="plain"))
    assert not is_mentioned and write_text(document) == "<at>Soporte</at> hola"


def test_a_mention_alone_is_nothing_to_read() -> None:
    activity = _activity("<at>Soporte</at>", textFormat="plain", entities=[_mention("28:app", "Soporte")])
    document, is_mentioned = read_activity(activity)
    assert is_mentioned and is_empty(document)


# -------------------------------------------------------------------------- quotes


REPLY = (
    '<blockquote itemscope="" itemtype="http://schema.skype.com/Reply" itemid="1641">'
    '<strong itemprop="mri" itemid="8:orgid:x">Ana</strong><span itemprop="time" itemid="1641"></span>'
    '<p itemprop="preview">¿Ya va?</p></blockquote><p>No</p>'
)


def _quoted(name: str, text: str) -> Quote:
    return Quote((Paragraph((Strong((Text(name),)),)), Paragraph((Text(text),))))


def test_a_quoted_reply_is_kept_apart() -> None:
    """B4."""
    activity = _activity("Ana ¿Ya va? No", html=REPLY, replyToId="9")
    assert read_activity(activity)[0].blocks == (_quoted("Ana", "¿Ya va?"), Paragraph((Text("No"),)))
    assert quoted_id(activity) == "1641"


def test_a_quote_told_by_an_entity() -> None:
    entity = {"type": "quotedReply", "quotedReply": {"messageId": "77", "senderName": "Ana", "preview": "¿Ya va?"}}
    for activity in (
        _activity('<quoted messageId="77"/> No', textFormat="plain", entities=[entity]),
        _activity("x", html='<p><quoted messageId="77"/>No</p>', entities=[entity]),
    ):
        assert read_activity(activity)[0].blocks == (_quoted("Ana", "¿Ya va?"), Paragraph((Text("No"),)))
        assert quoted_id(activity) == "77"


def test_a_message_that_is_attached() -> None:
    sender = {"user": {"displayName": "Ana"}}
    content = json.dumps({"messageId": "99", "messagePreview": "¿Ya va?", "messageSender": sender})
    for html in ('<attachment id="99"></attachment><p>No</p>', '<attachment id="99"/><p>No</p>', "<p>No</p>"):
        activity = _activity("x", html=html)
        activity["attachments"].append({"contentType": "messageReference", "id": "99", "content": content})
        assert read_activity(activity)[0].blocks == (_quoted("Ana", "¿Ya va?"), Paragraph((Text("No"),)))
        assert quoted_id(activity) == "99"


def test_what_is_answered() -> None:
    assert quoted_id(_activity("x", replyToId="5")) == "5"
    assert quoted_id(_activity("x")) is None
    assert quoted_id(_activity("x", html="<blockquote>otra cita</blockquote>", replyToId=7)) is None


# -------------------------------------------------------------------------- shapes


WRONG = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["mention", "text/html"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "text", "mentioned", "id", "name", "contentType", "content", "quotedReply"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
FIELDS = ["text", "textFormat", "attachments", "entities", "recipient", "replyToId"]


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.dictionaries(st.sampled_from(FIELDS), WRONG))
def test_no_shape_is_trusted(activity: Json) -> None:
    document, _ = read_activity(activity)
    assert normalised(document) == document
    assert quoted_id(activity) is None or isinstance(quoted_id(activity), str)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(TYPED, st.sampled_from(["plain", None]))
def test_no_words_that_were_typed_are_lost(text: str, format: str | None) -> None:
    assert letters(_said(_activity(text, textFormat=format))) == letters(text)


# ------------------------------------------------------------------------- writing


WRITTEN = [
    (r"C:\my_file *.log {a} <data> &", r"<p>C:\my_file *.log {a} &lt;data&gt; &amp;</p>"),
    ("**n** _e_ ~~t~~ `c`", "<p><strong>n</strong> <em>e</em> <strike>t</strike> <code>c</code></p>"),
    ("https://a.example/how_to/*x*~y#z?a=1&b=2", (
        '<p><a href="https://a.example/how_to/*x*~y#z?a=1&amp;b=2">https://a.example/how_to/*x*~y#z?a=1&amp;b=2</a></p>'
    )),
    ("uno\n  dos", "<p>uno<br>\xa0\xa0dos</p>"),
    ("# T", "<p><strong>T</strong></p>"),
    ("- a\n  - b\n- c", "<p>• a<br>\xa0\xa0\xa0\xa0• b<br>• c</p>"),
    ("3. a\n4. b", "<p>3. a<br>4. b</p>"),
    ("```py\nx < 1\n  y\n```", "<pre>x &lt; 1\n  y</pre>"),
    ("> q", "<blockquote><p>q</p></blockquote>"),
    ("| a | b |\n|-|-|\n| 1 | 2 |", "<pre>a  b\n-  -\n1  2</pre>"),
]  # fmt: skip


# ------------------------------------------------------- other parts of activities


@pytest.mark.parametrize("space", ["&nbsp;", "\xa0", " &nbsp; ", "&nbsp;&nbsp;", "&#160;", "&#xA0;", " "])
def test_spaces_behind_a_mention_are_one_space(space: str) -> None:
    """B3: some clients write the space after a mention as an entity; elsewhere an entity was typed."""
    entities = [_mention("28:app", "Soporte"), _mention("29:ana", "Ana")]
    text = f"<at>Soporte</at>{space}avisa a <at>Ana</at>{space}de que &nbsp; es un espacio"
    activity = _activity(text, textFormat="plain", entities=entities)
    assert _said(activity) == "avisa a @Ana de que &nbsp; es un espacio"


def test_a_quote_that_html_and_entity_tell_is_told_once() -> None:
    """B12."""
    entity = {"type": "quotedReply", "quotedReply": {"messageId": "1641", "senderName": "Ana", "preview": "¿Ya va?"}}
    activity = _activity("No", html=REPLY, entities=[entity])
    assert read_activity(activity)[0].blocks == (_quoted("Ana", "¿Ya va?"), Paragraph((Text("No"),)))
    assert quoted_id(activity) == "1641"


CARD = "application/vnd.microsoft.card."
CARDS: list[tuple[str, Json, str]] = [
    (
        f"{CARD}adaptive",
        {
            "type": "AdaptiveCard",
            "body": [
                {"type": "TextBlock", "text": "**Servidor** caído", "weight": "bolder"},
                {"type": "ColumnSet", "columns": [{"items": [{"type": "RichTextBlock", "inlines": ["desde ", {
                    "type": "TextRun", "text": "las 9.30"}]}]}]},
                {"type": "Container", "items": [{"type": "FactSet", "facts": [{"title": "Host", "value": "srv1"}]}]},
                {"type": "Table", "rows": [{"cells": [{"items": [{"type": "TextBlock", "text": "celda"}]}]}]},
                {"type": "Image", "url": "https://a.example/x.png", "altText": "gráfica"},
            ],
            "actions": [{"type": "Action.OpenUrl", "title": "Ver", "url": "https://a.example/1"}],
        },
        "Servidor caído|desde las 9.30|Host: srv1|celda|gráfica|Ver (https://a.example/1)",
    ),
    (
        f"{CARD}thumbnail",
        {"title": "Incidencia 7", "subtitle": "Red", "text": "no <b>va</b>", "buttons": [
            {"type": "openUrl", "title": "Abrir", "value": "https://a.example/7"}]},
        "Incidencia 7|Red|no va|Abrir (https://a.example/7)",
    ),
    (
        "application/vnd.microsoft.teams.card.o365connector",
        {"title": "Alerta", "text": "Disco lleno", "sections": [
            {"activityTitle": "srv2", "text": "99 %", "facts": [{"name": "Unidad", "value": "D:"}]}]},
        "Alerta|Disco lleno|srv2|99 %|Unidad: D:",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "text"), CARDS, ids=["adaptive", "thumbnail", "connector"])
def test_the_words_of_a_card_are_read(kind: str, content: Json, text: str) -> None:
    """B4: a card that a person sends contains an app's text; it is kept as a quote."""
    activity = _activity("", html='<p>mirad</p><attachment id="1"></attachment>')
    activity["attachments"].append({"id": "1", "contentType": kind, "content": content})
    said = _said(activity).split("\n")
    assert said[0] == "mirad"
    assert [line.removeprefix("> ") for line in said[1:] if line.strip("> ")] == text.split("|")


@pytest.mark.parametrize("content", [None, 7, "no es JSON", {"body": {"a": 1}}, {"body": [[1], {"items": "x"}]}])
def test_odd_cards_are_no_fault(content: Any) -> None:
    activity = _activity("hola")
    activity["attachments"].append({"contentType": f"{CARD}adaptive", "content": content})
    assert _said(activity) == "hola"
