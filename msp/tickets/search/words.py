"""What people type into a search field: ticket numbers in any spelling, terms, phrases in quotes. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from msp.kernel.folding import fold

MAX_LENGTH = 200  # characters of a search that are read
MAX_TERMS = 12
_MAX_NUMBER = 2**31
_QUOTED = re.compile(r"""["“«„]([^"”»“]*)["”»“]?""")
_APART = re.compile(r"[\s,;|()\[\]{}<>…]+")
_DASH = r"[-\u2010-\u2015\u2212_#/]"
_LABEL = re.compile(rf"(?<![^\W_])([a-z][a-z0-9]{{1,7}})\s?{_DASH}\s?#?(\d{{1,10}})(?![^\W_])", re.IGNORECASE)
_WHOLE = re.compile(
    rf"\W*(?:(?:ticket|tique|incidencia|solicitud|caso|case|issue|n[uú]m(?:ero)?|n[ºo°]|number)[.:]?\s*)?#?\s*"
    rf"(?:([a-z][a-z0-9]{{1,7}}?)(?:\s|{_DASH}|[:.])*)?(\d{{1,10}})\W*",
    re.IGNORECASE,
)
_GLUED = re.compile(r"\W*([a-z][a-z0-9]*?)(\d+)\W*", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """Something that must be there, in one of several ways to write it; exact: as it stands, no other word forms."""

    ways: tuple[str, ...]
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was understood: labels are (code of the client, number), None where only a number was given."""

    terms: tuple[Term, ...] = ()
    labels: frozenset[tuple[str | None, int]] = field(default_factory=frozenset)

    @property
    def names_client(self) -> bool:
        """Whether a number came with the code of its client."""
        return any(code for code, _number in self.labels)


def understand(words: str) -> Asked:
    """What a person asks for with these words; nothing at all where there is neither letter nor digit."""
    said = unicodedata.normalize("NFC", words.replace("\x00", " ")).strip()[:MAX_LENGTH]
    terms = [term for term in _terms(said) if any(map(fold, term.ways))]
    return Asked(tuple(terms[:MAX_TERMS]), frozenset(_labels(said)))


def _terms(said: str) -> Iterator[Term]:
    for quoted in _QUOTED.findall(said):
        yield Term((quoted,), is_exact=True)
    for token in _APART.split(_QUOTED.sub(" ", said)):
        yield Term(_ways(token))


def _ways(token: str) -> tuple[str, ...]:
    """A MAC address in each of its spellings, and words with hyphens also written as one."""
    if re.fullmatch(r"[0-9a-f]{4}(\.[0-9a-f]{4}){2}", token, re.IGNORECASE) or _MAC.fullmatch(token):
        digits = re.sub(r"[^0-9a-fA-F]", "", token)
        return tuple(_grouped(digits, size) for size in (12, 4, 2))
    joined = token.replace("-", "")
    return (token, joined) if re.fullmatch(r"[^\W\d_]+(-[^\W\d_]+)+", token) else (token,)


def _grouped(digits: str, size: int) -> str:
    return ":".join(digits[at : at + size] for at in range(0, len(digits), size))


def _labels(said: str) -> Iterator[tuple[str | None, int]]:
    found = [(match[1], match[2]) for match in _LABEL.finditer(said)]
    if whole := _WHOLE.fullmatch(said):
        found.append((whole[1], whole[2]))
    if glued := _GLUED.fullmatch(said):
        letters, digits = glued[1], glued[2]
        found += [(letters + digits[:split], digits[split:]) for split in range(len(digits))]
    for code, digits in found:
        if (code is None or 2 <= len(code) <= 8) and int(digits) < _MAX_NUMBER:
            yield (code.upper() if code else None), int(digits)
