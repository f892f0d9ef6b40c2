"""Sentences for what rating and billing say in codes: lines, reasons, warnings and what was left out.

In the reader's language, zone and figures (`msp.kernel.i18n`); pages, PDF, chat and API all take them from here.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from billing.sentences import faults, lines, parties, reasons, warnings
from msp.kernel.db import Json

log = logging.getLogger(__name__)

SAID: Mapping[str, Callable[[Any], str]] = {
    **lines.SAID,
    **reasons.SAID,
    **warnings.SAID,
    **faults.SAID,
    **parties.SAID,
}


def sentence(phrase: Json) -> str:
    """A stored phrase in the reader's words, without a full stop; raises KeyError for a code that nobody says."""
    return SAID[phrase["code"]](phrase["params"])


def sentence_or_code(phrase: Json) -> str:
    """The sentence, or the phrase's code where it cannot be said: for lists of many clients' phrases."""
    try:
        return sentence(phrase)
    except Exception as fault:
        log.error("a phrase cannot be said", exc_info=fault, extra={"code": phrase["code"]})
        return str(phrase["code"])


def paragraph(phrases: Iterable[Json]) -> str:
    """Several phrases, each with its full stop."""
    return " ".join(f"{sentence(phrase)}." for phrase in phrases)


def title(description: Json, tickets: Iterable[str] = ()) -> str:
    """What a line is called; where the contract wants lines by ticket or by entry, with its tickets."""
    text = sentence(description)
    labels = ", ".join(dict.fromkeys(tickets))
    return f"{text} · {labels}" if description.get("by_ticket") and labels else text
