"""The rich text tree: its JSON, its mentions, and the text of a message."""

import json

import pytest
from hypothesis import given, settings

from msp.richtext import document_of, is_empty, read_markdown, to_json
from msp.richtext.tree import (
    Code,
    Document,
    Emoji,
    LineBreak,
    Link,
    Mention,
    Paragraph,
    Strong,
    Text,
    from_json,
    mentions,
    normalised,
    with_names,
    without_mention,
)
from tests.richtext.trees import DOCUMENTS, words

pytestmark = pytest.mark.unit


def _said(*inlines: object) -> Document:
    return Document((Paragraph(inlines),))  # type: ignore[arg-type]


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(DOCUMENTS)
def test_a_document_comes_back_from_json_and_is_in_normal_form_once(document: Document) -> None:
    normal = normalised(document)
    assert from_json(json.loads(json.dumps(to_json(normal)))) == normal
    assert normalised(normal) == normal
    assert words(normal) == words(document)


def test_the_json_is_stable() -> None:
    assert to_json(read_markdown("- **a** `b`")) == {
        "blocks": [{"type": "list", "ordered": False, "start": 1, "items": [[{"type": "paragraph", "children": [
            {"type": "strong", "children": [{"type": "text", "text": "a"}]},
            {"type": "text", "text": " "},
            {"type": "code", "text": "b"},
        ]}]]}],
    }  # fmt: skip


@pytest.mark.parametrize(
    "content", [{}, {"blocks": 1}, {"blocks": [{"type": "x"}]}, {"blocks": [{"type": "paragraph"}]}]
)
def test_other_json_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_json(content)


def test_what_postgresql_cannot_keep_is_replaced() -> None:
    assert normalised(_said(Text("a\0b\ud800c"))) == _said(Text("a\ufffdb\ufffdc"))


def test_a_message_is_its_content_or_its_text() -> None:
    assert document_of("**a**", None) == read_markdown("**a**")
    assert document_of("b", to_json(read_markdown("**a**"))) == read_markdown("**a**")


def test_mentions_are_found_and_named() -> None:
    document = _said(Mention("U1"), Text(" y "), Strong((Mention("U2", "Bea"),)), Mention("U1"))
    assert mentions(document) == ("U1", "U2")
    assert with_names(document, {"U1": "Ana"}) == _said(
        Mention("U1", "Ana"), Text(" y "), Strong((Mention("U2", "Bea"),)), Mention("U1", "Ana")
    )


BOT = Mention("UB")
WITHOUT = [
    ((BOT, Text(" no va")), (Text("no va"),)),
    ((BOT, Text(", no va")), (Text("no va"),)),
    ((BOT, Text(": no va")), (Text("no va"),)),
    ((Text("Hola "), BOT, Text(", no va")), (Text("Hola, no va"),)),
    ((Text("Hola "), BOT, Text(" no va")), (Text("Hola no va"),)),
    ((Text("no va "), BOT), (Text("no va"),)),
    ((Text("a"), LineBreak(), BOT, Text(" b")), (Text("a"), LineBreak(), Text("b"))),
    ((Strong((BOT, Text(" no va"))),), (Strong((Text("no va"),)),)),
]


@pytest.mark.parametrize(("said", "left"), WITHOUT)
def test_a_mention_goes_with_what_addressed_it(said: tuple[object, ...], left: tuple[object, ...]) -> None:
    assert without_mention(_said(*said), "UB") == _said(*left)


def test_a_mention_alone_leaves_nothing() -> None:
    assert is_empty(without_mention(_said(BOT), "UB"))
    assert without_mention(_said(Mention("UC")), "UB") == _said(Mention("UC"))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (Document(), True),
        (_said(Text(" \n\t")), True),
        (_said(LineBreak()), True),
        (_said(Code(" ")), True),
        (_said(Text("a")), False),
        (_said(BOT), False),
        (_said(Emoji("👍")), False),
        (_said(Link("https://a.example")), False),
    ],
)
def test_emptiness(document: Document, expected: bool) -> None:
    assert is_empty(document) is expected
