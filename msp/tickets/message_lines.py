"""Separates the lines a person wrote from code, logs, quoted and forwarded mail."""

import re
from dataclasses import dataclass, field

from msp.tickets.folding import fold

_FENCE = re.compile(r"(```|~~~)(.*?)(?:\1|\Z)", re.DOTALL)
_LANGUAGE = re.compile(r"^[\w+#-]{1,15}[ ]*\n")

_PATH = re.compile(
    r"""(?: file://\S+
          | [a-z]:[\\/](?:\S*|.*\.\w{1,5})              # C:\Users\ana\nóminas.xlsx
          | \\\\[\w.$-]+\\(?:\S*|.*\.\w{1,5})           # \\server\share\file
          | ~?(?:/[\w.@%+-]+){2,}/?                     # /var/log/syslog
          | [\w%+-]+(?:\.[\w%+-]+)*\.[a-z][a-z\d]{1,4}  # captura.png, intranet.acme.example
        )""",
    re.VERBOSE | re.IGNORECASE,
)
_URL = re.compile(r"<?(?:https?|ftp|file)://\S+|www\.\S+", re.IGNORECASE)

_TRACE = re.compile(
    r"""\s*(?:
        Traceback\ \(most\ recent\ call\ last\) | npm\ ERR! | fatal:\ | Unhandled\ exception | SELECT\ .+\ FROM\b
      | File\ ".+",\ line\ \d+
      | at\ [\w$.<>`]+[(\[] | at\ .+:\d+(?::\d+)?\)?$ | en\ System\. | \.{3}\ \d+\ more
      | \#\d+\s+\S+ | goroutine\ \d+ | Exception\ in\ thread | Stack\ ?trace: | Call\ stack:
      | ---\ End\ of\ inner | \^+\s*$ | ~+\^+ | Caused\ by: | During\ handling\ of | The\ above\ exception
      | \[?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d\S*\s | \[?\d\d/\w{2,3}/\d{4}[:\ ]\d\d:\d\d
      | (?:[$#]|PS\ \S+>|C:\\\S*>)\ \S | [{\[]"?[\w"]+"?\s*[:,].*[}\]],?$ | [{}\[\]();]+\s*$
      | </?\w[^>]*>.*</\w+>$ | <\?xml
    )""",
    re.VERBOSE,
)
_ERROR = re.compile(r"\s*(?:[\w$]+\.)*[A-Z]\w*(?:Error|Exception|Fault)\b(?::|\s*$)")
_ERROR_WORDS = re.compile(r"error|exception|fatal|failed|denied|refused|cannot|no se puede|fallo", re.IGNORECASE)

_QUOTED = re.compile(r"\s*(?:>|\|\s)")
_REPLIED_TO = re.compile(
    r"\s*(?:el|on|le) .{5,160}(?:escribio|wrote|escriure|va escriure)\s*:?\s*$"
    r"|.{3,120}(?:escribio|wrote) (?:el|on) .{4,60}:\s*$",
)
_RULE = re.compile(
    r"\s*-{2,}\s*(?:mensaje original|mensaje reenviado|original message|forwarded message|inicio del mensaje"
    r"|missatge reenviat|missatge original)|\s*inicio del mensaje reenviado|\s*begin forwarded message"
)
_HEADER = re.compile(
    r"[\s*_]*(de|from|enviado(?: el)?|sent|date|fecha|para|to|cc|cco|bcc|asunto|subject|importancia|importance|"
    r"reply-to|responder a|adjuntos|attachments)[*_]*\s*:[*_]*\s*"
)
_HEADER_LINES = 12
_SUBJECT_INLINE = re.compile(r"(?:^|[\s*_])(?:asunto|subject)[*_]*\s*:[*_]*\s*(.+)$")
_SUBJECT_END = re.compile(r"\s(?:cuerpo|mensaje|body|message|fecha|date|para|to|adjuntos|attachments)\s*:")
_REPLY_MARK = re.compile(r"^\s*(?:(?:rv|re|fw|fwd|tr|r|aw|wg)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)

_NAME = re.compile(
    r"@?[\w'’.\-]+"  # also the name of an account
    r"|@?[^\W\d_a-z][\w'’.\-]*,?(?: (?:[^\W\d_a-z][\w'’.\-]*,?|de|del|la|las|los|y|i|van|von|der|da|do|dos|di)){0,4}"
    r"(?: \([^()]{1,40}\))?"
)
_GOES_ON = re.compile(
    r".*\b(?:de|del|la|el|los|las|en|que|a|al|con|por|para|y|o|un|una|mi|su|the|of|to|in|and|or|an?|my|our|with|for|is|"
    r"are|at|on|from)\s*$"
)
_SIGNATURE = re.compile(
    r"\s*(?:--+\s*$|__+\s*$"
    r"|(?:sent|get outlook|enviado|obtener outlook|enviat|mandado) (?:from|for|desde|para|des de) "
    r"|(?:un |muchos? |muy )?(?:saludos?|cordiales saludos|abrazos?|besos)(?: cordial(?:es)?| a todos)?[\s,.!]*$"
    r"|(?:muy )?(?:atentamente|cordialmente|atte)[\s,.]*$"
    r"|reciban? un (?:cordial )?saludo|quedo a (?:la|vuestra|su) (?:espera|disposicion)"
    r"|(?:(?:kind|best|warm|many)\s)*(?:regards|wishes)[\s,.!]*$|best[\s,]*$|cheers[\s,]*$|(?:yours )?sincerely[\s,]*$"
    r"|(?:muchas |mil |many )?(?:gracias|thanks|thank you)(?: (?:de antemano|por adelantado|in advance))?"
    r"(?: y (?:un )?saludos?)?[\s,.!]*$)"
)


@dataclass(slots=True)
class Lines:
    """The lines of a text: the person's own, the subject of a forwarded mail with its lines, and all the rest."""

    own: list[str] = field(default_factory=list)
    forwarded_subject: str = ""
    forwarded: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)


def split_lines(text: str) -> Lines:
    """Classify the lines of a text (visible characters, \\n between lines); none is lost, code fences are removed."""
    found = Lines()
    rest = _FENCE.sub(lambda match: _take_fence(match, found), text)
    lines = _unwrap([line for line in rest.split("\n") if line.strip()])
    target, at = found.own, 0
    while at < len(lines):
        line, folded = lines[at], fold(lines[at])
        header = _header_end(lines, at)
        if header > at:
            subject, at = _header_subject(lines[at:header]), header
            if found.forwarded_subject or found.quoted:  # the quoted thread below it
                target = found.quoted
            else:
                found.forwarded_subject, target = subject, found.forwarded
            continue
        at += 1
        if _RULE.match(folded):
            continue
        if _REPLIED_TO.match(folded):
            target = found.quoted
        elif target is not found.quoted and _SIGNATURE.match(folded) and target:
            target = found.signature
        elif _QUOTED.match(line):
            found.quoted.append(re.sub(r"^[\s>|]+", "", line))
        else:
            _place(line, found, target)
    return found


def strip_reply_marks(line: str) -> str:
    """A line without the prefixes RE:, RV: and FW: of mail."""
    return _REPLY_MARK.sub("", line, count=1)


def without_authors(quoted: list[str]) -> list[str]:
    """Quoted lines without the name of the author that precedes a quote on a line of its own."""
    kept = []
    for at, line in enumerate(quoted):
        is_head = (at == 0 or not quoted[at - 1].strip()) and at + 2 < len(quoted) and not quoted[at + 1].strip()
        if not (is_head and _NAME.fullmatch(line.strip())):
            kept.append(line)
    return kept


def is_place(line: str) -> bool:
    """Whether a line is only an address or a path: a URL, a file, a host."""
    line = line.strip().strip("<>()\"'")
    return bool(_URL.fullmatch(line) or _PATH.fullmatch(line))


def error_in(code: list[str]) -> str:
    """The line of a trace or log that names the error; the first line if none does, "" if there is no line."""
    lines = [line.strip() for line in code if any(char.isalnum() for char in line)]
    named = [line for line in lines if _ERROR.match(line)]
    if named:
        return named[-1]
    trace = [line for line in lines if not _TRACE.match(line)]
    worded = [line for line in trace if _ERROR_WORDS.search(line)]
    return next(iter(worded or trace or lines), "")


def _place(line: str, found: Lines, target: list[str]) -> None:
    if _TRACE.match(line) or _ERROR.match(line):
        found.code.append(line)
    elif is_place(line):
        found.places.append(line.strip())
    elif found.code and line.startswith(("    ", "\t")):  # the source line below a frame of a trace
        found.code.append(line)
    else:
        target.append(line)


def _take_fence(match: re.Match[str], found: Lines) -> str:
    inside = match.group(2)
    if "\n" in inside.strip("\n") or inside.startswith("\n"):
        inside = _LANGUAGE.sub("", inside, count=1)
    found.code += [line for line in inside.split("\n") if line.strip()]
    return "\n"


def _unwrap(lines: list[str]) -> list[str]:
    """Join lines wrapped by a mail program: a long line without an end, then one that starts in lower case."""
    joined: list[str] = []
    for line in lines:
        last = joined[-1] if joined else ""
        if _asks_for_more(last) and not _HEADER.match(fold(line)):
            joined[-1] = f"{last.rstrip()} {line.strip().lstrip('-*•· ')}"
        elif _wraps(last.rstrip()) and line[:1].islower() and not is_place(line) and not _TRACE.match(line):
            joined[-1] = f"{last.rstrip()} {line.strip()}"
        else:
            joined.append(line)
    return joined


def _wraps(line: str) -> bool:
    """Whether a line looks wrapped by a mail program: it is long, or ends in a word that needs another one."""
    if line[-1:] in ".!?…:;>" or len(line) > 300 or is_place(line) or _TRACE.match(line):
        return False
    return len(line) >= 58 or (len(line) >= 25 and _GOES_ON.match(fold(line)) is not None)


def _asks_for_more(line: str) -> bool:
    """Whether a line introduces what follows: «Necesito:», then a list."""
    return line.rstrip().endswith(":") and len(line.split()) <= 2 and not _HEADER.match(fold(line))


def _header_end(lines: list[str], at: int) -> int:
    """Where the header of a mail that starts at this line ends; `at` if there is none."""
    first = _HEADER.match(fold(lines[at]))
    if first is None:
        return at
    if first.group(1) in ("asunto", "subject") or _SUBJECT_INLINE.search(fold(lines[at])):
        return _past_headers(lines, at + 1)
    if first.group(1) not in ("de", "from"):
        return at
    end = _past_headers(lines, at + 1)
    names = {match.group(1) for line in lines[at:end] if (match := _HEADER.match(fold(line)))}
    return end if names & {"asunto", "subject", "para", "to", "enviado", "enviado el", "sent"} else at


def _past_headers(lines: list[str], at: int) -> int:
    for end in range(at, min(at + _HEADER_LINES, len(lines))):
        if not _HEADER.match(fold(lines[end])):
            return end
    return min(at + _HEADER_LINES, len(lines))


def _header_subject(lines: list[str]) -> str:
    for line in lines:
        if match := _SUBJECT_INLINE.search(fold(line)):
            value = line[match.start(1) :]
            end = _SUBJECT_END.search(fold(value))
            return strip_reply_marks(value[: end.start()] if end else value).strip()
    return ""
