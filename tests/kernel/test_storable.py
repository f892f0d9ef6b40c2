"""One definition of what PostgreSQL can store, compared with PostgreSQL."""

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError

from msp.kernel.db import Scope, work
from msp.kernel.storable import is_storable, storable_text

TEXTS = ["", "a", "ñ😀\ufffd\uffff", "\x01\x7f\x9f\u2028", "a\0", "\0", "\ud800", "a\udfffb", "\ud83d\ude00"]
VALUES = [{"a": ["ñ", 1, None, True, 1.5]}, {"a\0": 1}, ["a", {"b": ["\ud800"]}], float("nan"), [float("-inf")]]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("sent", TEXTS)
def test_texts(sent: str) -> None:
    assert is_storable(sent) is _is_accepted("SELECT CAST(:sent AS text)", sent)
    assert _is_accepted("SELECT CAST(:sent AS text)", storable_text(sent))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("sent", VALUES)
def test_json(sent: object) -> None:
    assert is_storable(sent) is _is_accepted("SELECT CAST(:sent AS jsonb)", sent, as_json=True)


def test_replacements() -> None:
    assert storable_text("a\0b\ud800c") == "a\ufffdb\ufffdc"
    assert storable_text("a\0b\ud800c", replacement=" ") == "a b c"


def _is_accepted(statement: str, sent: object, *, as_json: bool = False) -> bool:
    query = text(statement)
    if as_json:
        query = query.bindparams(bindparam("sent", type_=JSONB))
    try:
        with work(Scope.system()) as session:
            session.execute(query, {"sent": sent})
    except (DataError, UnicodeEncodeError):
        return False
    return True
