"""The Spanish catalogue: `compile` merges msp/translations/parts/*.es.po into messages.po and .mo, `check` verifies it.

Message ids are the English sentences of code and templates. The check fails if one has no Spanish, if placeholders
differ, if an entry is fuzzy or not used, if two parts disagree, or if a sentence is made of an f-string.
"""

from __future__ import annotations

import ast
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "msp" / "translations" / "parts"
CATALOGUE = ROOT / "msp" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
SOURCES = ("msp", "integrations", "billing", "simulators")
TEMPLATES = [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PERCENT = re.compile(r"%(?:\((\w+)\))?[#0+-]*[\d.]*([a-zA-Z%])")

Key = tuple[str | None, str]


def main(arguments: list[str]) -> int:
    """Run `compile` or `check`; returns a process exit code."""
    if arguments == ["compile"]:
        compile_catalogue()
        return 0
    if arguments != ["check"]:
        print(__doc__)
        return 2
    faults = list(check())
    for fault in faults:
        print(fault)
    print(f"translations: {len(faults)} fault(s)" if faults else "translations: every sentence has its Spanish")
    return 1 if faults else 0


def compile_catalogue() -> None:
    """Merge the parts and write messages.po and messages.mo."""
    merged = Catalog(locale="es", domain="messages", fuzzy=False)
    for message in parts().values():
        merged.add(message.id, message.string, flags=message.flags, context=message.context)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    for path, write in ((CATALOGUE, write_po), (CATALOGUE.with_suffix(".mo"), write_mo)):
        fresh = path.with_suffix(path.suffix + ".new")  # atomically, because a running server may read it
        with fresh.open("wb") as handle:
            write(handle, merged)
        fresh.replace(path)


def check() -> Iterator[str]:
    """All faults of the catalogue, one per line."""
    yield from _disagreements()
    known, used = parts(), extracted()
    for key, place in used.items():
        if key not in known:
            yield f"{place}: no Spanish for {key[1]!r}"
    for key, message in known.items():
        yield from (f"{key[1]!r}: {fault}" for fault in _faults(message))
    for key in known:
        if key not in used:
            yield f"{key[1]!r}: no code or template uses it"
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*.py")):
            yield from (
                f"{path.relative_to(ROOT)}:{line}: a sentence cannot be an f-string"
                for line in f_strings(path.read_text())
            )


def parts() -> dict[Key, Message]:
    """The translations of all parts, by context and English sentence."""
    found: dict[Key, Message] = {}
    for _path, message in _entries():
        found.setdefault(_key(message), message)
    return found


def extracted() -> dict[Key, str]:
    """Every sentence of code and templates, with its first location."""
    found: dict[Key, str] = {}
    for source in filter(lambda each: (ROOT / each).is_dir(), SOURCES):
        for path in sorted((ROOT / source).rglob("*.py")):
            for line, key in sentences(path.read_text()):
                found.setdefault(key, f"{path.relative_to(ROOT)}:{line}")
        rows = extract_from_dir(
            ROOT / source, TEMPLATES, options_map={"**.html": {"silent": "false"}}, keywords=KEYWORDS
        )
        for file, line, sentence, _comments, context in rows:
            singular = sentence[0] if isinstance(sentence, tuple) else sentence
            found.setdefault((context, singular), f"{source}/{file}:{line}")
    return found


def sentences(code: str) -> Iterator[tuple[int, Key]]:
    """The line and key of each sentence of Python code, also within f-strings and by another name of a function."""
    for call, keyword in _calls(ast.parse(code)):
        has_context = "pgettext" in keyword
        texts = [each.value for each in call.args[: 1 + has_context] if isinstance(each, ast.Constant)]
        if len(texts) == 1 + has_context and all(isinstance(each, str) for each in texts):
            yield call.lineno, (str(texts[0]) if has_context else None, str(texts[-1]))


def f_strings(code: str) -> Iterator[int]:
    """The lines of sentences that are f-strings, which no catalogue can hold."""
    for call, _keyword in _calls(ast.parse(code)):
        if any(isinstance(each, ast.JoinedStr) for each in call.args[:3]):
            yield call.lineno


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls of a translating function, each with its own name."""
    own = {name: name for name in KEYWORDS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            own |= {each.asname: each.name for each in node.names if each.asname and each.name in KEYWORDS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in own:
                yield node, own[name]


def _disagreements() -> Iterator[str]:
    first: dict[Key, tuple[Path, Message]] = {}
    for path, message in _entries():
        key = _key(message)
        earlier = first.setdefault(key, (path, message))
        if earlier[1].string != message.string:
            yield f"{key[1]!r}: {earlier[0].name} says {earlier[1].string!r}, {path.name} {message.string!r}"


def _entries() -> Iterator[tuple[Path, Message]]:
    for path in sorted(PARTS.glob("*.es.po")):
        with path.open("rb") as handle:
            catalogue = read_po(handle, locale="es", abort_invalid=True)
        yield from ((path, message) for message in catalogue if message.id)


def _key(message: Message) -> Key:
    return message.context, message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def _faults(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "is marked fuzzy"
    english = list(message.id) if isinstance(message.id, (tuple, list)) else [message.id]
    given = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    spanish = [words or "" for words in given]
    if not all(spanish) or len(spanish) != len(english):
        yield "its Spanish is not whole"
        return
    # A singular may omit the number («hace una hora»), so the plural's placeholders count.
    allowed = placeholders(english[-1]) | placeholders(english[0])
    for form, words in enumerate(spanish):
        got = placeholders(words)
        wanted = placeholders(english[form])
        if got != wanted and not (len(english) > 1 and got <= allowed and got >= wanted - {"(num)d", "(num)s"}):
            yield f"its Spanish names {sorted(got) or 'no placeholders'}, not {sorted(wanted)}"


def placeholders(sentence: str) -> frozenset[str]:
    """The placeholders of a sentence: %(name)s, %s and {name}; a doubled sign is none."""
    percent = {
        f"({name}){kind}" if name else kind
        for name, kind in PERCENT.findall(sentence)
        if kind != "%" and (name or kind in "sd")
    }
    try:
        braces = {f"{{{name}}}" for _text, name, _spec, _kind in string.Formatter().parse(sentence) if name}
    except ValueError:
        braces = set()  # an escaped brace
    return frozenset(percent | braces)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
