"""What PostgreSQL can store as text and jsonb: no NUL, lone surrogate (half of a UTF-16 pair), NaN or infinity."""

import math
import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(value: object) -> bool:
    """Whether a text, or all texts in lists and dicts, can be stored."""
    match value:
        case str():
            return _UNSTORABLE.search(value) is None
        case dict():
            return all(is_storable(each) for pair in value.items() for each in pair)
        case list():
            return all(map(is_storable, value))
        case float():
            return math.isfinite(value)
    return True


def storable_text(text: str, *, replacement: str = REPLACEMENT) -> str:
    """The text with `replacement` for each character that cannot be stored."""
    return _UNSTORABLE.sub(replacement, text)
