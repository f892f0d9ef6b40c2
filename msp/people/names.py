"""How to address a person by a profile name: «García López, Ana», `ana.garcia`, «D. Luis Gil»."""

import re
import unicodedata

from msp.people.given_names import GIVEN_NAMES, SURNAMES

_JOINERS = "\u200c\u200d"  # part of words of some scripts, and of emoji


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FIRST_NAME_TITLES = _set("d dn dna don dona da")  # titles before a given name: D. Pedro, Dña. Ana
_SURNAME_TITLES = _set(
    """
    sr sra srta sres señor señora señorita senor senora senorita mr mrs ms miss mx sir dr dra doctor doctora
    prof profesor profesora professor ing ingeniero ingeniera lic licenciado licenciada arq arquitecto abg rev
    en na
    """
)
_SUFFIXES = _set(
    """
    phd ph.d mba msc bsc md jr sr ii iii esq cpa pmp cissp s.l s.a sl sa s.l.u ltd inc llc gmbh
    """
)
_PARTICLES = _set("de del la las los san santa van von der den da dos di do le el y i")
_ACCOUNT = re.compile(r"[UW][A-Z0-9]{6,12}")  # a Slack id
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")  # scripts with the family name first
_SHORT_FORMS = {"mª": "María", "m.ª": "María", "ma": "María", "mº": "María", "fco": "Francisco", "fdo": "Fernando"}
_COMPOUNDS = {("maria", "jose"), ("maria", "jesus"), ("jose", "maria")}
_NOBODY = _set(
    """
    unknown null none undefined desconocido desconocida anonymous anonimo usuario user guest invitado invitada
    info admin administrador administrator soporte support helpdesk it informatica sistemas contabilidad ventas
    compras sales accounting hr rrhh recepcion reception office oficina noreply no-reply mail correo contacto
    contact hello hola postmaster webmaster facturacion billing direccion marketing almacen test prueba
    """
)
_AFTER = re.compile(r"\s*[(\[{<|/•·].*$|\s+[-–—@]\s+.*$", re.DOTALL)
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


def first_name(name: str) -> str:
    """The name for a greeting; «Sra. Núñez» if only a surname is known; "" without a name."""
    text = _clean(name)
    if _MAIL.fullmatch(text):
        return _from_address(text)
    text = _AFTER.sub("", text) or re.sub(r"[()\[\]{}<>|/•·]", " ", text)
    words = _words(_in_speaking_order(text))
    if not words or _is_nobody(" ".join(words)):
        return ""
    if all(_EASTERN.fullmatch(word) for word in words):
        return " ".join(words)
    if len(words) == 1 and words[0] == words[0].lower():
        return _from_login(words[0])
    is_one_case = all(word.upper() == word for word in words) or all(word.lower() == word for word in words)
    titles, rest = _split_titles(words)
    if not is_one_case:
        rest = _without_capital_surnames(rest)
    if not titles:
        rest = _without_leading_surnames(rest)
    return _address(titles, rest, is_one_case=is_one_case)


def _address(titles: list[str], rest: list[str], *, is_one_case: bool) -> str:
    if not rest:
        return ""
    shown = [_cased(word, is_one_case=is_one_case) for word in rest]
    if _bare(titles[-1]) in _SURNAME_TITLES if titles else False:
        is_given = _fold(rest[0]) in GIVEN_NAMES or (len(rest) > 1 and _fold(rest[0]) not in SURNAMES)
        if not is_given:
            return f"{_cased(titles[-1], is_one_case=is_one_case)} {shown[0]}"
    if _fold(rest[0]) in _PARTICLES and len(rest) > 1:
        return " ".join(word.lower() if _fold(word) in _PARTICLES else word for word in shown)
    if _is_initial(rest[0]):
        return next((shown[at] for at, word in enumerate(rest) if _fold(word) in GIVEN_NAMES), " ".join(shown))
    short = _SHORT_FORMS.get(rest[0].lower().rstrip("."))
    if short and len(rest) > 1:
        shown[0] = short
    pair = tuple(_fold(word) for word in shown[:2])
    return " ".join(shown[:2]) if pair in _COMPOUNDS else shown[0]


def tidy_name(name: str) -> str:
    """A name for storage: without control and direction characters, words separated by one space; may be empty."""
    name = unicodedata.normalize("NFC", name)
    spaced = "".join(" " if char.isspace() else char for char in name)
    kept = (char for char in spaced if char in _JOINERS or unicodedata.category(char) not in ("Cf", "Cc", "Cs"))
    return " ".join("".join(kept).split()).strip(f"{_JOINERS} ")


def _clean(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    hidden = {char for char in set(name) if unicodedata.category(char) in ("Cf", "Cc") and not char.isspace()}
    kept = "".join(" " if char.isspace() else char for char in name if char not in hidden)
    return " ".join(kept.split()).strip('"“”«»*_~`,;:!¡¿?@ ')


def _in_speaking_order(text: str) -> str:
    """«García López, Ana» as «Ana García López»; «Ana García, PhD» and «Ana García, Ventas» without the suffix."""
    before, comma, after = text.partition(",")
    before, after = before.strip(), after.partition(",")[0].strip()
    if not comma or not any(map(str.isalpha, after)):
        return before
    if not any(map(str.isalpha, before)):
        return after
    first_before, first_after = (_fold(_bare(part.split()[0])) for part in (before, after))
    if _fold(after).rstrip(".") in _SUFFIXES or _fold(after) in _NOBODY:
        return before
    if first_before in GIVEN_NAMES and first_after not in GIVEN_NAMES and first_before not in SURNAMES:
        return before
    return f"{after} {before}"


def _words(text: str) -> list[str]:
    words = (word.strip('"“”«»*_~`,;:!¡¿?@#+=-–—') for word in re.split(r"\s+|(?<=ª)(?=\w)", text))
    kept = [re.sub(r"[^\w.'’\-ªº]+", "", word) for word in words]
    kept = [word[:-1] if re.fullmatch(r"[^\W\d_]{4,}\.", word) and not _is_title(word) else word for word in kept]
    return [word for word in kept if any(char.isalpha() for char in word)]


def _split_titles(words: list[str]) -> tuple[list[str], list[str]]:
    at = 0
    while at < len(words) - 1 and _is_title(words[at]):
        at += 1
    return words[:at], words[at:]


def _is_title(word: str) -> bool:
    bare = _bare(word)
    if bare in ("da", "en", "na", "d"):  # particles of surnames, and initials
        return word[:1].isupper() and (word.endswith((".", "ª")) or bare == "d")
    return bare in _FIRST_NAME_TITLES or bare in _SURNAME_TITLES


def _without_capital_surnames(words: list[str]) -> list[str]:
    """«GARCÍA LÓPEZ Ana» as «Ana»: if only some words are in capitals, those are the surnames."""
    if len(words[0]) < 3 or words[0] != words[0].upper() or not words[0].isalpha():
        return words
    return [word for word in words if word != word.upper()] or words


def _without_leading_surnames(words: list[str]) -> list[str]:
    """«López García Ana» and «de la Fuente José» without the leading surnames."""
    if _fold(words[0]) in GIVEN_NAMES or _fold(words[0]) not in SURNAMES | _PARTICLES:
        return words
    given = next((at for at, word in enumerate(words) if _fold(word) in GIVEN_NAMES), 0)
    return words[given:]


def _is_nobody(name: str) -> bool:
    """Whether it is not a person's name: a mailbox, a numbered guest, an id."""
    return _fold(name).rstrip("_-.0123456789") in _NOBODY or _ACCOUNT.fullmatch(name) is not None


def _from_address(address: str) -> str:
    local = address.partition("@")[0].partition("+")[0]
    if _fold(local) in _NOBODY:
        return ""
    parts = [part for part in re.split(r"[._\-\d]+", local) if part]
    first = parts[0] if parts else ""
    is_name = _fold(first) in GIVEN_NAMES or (len(parts) > 1 and len(first) > 2 and first.isalpha())
    return first.capitalize() if is_name and _fold(first) not in _NOBODY else ""


def _from_login(login: str) -> str:
    """`ana.garcia`, `ana_garcia`, `marta22` as names; `jean-pierre` keeps its hyphen."""
    parts = [part for part in re.split(r"[._\d]+", login) if part]
    if not parts:
        return ""
    hyphened = parts[0].split("-")
    if _fold(hyphened[-1]) in SURNAMES:
        parts[0] = hyphened[0] or parts[0]
    first = next((part for part in parts if len(part) > 1), parts[0])
    if _fold(first) in _NOBODY:
        return ""
    return _cased(first, is_one_case=True)


def _cased(word: str, *, is_one_case: bool) -> str:
    """A word in the usual case of names if it is all upper or lower case; JP and McDonald are kept."""
    if not is_one_case or (len(word) <= 2 and word == word.upper() and not set(_fold(word)) & set("aeiou")):
        return word
    return re.sub(r"[^\W\d_]+", lambda part: part.group().capitalize(), word) if "'" not in word else word.title()


def _is_initial(word: str) -> bool:
    return len(word.rstrip(".")) == 1 and bool(re.match(r"[A-ZÀ-Ý]", word, re.IGNORECASE))


def _bare(word: str) -> str:
    """A title without punctuation: «Dña.», «D.ª» and «Dª» as `dna`, `da`."""
    return _fold(word.replace("ª", "a").replace("º", "o")).replace(".", "")


def _fold(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(char))
