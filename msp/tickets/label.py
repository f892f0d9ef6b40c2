"""How people name a ticket: the code of its client and its number, as LOZ-42. Pure."""

import re
from typing import NamedTuple

CODE = r"[a-z][a-z0-9]{1,7}"  # as the database checks a client's code, in any case
DIGITS = r"\d{1,10}"
DASH = r"[-\u2010-\u2015\u2212_#/]"
MAX_NUMBER = 2**31 - 1  # PostgreSQL's integer
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LABEL = re.compile(rf"\W*({CODE})(?:\s|{DASH}|[:.])+({DIGITS})\W*", re.IGNORECASE)


class Label(NamedTuple):
    """Code of a client and number of a ticket; as text LOZ-42."""

    code: str
    number: int

    def __str__(self) -> str:
        return f"{self.code}-{self.number}"


def parse_label(text: str) -> Label | None:
    """The label that a text is, whatever its case, dash and spaces ("loz 42", "[LOZ–42]"); None where it is none."""
    match = _LABEL.fullmatch(narrow(text))
    number = parse_number(match[2]) if match else None
    return Label(match[1].upper(), number) if match and number is not None else None


def parse_number(digits: str) -> int | None:
    """The number of a ticket; None where no ticket can have it."""
    number = int(digits)
    return number if number <= MAX_NUMBER else None


def narrow(text: str) -> str:
    """A text with the full-width forms of East Asian keyboards replaced."""
    return text.translate(_FULL_WIDTH)
