"""Alternative spellings of a term: addresses, numbers and identifiers as people paste them, and forms of Spanish words
that stemming does not unify. Pure.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

_AROUND = ".,;:!?¡¿'‘’`´*~"
_SCHEME = re.compile(r"(?:mailto:|tel:|(?:https?|ftp|file|smb|rdp)://(?:www\.)?|www\.)(?=.)", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}(?:\1[0-9a-f]{4}){3}\1[0-9a-f]{12}", re.IGNORECASE)
_COMPOUND = re.compile(r"[^\W_]+(?:[-_\u2010\u2011][^\W_]+)+")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PHONE = re.compile(r"(?:\+|00)?(\d{9,15})")
_NATIONAL = 9  # digits of a Spanish number
_SPAIN = "34"
_GROUPS = ((3, 2, 2, 2), (3, 3, 3), (2, 3, 2, 2))

# Endings of Spanish words in folded letters, and the endings of other forms of the same word.
_VERB = "ar|a|as|an|o|e|es|en|ado|ados|ada|adas|ando|aba|aban|aron|amos"
_FORMS = (
    (re.compile(rf"([a-zñ]{{4,}})e(?:{_VERB}|os)"), ("ea", "eo", "ee")),  # bloqueo, bloqueado, bloqueé
    (re.compile(r"([a-zñ]+)ces"), ("z",)),  # luces, luz
    (re.compile(r"([a-zñ]+)z"), ("ces",)),
    (re.compile(r"([a-zñ]{2,})qu(?:e|es|en|emos)"), ("car",)),  # busqué, buscar
    (re.compile(r"([a-zñ]{2,})c(?:ar|ado|ada|ados|adas|ando|aba|aban|aron|amos)"), ("que",)),
    (re.compile(r"([a-zñ]{2,})ic(?:e|es|en|emos)"), ("izar",)),  # actualice, actualizar
    (re.compile(rf"([a-zñ]{{2,}})iz(?:{_VERB}|acion|aciones)"), ("ice",)),
    (re.compile(r"([a-zñ]{3,})ia(s|n)?"), ("ía",)),  # imprimía, written without its accent
    (re.compile(r"([a-zñ]{3,})io"), ("ió",)),
)
_ACCENTS = str.maketrans("áéíóúü", "aeiouu")


def spellings_of(token: str) -> tuple[str, ...]:
    """The spellings of a token without spaces: the token itself first, without duplicates."""
    bare = token.strip(_AROUND) or token
    return tuple(dict.fromkeys(_all_ways(bare)))


def phone_spellings(number: str) -> tuple[str, ...]:
    """The spellings of a phone number with spaces or hyphens; empty unless it is certainly one."""
    digits = re.sub(r"\D", "", number)
    is_abroad = number.lstrip().startswith(("+", "00"))
    is_national = len(digits) == _NATIONAL and digits[0] in "6789"
    if not is_national and not (is_abroad and _NATIONAL <= len(digits) <= 15):
        return ()
    return tuple(dict.fromkeys((number, *_grouped_phone(digits))))


def _all_ways(token: str) -> Iterator[str]:
    yield token
    if (plain := _SCHEME.sub("", token, count=1)) != token:
        yield plain
    if "%" in token:
        yield unquote(plain)
    yield from _identifiers(token)
    if _COMPOUND.fullmatch(token) and not token.replace("-", "").isdigit():
        yield re.sub(r"[-_\u2010\u2011]", "", token)
    if token.isalpha():
        yield from _word_forms(token.lower().translate(_ACCENTS))


def _identifiers(token: str) -> Iterator[str]:
    """MAC addresses and GUIDs in each of their spellings, versions after a v, dates before a time, phone numbers."""
    letters = re.sub(r"[^0-9a-zA-Z]", "", token)
    if _MAC.fullmatch(token):
        yield from (_grouped(letters, size) for size in (12, 4, 2))
    if _GUID.fullmatch(token):
        yield letters
        yield "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:]))
    if _VERSION.fullmatch(token):
        yield f"v{token}"
    if _DAY.fullmatch(token):
        yield f"{token}T"
    if phone := _PHONE.fullmatch(token):
        yield from _grouped_phone(phone[1])


def _grouped(digits: str, size: int) -> str:
    return ":".join(digits[at : at + size] for at in range(0, len(digits), size))


def _grouped_phone(digits: str) -> Iterator[str]:
    """A phone number without separators, a Spanish one also in the usual groups, each with and without country code."""
    digits = digits.removeprefix("00")
    yield digits
    national = digits.removeprefix(_SPAIN) if len(digits) == _NATIONAL + len(_SPAIN) else digits
    if len(national) != _NATIONAL:
        return
    yield national
    yield _SPAIN + national
    for sizes in _GROUPS:
        ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
        yield " ".join(national[end - size : end] for size, end in zip(sizes, ends, strict=True))


def _word_forms(word: str) -> Iterator[str]:
    for shape, endings in _FORMS:
        if found := shape.fullmatch(word):
            yield from (found[1] + ending for ending in endings)
