"""The subject of a ticket, derived from a message: the first sentence that states the problem."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from msp.tickets.folding import visible
from msp.tickets.message_lines import Lines, error_in, split_lines, strip_reply_marks, without_authors
from msp.tickets.opening_phrases import strip_opening
from msp.tickets.sentence_end import ends_in_abbreviation, first_sentence
from msp.tickets.small_talk import is_small_talk
from msp.tickets.weak_sentences import is_weak

MAX_LENGTH = 120
_READ = 10_000  # characters of a message that are examined
_MOST = 40  # sentences that are examined

_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\((?:[^()\s]|\([^()\s]{0,300}\)){0,1000}\)")
_STRONG = re.compile(r"(?<![\w\\/])(\*\*\*|\*\*|~~|__)(?=[^\s\\/])([^\n]{1,300}?)(?<=[^\s\\/])\1(?![\w.\\/])")
_SLIM = re.compile(r"(?<![\w*_~\\/])([*_~])(?=[^\s*_~.\\/])([^\n]{0,300}?)(?<=[^\s*_~\\/])\1(?![\w*_~\\/]|\.\w)")
_ANGLES = re.compile(r"<((?:https?|mailto|file)://?[^<>\s]{1,2000})>")
_CODE = re.compile(r"`+([^`\n]{0,300})`+")

_HOST_PREFIX = re.compile(
    r"(?:pc|srv|nas|ws|lap|laptop|dc|vm|fw|sw|ap|db|web|prn|imp|tpv|host|node|ts|rds|sql|esx)-", re.I
)
_ENDS_IN_CODE = re.compile(r":[a-z\d_+'-]+:$")  # the short name of a workspace's custom emoji
_URL = re.compile(r"(?:[a-z][a-z\d+.-]*:)?//\S+|www\.\S+", re.IGNORECASE)


def subject_of(text: str) -> str:
    """At most 120 characters that state the problem, cut at a word with «…».

    Without greeting, signature, quoted mail, or code if a better line exists. A text of greetings alone returns that
    text, an empty one "".
    """
    lines = split_lines(_plain(visible(text[:_READ])))
    return _cut(_finish(next(_candidates(lines, text), "")))


def _candidates(lines: Lines, text: str) -> Iterator[str]:
    """The candidates for the subject, best first."""
    own, forwarded = list(islice(_sentences(lines.own), _MOST)), list(islice(_sentences(lines.forwarded), _MOST))
    subject = [strip_opening(lines.forwarded_subject) or lines.forwarded_subject]
    for group in (own, subject, forwarded):
        yield from (sentence for sentence in group if not _says_nothing(sentence))
    if error := error_in(lines.code):
        yield next((each for each in _sentences([error]) if not _says_nothing(each)), error)
    quoted = islice(_sentences(without_authors(lines.quoted)), _MOST)
    yield from (sentence for sentence in quoted if not _says_nothing(sentence))
    for group in (own, subject, forwarded):
        yield from (sentence for sentence in group if _says_a_word(sentence))
    yield from lines.places
    yield from (sentence for sentence in islice(_sentences(lines.quoted), _MOST) if _says_a_word(sentence))
    yield " ".join(visible(text).split())


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    """The sentences of some lines, each without its opening phrases."""
    rest = "\n".join(strip_reply_marks(line) for line in lines)
    while rest.strip():
        rest = strip_opening(rest)
        line, _, below = rest.partition("\n")
        sentence, after = first_sentence(line)
        if sentence.strip():
            yield " ".join(sentence.split())
        rest = f"{after}\n{below}" if after else below


def _says_nothing(sentence: str) -> bool:
    return is_weak(sentence) or is_small_talk(sentence)


def _says_a_word(sentence: str) -> bool:
    return any(char.isalnum() for char in sentence)


def _plain(text: str) -> str:
    """A text without Markdown around words; fences stay, and so does what only looks like Markdown."""
    parts = re.split(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z))", text, flags=re.DOTALL)
    return "".join(part if part.startswith(("```", "~~~")) else _without_marks(part) for part in parts)


def _without_marks(text: str) -> str:
    text = _ANGLES.sub(r"\1", text)
    text = _LINK.sub(lambda match: match.group(1), text)
    text = _STRONG.sub(r"\2", text)
    text = _SLIM.sub(r"\2", text)
    return _CODE.sub(r"\1", text)


def _finish(sentence: str) -> str:
    sentence = sentence.strip()
    if not _ENDS_IN_CODE.search(sentence):
        sentence = sentence.rstrip(",;:-–— ") or sentence
    if (
        len(sentence) > 1
        and sentence.endswith(".")
        and not sentence.endswith("..")
        and not ends_in_abbreviation(sentence)
    ):
        sentence = sentence[:-1].rstrip()
    return _capitalised(sentence)


def _capitalised(sentence: str) -> str:
    """Capitalise the text, unless the first word has a spelling of its own: iPhone, a URL, a host, a file."""
    match = re.match(r"[¿¡(\[\"'«“‘]*(\S+)", sentence)
    if match is None:
        return sentence
    word, at = match.group(1), match.start(1)
    bare = word.rstrip(".,;:!?…)»\"'”’]")
    is_version = re.fullmatch(r"v\d[\d.]*", bare) is not None
    if not is_version and (bare != bare.lower() or re.search(r"[\d./\\@_:]", bare) or _HOST_PREFIX.match(bare)):
        return sentence
    return sentence[:at] + sentence[at].upper() + sentence[at + 1 :]


def _cut(sentence: str) -> str:
    if len(sentence) <= MAX_LENGTH:
        return sentence
    if _URL.fullmatch(sentence):
        return _cut_url(sentence)
    head = sentence[: MAX_LENGTH - 1]
    at_word = head.rsplit(" ", 1)[0].rstrip(",;:-–— ")
    return f"{at_word if len(at_word) >= MAX_LENGTH // 2 else head}…"


def _cut_url(url: str) -> str:
    """Shorten a long URL: without its query, then at a slash, then anywhere."""
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    if len(path) < MAX_LENGTH:
        return f"{path}…"
    head = path[: MAX_LENGTH - 1]
    at_slash = head[: head.rfind("/") + 1]
    return f"{at_slash if len(at_slash) >= MAX_LENGTH // 2 else head}…"
