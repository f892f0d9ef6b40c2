"""Ticket numbers: parsed in any spelling, written in one."""

import pytest

from msp.tickets.label import MAX_NUMBER, Label, parse_label

pytestmark = pytest.mark.unit


def test_it_is_written_in_one_way() -> None:
    assert str(Label("LOZ", 42)) == "LOZ-42"


@pytest.mark.parametrize(
    "text",
    ["LOZ-42", "loz-42", "Loz 42", "LOZ - 42", "[LOZ-42]", "LOZ–42", "loz#42", "loz_42", "LOZ−42", "ＬＯＺ－４２"],
)
def test_it_is_read_in_any_spelling(text: str) -> None:
    assert parse_label(text) == Label("LOZ", 42)


@pytest.mark.parametrize("label", [Label("A1", 1), Label("ABCDEFGH", MAX_NUMBER), Label("B2B", 7)])
def test_what_is_written_is_read_back(label: Label) -> None:
    assert parse_label(str(label)) == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LOZ",
        "42",
        "LOZ-",
        "-42",
        "A-1",
        "ABCDEFGHI-1",
        "1A-1",
        f"LOZ-{MAX_NUMBER + 1}",
        "LOZ-12345678901",
        "LOZ-4 2",
        "LOZ-4\x00x",
    ],
)
def test_nothing_else_is_a_label(text: str) -> None:
    assert parse_label(text) is None
