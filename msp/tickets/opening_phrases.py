"""Opening phrases before the problem: greetings, introductions, courtesies, calls for attention."""

import re

import emoji

from msp.people.given_names import GIVEN_NAMES
from msp.tickets.folding import fold
from msp.tickets.phrases import any_of, read_phrases


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 400  # characters in which an opening must end
_MOST = 60  # emoji and marks at the start that are removed
_END = r"(?![\w@]|['’-]\w)"

_PHRASES = {
    section: tuple(pattern.replace(" *", r"\s*").replace(" ", r"\s+") for pattern in patterns)
    for section, patterns in read_phrases("openings").items()
}
_HELLO = rf"(?:{any_of(_PHRASES['hello'])}){_END}"
_GROUP = rf"(?:a\s+)?(?:{any_of(_PHRASES['group'])})"
_GROUPS = rf"(?:{_GROUP}(?:\s+(?:(?:de|del|of|from|the)\s+)?(?:{_GROUP}|ti|tecnico))*)"
_NO_NAME = rf"(?:{any_of(_PHRASES['noname'])})"
_NAME = rf"(?!{_NO_NAME}\b)[^\W\d_][\w'’.\-]*"

_KNOWN = "|".join(sorted(GIVEN_NAMES, key=len, reverse=True))

_GREETING = re.compile(
    rf"""{_HELLO}
    (?:[\ ,]*{_GROUPS}{_END}
      |[\ ,]+(?:{_KNOWN})(?:\ +{_NAME}){{0,2}}(?=\s*(?:[,:!;\n¿¡]|\.\s|\.$|$|[–—-]\s))|[\ ,]+(?:{_KNOWN}){_END}
      |[\ ]+(?:{_NAME})(?:\ +{_NAME}){{0,2}}(?=\s*(?:[,:!;\n]|\.\s|\.$|$|[–—-]\s))
    )?""",
    re.VERBOSE,
)
_SALUTATION = re.compile(
    r"(?:dear|estimad[oa@]s?|apreciad[oa@]s?|querid[oa@]s?|benvolgut(?:da|s)?|muy senor(?:es|a)? mi[oa]s?|"
    r"a quien (?:pueda )?correspond[ae]|to whom it may concern)\b[^,:;\n.!]{0,60}(?:[,:;!\n]|\.(?=\s)|$)"
)
_FORMAL = re.compile(r"(?:dear|estimad[oa]s?)\b (?:mr|mrs|ms|dr|sr|sra|d|dna|prof)\.? ?[^,:;\n.!]{1,50}[,:;\n]")

_PART_OF = r"(?:\s*,?\s+(?:de|del|desde|d['’]|from|at|of|in|en)\s+[^,.;:!?\n¿¡]{1,40}?)"
_WHO = re.compile(
    rf"""(?:(?:mi\ nombre\ es|me\ llamo|my\ name\ is|my\ name['’]?s|(?:te|os|le|les)\ (?:habla|escribe|escric|saluda)|
          soy|som|this\ is|here\ is|i\ am|i['’]?m|it['’]?s|aqui|yo\ soy)\ +)
        (?P<name>(?:(?:d|dr|dra|sr|sra|srta|mr|mrs|ms)\.\ *)?[^\W\d_][\w'’\-]*(?:\ +[^\W\d_][\w'’\-]*){{0,3}}?)
        (?P<place>{_PART_OF})?
        (?:\ *\([^)\n]{{1,40}}\))?
        (?:\s*,?\s+(?:y|and)\s+(?:yo\s+|i\s+)?(?:trabajo|work|estoy)\s+(?:en|de|como|at|in|for|as)\s+[^,.;:!?\n]{{1,40}}?)?
        (?P<end>\s*[.,;:!\n–—]+\s*|\s+-\s+|\s*$|\s+(?:y|and)\s+)""",
    re.VERBOSE,
)
_HERE = re.compile(
    r"(?P<name>[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)?)(?P<place>) (?:here|aqui)(?: from [^,.:\n]{1,30})?\s*[,.:!\n]"
)
_PARTICLE = _words("de del la las los el i y van von der da do dos di le")

_COURTESY = re.compile(any_of(_PHRASES["courtesy"]))
_LINK = re.compile(
    r"(?:pero|but)\s+|(?:y\s+es\s+que|es\s+que|que|y|pues|that|and|so)\s+(?=(?:no|se|me|nos|mi|el|la|los|las|my|the|it|i|we)\b)"
)

_MARKUP = re.compile(
    r"(?:\s|[>|]|#{1,6}\s|[-*+•·▪◦‣→»]\s|\[[ xX]\]\s|\d{1,2}(?:[.)]|\.-)\s+(?=\D)|[”’`]+(?=\S)|[*_~]+(?=\S)|"
    r"[,;:.!?…)\]}]+(?=\s|$)|[-–—]+(?=\s|[^\W\d])|"
    r"[\[(](?i:urgente?|muy urgente|external|externo|ext|spam|aviso)[\])]|"
    r"<?@[\w.-]+>?[\s,:]+|:[a-z\d_+\-]+:|[:;=8xX][-'o^]?[)(DPpO/\\|](?=\s|$)|\^\^|[xX]D\b)+"
)
_QUOTES = {'"': '"', "“": '[”"]', "«": "»", "‘": "’", "'": "'", "„": "[“”]", "»": "«"}
_LEADING_DOTS = re.compile(r"[,;:.!…\s]+")


def strip_markup(text: str) -> str:
    """A text without leading markup, bullets, quote marks, mentions, emoji and loose punctuation."""
    for _ in range(_MOST):
        if not text:
            break
        match = _MARKUP.match(text)
        if match and match.end():
            text = text[match.end() :]
            continue
        if text[0] in _QUOTES:
            text = _without_quotes(text)
            continue
        length = _emoji_length(text)
        if not length:
            break
        text = text[length:]
    return text


def _without_quotes(text: str) -> str:
    """A text without its opening quote mark and the mark that closes it in the same line."""
    line, end, below = text[1:].partition("\n")
    return re.sub(_QUOTES[text[0]] + r"(?!\w)", "", line, count=1) + end + below


def strip_opening(text: str) -> str:
    """A text without its opening phrases; "" if nothing else is left."""
    is_opened = False
    while True:
        text = strip_markup(text)
        rest = _strip_one(text)
        if rest is None:
            break
        text, is_opened = _LEADING_DOTS.sub("", rest, count=1) if rest[:1] in ",;:.!… " else rest, True
    if is_opened and (match := _LINK.match(fold(text[:20]))):
        text = text[match.end() :]
    return text.strip()


def _strip_one(text: str) -> str | None:
    text = text.lstrip("¿¡ ")
    folded = fold(text[:_LONGEST])
    for pattern in (_FORMAL, _SALUTATION, _GREETING, _COURTESY):
        if (match := pattern.match(folded)) and match.end():
            return text[match.end() :]
    for pattern in (_WHO, _HERE):
        match = pattern.match(folded)
        if match and _is_name(text[slice(*match.span("name"))], has_place=bool(match.group("place")), text=text):
            return text[match.end() :]
    return None


def _is_name(name: str, *, has_place: bool, text: str) -> bool:
    """Whether a name follows «soy» or "this is": recognised by capitals, or a place of work after it."""
    words = name.split()
    named = [word for word in words if fold(word) not in _PARTICLE]
    if not named or re.match(rf"{_NO_NAME}$", fold(named[0])):
        return False
    if not text.isupper() and all(word[:1].isupper() for word in named):
        return True
    is_verb = bool(re.search(r"(?:ed|ing|en|ado|ido|ada|ida|able|out|off)$", fold(named[0])))
    return has_place and len(named) <= 2 and not is_verb and fold(named[0]) not in _NO_PERSON


_NO_PERSON = _words(
    """
    el la un una nuevo nueva usuario usuaria cliente jefe responsable administrador administradora director
    directora not a an the still new unable user locked stuck aware about also out off down having getting
    tecnico gerente socio empleado empleada trabajador trabajadora autonomo comercial here back bad slow broken
    """
)


def _emoji_length(text: str) -> int:
    """How many characters the emoji at the start of a text has; 0 if there is none."""
    if text[0].isascii() and not text[0].isdigit() and text[0] not in "#*":
        return 0
    token = next(iter(emoji.analyze(text[:24], non_emoji=True, join_emoji=True)), None)
    if token is not None and not isinstance(token.value, str):
        return len(token.chars)
    return 1 if text[0] in "\ufe0f\u200d\u2640\u2642" or 0x1F3FB <= ord(text[0]) <= 0x1F3FF else 0
