"""Addresses: which of them may be links, and where one stands in a text."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from linkify_it import LinkifyIt

MAX_ADDRESS = 8192
MAX_LINKS = 1000  # in one text; what has more is data
_ALLOWED = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
_SPACES = re.compile(r"\s")
_WORD = re.compile(r"\S+")
_HINT = re.compile(r"://|@|www\.", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.:@/-])www\.[^\W_]", re.IGNORECASE)
_SCHEME = "http://"
_CLOSING = "»”’…。、，）】》」"  # the library knows the closing punctuation of ASCII


class Found(NamedTuple):
    """An address in a text, from `start` to `end`."""

    start: int
    end: int
    url: str


def find_links(text: str) -> list[Found]:
    """The addresses that stand in a text as they are, without the punctuation behind them; in linear time.

    Web addresses begin with http://, https:// or www.: a name alone (`informe.py`, `notas.md`) is none.
    """
    found: list[Found] = []
    for word in _words(text):
        found += _links_of(word[0], word.start())
        if len(found) >= MAX_LINKS:
            break
    return found


def canonical(url: str) -> str:
    """The address without white space, or nothing where it is none that a link may lead to."""
    url = url.strip()
    return _SPACES.sub("%20", url) if _ALLOWED.match(url) else ""


def shown(url: str) -> str:
    """What is shown for an address that has no label."""
    scheme, _, rest = url.partition(":")
    return rest if scheme.lower() in ("mailto", "tel") and rest else url


def is_label(label: str, url: str) -> bool:
    """Whether a label says no more than the address itself: shown without a scheme, or without the last slash."""
    bare = re.sub(r"^(?:https?://|mailto:|tel:)", "", url, flags=re.IGNORECASE)
    return label.strip() in (url, bare, bare.rstrip("/"), url.rstrip("/"))


def _links_of(word: str, offset: int) -> Iterator[Found]:
    bare = _BARE.search(word)
    added = ""
    if bare and "://" not in word:
        offset, added, word = offset + bare.start(), _SCHEME, _SCHEME + word[bare.start() :]
    for match in _linkify().match(word) or ():
        address = match.text.rstrip(_CLOSING)
        start = offset + max(match.index - len(added), 0)
        end = offset + match.index + len(address) - len(added)
        yield Found(start, end, _url(match.schema, address))


def _words(text: str) -> "Iterator[re.Match[str]]":
    """The words that may hold an address; one longer than MAX_ADDRESS is none."""
    if _HINT.search(text):
        for word in _WORD.finditer(text):
            if word.end() - word.start() <= MAX_ADDRESS and _HINT.search(word[0]):
                yield word


def _url(schema: str, address: str) -> str:
    is_mail = schema == "mailto:" and not address.lower().startswith("mailto:")
    return f"mailto:{address}" if is_mail else address


@cache
def _linkify() -> LinkifyIt:
    made = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})
    made.tlds("[a-z0-9-]{2,}", True)  # also addresses within a company: ana@cliente.local
    made.add("ftp:", None)
    made.add("//", None)  # a path of Windows or of a program, sooner than an address
    return made
