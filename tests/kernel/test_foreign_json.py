"""Limits of JSON from other programs (F10)."""

import pytest

from msp.kernel.foreign_json import NotJson, parse_object

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": -Infinity}', "not_json"),
        (b'{"a": [1e999]}', "not_json"),
        (b'{"a": -1e400}', "not_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[1]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "too_deep"),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"),
    ],
)
def test_what_is_no_object_that_can_be_kept(raw: bytes, code: str) -> None:
    with pytest.raises(NotJson) as refused:
        parse_object(raw)
    assert refused.value.code == code


def test_what_can_be_kept_is_kept_without_what_postgresql_refuses() -> None:
    assert parse_object(b'{"a\\u0000": ["x\\u0000y", "\\ud800", 1.5, true, null]}') == {
        "a": ["xy", "?", 1.5, True, None]
    }
