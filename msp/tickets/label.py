"""The ticket number: client code and number, such as LOZ-42. Pure."""

import re
from typing import NamedTuple

CODE = r"[a-z][a-z0-9]{1,7}"  # as the database checks a client's code, in any case
DIGITS = r"\d{1,10}"
DASH = r"[-\u2010-\u2015\u2212_#/]"
MAX_NUMBER = 2**31 - 1  # PostgreSQL's integer
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LABEL = re.compile(rf"\W*({CODE})(?:\s|{DASH}|[:.])+({DIGITS})\W*", re.IGNORECASE)


class Label(NamedTuple):
    """Client code and number of a ticket; as text LOZ-42."""

    code: str
    number: int

    def __str__(self) -> str:
        return f"{self.code}-{self.number}"


def parse_label(text: str) -> Label | None:
    """Parse a label in any case, dash and spacing ("loz 42", "[LOZ–42]"); None if it is none."""
    match = _LABEL.fullmatch(narrow(text))
    number = parse_number(match[2]) if match else None
    return Label(match[1].upper(), number) if match and number is not None else None


def parse_number(digits: str) -> int | None:
    """Parse the number of a ticket; None if it is out of range."""
    number = int(digits)
    return number if number <= MAX_NUMBER else None


def narrow(text: str) -> str:
    """The text with full-width forms of East Asian keyboards replaced."""
    return text.translate(_FULL_WIDTH)
