"""Sentences for codes of rating and billing, in the reader's language; pages, PDF, chat and API take them from here.

- `lines`: what a line is called
- `reasons`: why a line costs what it costs
- `counted`: lines and prices of what is billed by the piece
- `warnings`: what to check before issuing, and why something is on no draft
- `faults`: what is wrong in a client's data
- `parties`: what is missing of the two parties
- `refusals`: refusal codes
- `figures`: amounts, dates and names inside sentences
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from billing.sentences import counted, faults, lines, parties, reasons, warnings
from msp.kernel.db import Json

log = logging.getLogger(__name__)

SAID: Mapping[str, Callable[[Any], str]] = {
    **lines.SAID,
    **reasons.SAID,
    **counted.SAID,
    **warnings.SAID,
    **faults.SAID,
    **parties.SAID,
}


def sentence(phrase: Json) -> str:
    """A stored phrase as a sentence without full stop; raises KeyError for an unknown code."""
    return SAID[phrase["code"]](phrase["params"])


def sentence_or_code(phrase: Json) -> str:
    """The sentence, or the code if it has none: for lists over many clients."""
    try:
        return sentence(phrase)
    except Exception as fault:
        log.error("a phrase cannot be said", exc_info=fault, extra={"code": phrase["code"]})
        return str(phrase["code"])


def paragraph(phrases: Iterable[Json]) -> str:
    """Several phrases as sentences, each with its full stop."""
    return " ".join(f"{sentence(phrase)}." for phrase in phrases)


def title(description: Json, tickets: Iterable[str] = ()) -> str:
    """The title of a line, with its tickets if the contract wants lines by ticket or by entry."""
    text = sentence(description)
    labels = ", ".join(dict.fromkeys(tickets))
    return f"{text} · {labels}" if description.get("by_ticket") and labels else text
