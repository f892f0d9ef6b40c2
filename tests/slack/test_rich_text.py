"""What people write in Slack, as it is read (B1, B2, B15), and what technicians write, as Slack shows it (C3)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.slack.rich_text import files_of, read_message, write_mrkdwn
from msp.kernel.db import Json
from msp.richtext import from_json, read_markdown, read_text, to_json, write_text

SHARE = {"is_share": True, "author_name": "Ana", "text": "El servidor no responde"}


def rich(*elements: Json) -> list[Json]:
    return [{"type": "rich_text", "elements": list(elements)}]


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(words: str, **style: bool) -> Json:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"text": "", "attachments": [SHARE]}, "> Ana\n>\n> El servidor no responde"),
        ({"text": "¿Lo miráis?", "attachments": [SHARE]}, "¿Lo miráis?\n\n> Ana\n>\n> El servidor no responde"),
        ({"text": "", "attachments": [{"is_msg_unfurl": True, "fallback": "[9:00] Ana: se ha ido la luz"}]},
         "> [9:00] Ana: se ha ido la luz"),
        ({"text": "", "blocks": rich(section(text("No abre "), text("Outlook", bold=True)))}, "No abre Outlook"),
        ({"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*No* abre"}}]}, "No abre"),
        ({"text": "", "files": [{"id": "F1", "transcription": {"preview": {"content": "no me va el correo"}}}]},
         "no me va el correo"),
        ({"text": "mira https://a.example", "attachments": [{"title": "A", "text": "Una página", "from_url": "x"}]},
         "mira https://a.example"),
        ({"text": ":cry: :+1::skin-tone-3: :white_check_mark: :acme:"}, "😢 👍🏼 ✅ :acme:"),
        ({"text": "", "blocks": rich(section({"type": "emoji", "name": "+1", "unicode": "1f44d-1f3fc"}))}, "👍🏼"),
        ({"text": "si a &lt; b y c &gt; d &amp; falla"}, "si a < b y c > d & falla"),
        ({"text": "<https://a.example/how_to|la guía> y <mailto:ana@a.example|ana@a.example> <#C1|general> <!here>"},
         "la guía (https://a.example/how_to) y ana@a.example #general @here"),
        ({"text": "```\nC:\\my_file *.log\n```"}, "C:\\my_file *.log"),
        ({"text": "• uno\n• dos"}, "• uno\n• dos"),
        ({"text": "", "blocks": rich(
            {"type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [section(text("uno"))]},
            {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("dos"))]},
            {"type": "rich_text_preformatted", "elements": [text("a  b\n  c")]},
            {"type": "rich_text_quote", "elements": [text("cita")]},
        )}, "1. uno\n   • dos\n\na  b\n  c\n\n> cita"),
        ({"text": "a*b*c snake_case 2~3~4 C:\\_temp"}, "a*b*c snake_case 2~3~4 C:\\_temp"),
    ],
)  # fmt: skip
def test_what_people_wrote_is_read_whole(message: Json, said: str) -> None:
    document = read_message(message)
    assert write_text(document) == said
    assert from_json(to_json(document)) == document


def test_our_own_mention_goes_and_the_files_of_a_forward_come_along() -> None:
    message = {"text": "<@U0BOT>, no imprime <@U0ANA>", "attachments": [SHARE | {"files": [{"id": "F1"}]}]}
    assert write_text(read_message(message, bot="U0BOT")).startswith("no imprime @U0ANA")
    assert [file["id"] for file in files_of(message)] == ["F1"]


@pytest.mark.parametrize(
    ("typed", "mrkdwn"),
    [
        ("**Importante**: _mira_ ~~esto~~", "*Importante*: _mira_ ~esto~"),
        ("Borra `*.log` y C:\\my_file", "Borra `*.log` y C:\\my_file"),
        ("https://a.example/how_to?a=1~2#x*y", "<https://a.example/how_to?a=1~2#x*y>"),
        ("[la guía](https://a.example/b_c)", "<https://a.example/b_c|la guía>"),
        ("```sh\nrm *.log\n```", "```\nrm *.log\n```"),
        ("- uno\n- dos", "• uno\n• dos"),
        ("> cita", "> cita"),
        ("<!channel> & <@U1> <!subteam^S1>", "&lt;!channel&gt; &amp; &lt;@U1&gt; &lt;!subteam^S1&gt;"),
    ],
)
def test_what_technicians_wrote_is_mrkdwn(typed: str, mrkdwn: str) -> None:
    assert write_mrkdwn(read_markdown(typed)) == mrkdwn


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "elements", "text", "blocks", "attachments", "files", "style", "name", "url", "is_share"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["text", "blocks", "attachments", "files"]), JSON, max_size=4))
def test_no_shape_of_a_message_breaks_the_reader(message: dict[str, Any]) -> None:
    read_message(message, bot="U0BOT")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["C"]), max_size=60))
def test_plain_words_are_kept(words: str) -> None:
    blocks = rich(section(text(words)))
    kept = write_text(read_message({"text": "", "blocks": blocks}))
    assert "".join(kept.split()) == "".join(words.split())
    assert "<!" not in write_mrkdwn(read_text(words)).replace("<!--", "")


def test_hostile_text_is_read_in_linear_time() -> None:
    for piece in ("*a ", "_", "`", "<@", ":a:", "> ", "```", "*_~"):
        read_message({"text": piece * (40_000 // len(piece))})
