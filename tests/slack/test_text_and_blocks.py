"""Slack's markup in both directions, and blocks that Slack accepts for any text."""

from uuid import uuid4

import pytest

from integrations.channels import Post
from integrations.channels.values import Button, WrittenCard
from integrations.slack.blocks import rendered
from integrations.slack.platform import SLACK
from integrations.slack.text import escape, mentioned, plain, unescape
from simulators.slack.blocks import message_faults

pytestmark = pytest.mark.unit

BOT = "U0GUARDIA"


@pytest.mark.parametrize(
    ("mrkdwn", "text"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<@U0GUARDIA> hola", "hola"),
        ("<@U0GUARDIA>, la impresora\nno imprime", "la impresora\nno imprime"),
        ("oye <@U0MARTA> mira", "oye <@U0MARTA> mira"),
        ("oye <@U0MARTA|marta> mira", "oye <@U0MARTA> mira"),
        ("<https://tpv.example/41>", "https://tpv.example/41"),
        ("<http://tpv.example|tpv.example>", "http://tpv.example"),
        ("<https://tpv.example/?a=1&amp;b=2|el manual>", "el manual (https://tpv.example/?a=1&b=2)"),
        ("<mailto:marta@lozano.example|marta@lozano.example>", "marta@lozano.example"),
        ("en <#C123|soporte> y <#C124>", "en #soporte y #C124"),
        ("<!here> <!subteam^S1|@equipo> <!date^1392734382^{date}|18 de febrero>", "@here @equipo 18 de febrero"),
        ("&lt;@U0MARTA&gt;", "<@U0MARTA>"),
        ("a < b > c", "a < b > c"),
        ("", ""),
    ],
)
def test_what_people_write_as_plain_text(mrkdwn: str, text: str) -> None:
    assert plain(mrkdwn, without=BOT) == text


def test_mentions_in_order() -> None:
    assert mentioned("<@U1> y <@W2|ana>, no <#C3> ni &lt;@U4&gt;") == ("U1", "W2")


@pytest.mark.parametrize("text", ["<!channel>", "a & b", "&lt;", "<@U1> <https://x>", "plain"])
def test_escaping_keeps_the_words_and_takes_their_power(text: str) -> None:
    assert unescape(escape(text)) == text
    assert "<" not in escape(text)


@pytest.mark.parametrize("size", [1, 120, 3000, 40_000])
def test_cards_are_taken_whatever_they_say(size: int) -> None:
    words = ("<&>" * size)[:size]
    card = WrittenCard(
        "LOZ-1", words, (("Estado", words), ("Asignado a", words)), words, (Button("a", words), Button("b", "B", True))
    )
    post = rendered(Post(words, card=card, ticket_id=uuid4()))
    assert message_faults(post["blocks"]) == []
    assert len(post["text"]) <= 4000


def test_a_question_has_its_buttons() -> None:
    post = rendered(Post("¿Ya?", buttons=(Button("solved", "Sí", is_primary=True),), ticket_id=uuid4()))
    assert message_faults(post["blocks"]) == []
    assert [block["type"] for block in post["blocks"]] == ["section", "actions"]


def test_what_deliveries_show_of_a_stored_request() -> None:
    event = {"type": "event_callback", "event": {"type": "message", "text": "Ayuda"}}
    assert (SLACK.excerpt(event), SLACK.event_kind(event)) == ("Ayuda", "message")
    command = {"type": "command", "command": {"text": "La impresora"}}
    assert (SLACK.excerpt(command), SLACK.event_kind(command)) == ("La impresora", "command")
    assert SLACK.excerpt({"event": "odd"}) == SLACK.event_kind({}) == ""
