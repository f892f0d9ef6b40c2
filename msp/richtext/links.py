"""Addresses: which of them may be links, and finding them in a text."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from linkify_it import LinkifyIt

MAX_ADDRESS = 8192
MAX_LINKS = 1000  # in one text; a text with more is treated as data
_ALLOWED = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
_SPACES = re.compile(r"\s")
_WORD = re.compile(r"\S+")
_HINT = re.compile(r"://|@|www\.", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.:@/-])www\.[^\W_]", re.IGNORECASE)
_SCHEME = "http://"
_CLOSING = "»”’…。、，）】》」"  # the library handles only ASCII closing punctuation


class Found(NamedTuple):
    """An address in a text, from `start` to `end`."""

    start: int
    end: int
    url: str


def find_links(text: str) -> list[Found]:
    """Find the addresses in a text, without trailing punctuation; in linear time.

    Web addresses begin with http://, https:// or www.: a bare name (`informe.py`, `notas.md`) is not an address.
    """
    found: list[Found] = []
    for word in _words(text):
        found += _links_of(word[0], word.start())
        if len(found) >= MAX_LINKS:
            break
    return found


def canonical(url: str) -> str:
    """The address without white space, or an empty string if a link may not use it."""
    url = url.strip()
    return _SPACES.sub("%20", url) if _ALLOWED.match(url) else ""


def shown(url: str) -> str:
    """The text shown for an address without a label."""
    scheme, _, rest = url.partition(":")
    return rest if scheme.lower() in ("mailto", "tel") and rest else url


def is_label(label: str, url: str) -> bool:
    """Whether a label only repeats the address, possibly without its scheme or final slash."""
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
    """The words that may contain an address; longer words than MAX_ADDRESS cannot."""
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
    made.add("//", None)  # more likely a path of Windows or of a program than an address
    return made
