"""Finds the end of the first sentence of a text; abbreviations, versions and initials do not end one."""

import re

from msp.tickets.folding import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEAR = 60  # characters around a stop that are examined
_STOP = re.compile(r"(?:[.!?]+|…+)[\"'»”’)\]*_]*(?=\s|$)|[!?]+(?=[¿¡])")

# A dot after these never ends a sentence: a name, a number or an example follows.
_OPEN = _words(
    """
    sr sra srta sres sras d dna dr dra dres dras dto dpto depto dept ud uds vd vds ej p pp pag pags num nums nro
    n art cap fig ref refs tel telf tlf tfno tfn av avda avd c cl ctra pza plza pl urb pol pta esc dcha izq mr
    mrs ms mx st prof ing lic arq gral hno hna excmo excma ilmo ilma fdo e.g i.e eg cf vs v vers vol cta cod adm
    resp fco ee
    """
)
# Of those, the ones that can end a sentence.
_OPEN_OR_END = _words(
    """
    ud uds vd vds ref refs tel telf tlf tfno exp adm resp ms cta cod izq dcha esc pta pol
    """
)
# These end a sentence if the next word starts with a capital.
_CLOSING = _words(
    """
    etc s.a s.l uu s.l.u s.a.u s.l.p s.c s.coop s.a.s b.v n.v l.l.c inc ltd co corp cia gmbh a.m p.m h hs hrs
    min mins aprox approx seg max ext ee.uu u.s u.k u.e jr int ed rev ene feb mar abr may jun jul ago sep sept
    set oct nov dic jan apr aug dec lun mie jue vie sab dom mon tue wed thu fri
    """
)
# These are abbreviations only before a number.
_COUNTED = _words("no ver rev fra fact alb ped of ofi sala pta art ext int hab op id")
# Words that start a sentence, never a name.
_STARTS = _words(
    """
    no ni si se me nos mi mis el la los las lo un una he ha han hay ya al a de desde cuando como por para pero y
    o que en con ahora hoy ayer es esta este estoy tengo necesito puedo podeis sigue tampoco tambien gracias the
    it we i my our when since after is are can could please there this that he she they and but now today
    """
)


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence with its end mark, and the rest; a text without an end mark is one sentence."""
    for stop in _STOP.finditer(text):
        near = text[max(0, stop.end() - _NEAR) : stop.end()], text[stop.end() : stop.end() + _NEAR].lstrip()
        if near[1] and not _ends(near[0], stop.group(), near[1]):
            continue
        return text[: stop.end()], text[stop.end() :].lstrip()
    return text, ""


def ends_in_abbreviation(sentence: str) -> bool:
    """Whether the last dot belongs to the last word: `Acme S.A.`, `etc.`"""
    word = _last_word(sentence)
    return word in _CLOSING or bool(re.fullmatch(r"\w(?:\.\w)+", word))


def _ends(before: str, mark: str, after: str) -> bool:
    if mark[-1] in "\"'»”’)" and after[:1].islower():  # a nested sentence
        return False
    if mark[0] in "!?" or "!" in mark or "?" in mark:
        return not (before.lower().endswith("yahoo!") and after[:1].islower())
    if mark.startswith(("..", "…")):
        return not after[:1].islower()
    word, next_word = _last_word(before), re.split(r"[\s,.;:!?]", fold(after.lstrip("¿¡\"'«“(")), maxsplit=1)[0]
    if word in _OPEN or re.fullmatch(r"[a-z]{1,2}[ªº]", word):
        return word in _OPEN_OR_END and after[:1].isupper() and next_word in _STARTS
    if word in _COUNTED and after[:1].isdigit():
        return False
    if word in _CLOSING or re.fullmatch(r"\w(?:\.\w)+", word):
        if fold(before).strip("\"'«“‘(¿¡ ").rstrip(".") == word:  # at the start of the text: a name follows
            return False
        return not after[:1].islower() and not after[:1].isdigit()
    if len(word) == 1 and word.isalpha():  # an initial
        return next_word in _STARTS and after[:1].isupper()
    if word.isdigit():  # a list number
        return not re.search(r"(?:^|[:;])\s*\d+\.$", before)
    return True


def _last_word(text: str) -> str:
    word = re.split(r"[\s(\[«“\"'/¿¡]", text.rstrip("\"'»”’)]*_ "))[-1]
    return fold(word).rstrip(".")
