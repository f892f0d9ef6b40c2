"""Errors that Slack reports in the blocks of messages: rich text, pictures."""

from typing import Any

import pytest

from simulators.slack.blocks import message_faults

GOOD: list[dict[str, Any]] = [
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Reinicia ", "style": {"bold": True, "code": False}},
                    {"type": "link", "url": "https://ayuda.example/", "text": "así"},
                    {"type": "user", "user_id": "U0ANA"},
                    {"type": "emoji", "name": "cry"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "indent": 1,
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "uno"}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "ping 10.0.0.5"}]},
            {"type": "rich_text_quote", "elements": [{"type": "broadcast", "range": "here"}]},
        ],
    },
    {"type": "image", "image_url": "https://ayuda.example/a.png", "alt_text": "captura"},
]


def rich(*elements: Any) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}]


def test_well_formed_blocks_are_taken() -> None:
    assert message_faults(GOOD) == []


@pytest.mark.parametrize(
    ("blocks", "place"),
    [
        ([{"type": "rich_text", "elements": []}], "/blocks/0/elements"),
        ([{"type": "rich_text", "elements": [{"type": "section"}]}], "/blocks/0/elements/0/type"),
        (rich({"type": "text", "text": ""}), "/blocks/0/elements/0/elements/0/text"),
        (rich({"type": "text"}), "/blocks/0/elements/0/elements/0"),
        (rich({"type": "mrkdwn", "text": "x"}), "/blocks/0/elements/0/elements/0/type"),
        (rich({"type": "text", "text": "x", "bold": True}), "/blocks/0/elements/0/elements/0"),
        (rich({"type": "text", "text": "x", "style": {"big": True}}), "/blocks/0/elements/0/elements/0/style"),
        (rich({"type": "text", "text": "x", "style": {"bold": "yes"}}), "/blocks/0/elements/0/elements/0/style"),
        (rich({"type": "broadcast", "range": "all"}), "/blocks/0/elements/0/elements/0/range"),
        (
            [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "dash", "elements": []}]}],
            "/blocks/0/elements/0/style",
        ),
        (
            [
                {
                    "type": "rich_text",
                    "elements": [
                        {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "text", "text": "x"}]}
                    ],
                }
            ],
            "/blocks/0/elements/0/elements/0/type",
        ),
        (
            [
                {
                    "type": "rich_text",
                    "elements": [
                        {"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U0ANA"}]}
                    ],
                }
            ],
            "/blocks/0/elements/0/elements/0/type",
        ),
        ([{"type": "image", "alt_text": "x"}], "/blocks/0"),
    ],
)
def test_what_slack_refuses_is_told_with_its_place(blocks: list[dict[str, Any]], place: str) -> None:
    faults = message_faults(blocks)
    assert len(faults) == 1 and faults[0].endswith(f"[json-pointer:{place}]")
