"""Parses a search text: ticket numbers in any spelling, terms, phrases in quotes. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from msp.kernel.folding import fold
from msp.kernel.storable import storable_text
from msp.tickets.label import CODE, DASH, DIGITS, narrow, parse_number
from msp.tickets.search.spellings import phone_spellings, spellings_of

MAX_LENGTH = 200  # characters of a search that are read
MAX_TERMS = 12
_QUOTED = re.compile(r"""["“«„]([^"”»“]*)["”»“]?""")
_APART = re.compile(r"[\s,;|()\[\]{}<>…]+")
_SIGN = r"(?:n[uú]m(?:ero)?|n\.?\s?[ºo°]|number|nr)[.:]?"  # «nº»
_LABEL = re.compile(rf"(?<![^\W_])({CODE})(?:\s?{DASH}\s?#?|\s{_SIGN}\s?)({DIGITS})(?![^\W_])", re.IGNORECASE)
_LEAD = re.compile(
    rf"[\W_]*(?:(?:{_SIGN}|el|la|del?|the|of|my|mi|tickets?|tique|tkt|incidencia|incidente?|solicitud|petici[oó]n"
    r"|requests?|aver[ií]a|caso|case|issue|parte|id)(?![^\W_\d])[\W_]*)+(?=[#a-z0-9])",
    re.IGNORECASE,
)
_WHOLE = re.compile(rf"\W*(?:({CODE}?)(?:\s|{DASH}|[:.])*)?({DIGITS})\W*", re.IGNORECASE)
_GLUED = re.compile(r"\W*([a-z][a-z0-9]*?)(\d+)\W*", re.IGNORECASE)
_HASHED = re.compile(rf"(?<![^\s(,;])#\s?({DIGITS})(?![^\W_]|[-/.]\w)")
_SEVERAL = re.compile(rf"\W*#?{DIGITS}(?:(?:[,;]\s+|\s+(?:y|and|&)\s+)#?{DIGITS})+\W*", re.IGNORECASE)
_NUMBER = re.compile(r"#?(\d{1,9})", re.ASCII)
_PHONE = re.compile(r"(?<![\w.+/-])(?:(?:\+|00)\d{1,3}[ -]?)?\(?\d{2,3}\)?(?:[ -]\d{2,4}){2,4}(?![\w/-]|\.\w)")


@dataclass(frozen=True, slots=True)
class Term:
    """A required term in one of several spellings; `is_exact`: without other word forms."""

    spellings: tuple[str, ...]
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A parsed search: labels are (client code, number), with None if only a number was given."""

    terms: tuple[Term, ...] = ()
    labels: frozenset[tuple[str | None, int]] = field(default_factory=frozenset)

    @property
    def number(self) -> int | None:
        """The only term that is a number, whatever other terms there are."""
        numbers = [int(found[1]) for term in self.terms if (found := _NUMBER.fullmatch(term.spellings[0]))]
        return numbers[0] if len(numbers) == 1 else None

    @property
    def names_client(self) -> bool:
        """Whether a number was given with a client code."""
        return any(code for code, _number in self.labels)


def is_number(term: Term) -> bool:
    """Whether a term is a number that a ticket can have."""
    return _NUMBER.fullmatch(term.spellings[0]) is not None


def is_ticket_word(term: Term) -> bool:
    """Whether a term only marks a number as a ticket number: «ticket», «incidencia», «nº»."""
    return _LEAD.match(f"{term.spellings[0]} 1") is not None


def parse_query(words: str) -> ParsedQuery:
    """Parse a search; empty if it has neither letter nor digit."""
    text = narrow(unicodedata.normalize("NFC", storable_text(words, replacement=" "))).strip()[:MAX_LENGTH]
    terms = [term for term in _terms(text) if any(map(fold, term.spellings))]
    return ParsedQuery(tuple(terms[:MAX_TERMS]), frozenset(_labels(text)))


def _terms(text: str) -> Iterator[Term]:
    for quoted in _QUOTED.findall(text):
        yield Term((quoted,), is_exact=True)
    rest = _QUOTED.sub(" ", text)
    for number in _PHONE.findall(rest):
        if found := phone_spellings(number):
            yield Term(found)
            rest = rest.replace(number, " ", 1)
    tokens = [token for token in _APART.split(rest) if token]
    for token, following in pairwise([*tokens, ""]):
        if not (re.fullmatch(_SIGN, token, re.IGNORECASE) and re.search(r"\d", following)):  # «nº F2026-0042»
            yield Term(spellings_of(token))


def _labels(text: str) -> Iterator[tuple[str | None, int]]:
    found = [(match[1], match[2]) for match in _LABEL.finditer(text)]
    bare = text[lead.end() :] if (lead := _LEAD.match(text)) else text
    found += [(whole[1], whole[2]) for each in {text, bare} if (whole := _WHOLE.fullmatch(each))]
    found += [(None, number) for number in _HASHED.findall(text)]
    if _SEVERAL.fullmatch(text):
        found += [(None, number) for number in re.findall(r"\d+", text)]
    if glued := _GLUED.fullmatch(text):
        letters, digits = glued[1], glued[2]
        found += [(letters + digits[:split], digits[split:]) for split in range(len(digits))]
    for code, digits in found:
        number = parse_number(digits)
        if (code is None or re.fullmatch(CODE, code, re.IGNORECASE)) and number is not None:
            yield (code.upper() if code else None), number
