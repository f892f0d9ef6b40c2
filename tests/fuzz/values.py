"""Odd values of JSON, form fields, path and query parameters; all derived from the given Random."""

from random import Random
from typing import Any

LONG = "ñ" * 5000
TEXTS = (
    "", " ", "x", "0", "-1", "²", "1e309", "9" * 30, "null", "true", "[]", "{}", '{"a": [1]}', "a\x00b", "\x00",
    "\x01\x1b", "\u202egnp.exe", "e\u0301\u0301\u0301", "\U0001f469\u200d\U0001f692", "\ufeff", "\ufffe", "\u2028",
    "İıſß", "ﷺ", "\ud800", "a\udfffb", "9999-12-31", "0001-01-01", "2026-02-30", "2026-13-01", "2026-11-23T25:00",
    "00000000-0000-0000-0000-000000000000", "LOZ-1", "../../etc/passwd", "<b>&lt;</b>", "' or 1=1 --", "%00", "%s{0}",
    "javascript:alert(1)", "http://127.0.0.1:1/", "http://[::1", "a@b", "a@" + "b" * 300, "1.1", "1e5.1", "-0", "+1",
    "1,5", "1.000,00", "٣", "１２", "on", "es", "Europe/Madrid", "Mars/Olympus", "EUR", "\r\nX: y", "\n", "\t", LONG,
    "x" * 256, "<@U0MARTA>", "```", "\\", "😀" * 400, "24:00", "12:60",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 0.1, -0.0, 1e308,
    5e-324, float("nan"), float("inf"), float("-inf"), 1764000000, 253402300800, 1e15,
)  # fmt: skip
RAW = {  # represented by names first, because Python's own writer refuses them
    "@raw:digits@": "9" * 5000,
    "@raw:deep@": "[" * 100_000,
    "@raw:closed@": "[" * 3000 + "]" * 3000,
    "@raw:objects@": '{"a":' * 3000 + "1" + "}" * 3000,
    "@raw:exponent@": "1e999",
    "@raw:hexadecimal@": "0x10",
    "@raw:half@": '"\\ud83d"',
    "@raw:escape@": '"\\u00"',
}
RARE = 0.03  # how often one of RAW, which are slower than the others


def odd_text(random: Random) -> str:
    """An unusual text."""
    return random.choice(TEXTS)


def odd_json(random: Random) -> Any:
    """A value of any JSON type, of moderate depth."""
    kind = random.randrange(10)
    if random.random() < RARE:
        return random.choice(list(RAW))
    if kind < 4:
        return odd_text(random)
    if kind < 7:
        return random.choice(NUMBERS)
    if kind == 7:
        return random.choice((None, True, False))
    return random.choice(([], {}, [[]], [None], [1, "x"], {"": ""}, {"id": {}}, {"id": None}, [{}], nested(random)))


def nested(random: Random) -> Any:
    """Lists or objects within each other, from few levels to an excessive number."""
    value: Any = odd_text(random)
    for _ in range(random.choice((3, 20, 99, 101, 300))):
        value = [value] if random.random() < 0.5 else {"a": value}
    return value
