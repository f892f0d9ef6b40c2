"""A table of cases: which messages count as a response, and since when a response is owed."""

from datetime import UTC, datetime, timedelta

import pytest

from msp.sla.reply_state import ReplyState, TicketMessage, reply_state

pytestmark = pytest.mark.unit

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def said(minute: int, by: str, *, is_public: bool = True) -> TicketMessage:
    at = NINE + timedelta(minutes=minute)
    return TicketMessage(at, is_by_desk=by == "desk", is_by_client=by == "client", is_public=is_public)


@pytest.mark.parametrize(
    ("by", "is_public", "is_response", "is_question"),
    [
        ("desk", True, True, False),
        ("desk", False, False, False),  # an internal note
        ("nobody", True, False, False),  # an automatic message
        ("nobody", False, False, False),
        ("client", True, False, True),  # the requester, or somebody else of the company
        ("client", False, False, False),
    ],
)
def test_who_counts(by: str, is_public: bool, is_response: bool, is_question: bool) -> None:
    each = said(0, by, is_public=is_public)
    assert (each.is_response, each.is_question) == (is_response, is_question)


@pytest.mark.parametrize(
    ("conversation", "answered", "owed"),
    [
        ([], None, None),
        ([said(0, "client")], None, 0),
        ([said(0, "client"), said(5, "client")], None, 0),  # from the first unanswered one
        ([said(0, "client"), said(9, "desk")], 9, None),
        ([said(0, "client"), said(9, "desk", is_public=False)], None, 0),
        ([said(0, "client"), said(9, "nobody")], None, 0),
        ([said(0, "client"), said(9, "desk"), said(20, "client"), said(30, "client")], 9, 20),
        ([said(0, "client"), said(9, "desk"), said(20, "client"), said(30, "desk")], 9, None),
        ([said(0, "client"), said(9, "desk"), said(12, "desk")], 9, None),
    ],
)
def test_where_a_conversation_stands(conversation: list[TicketMessage], answered: int | None, owed: int | None) -> None:
    def at(minute: int | None) -> datetime | None:
        return None if minute is None else NINE + timedelta(minutes=minute)

    assert reply_state(conversation) == ReplyState(at(answered), at(owed))
