"""Tables of phrases in Spanish and English: one pattern a line, folded (lower case, no accents).

In the files of this folder, `[section]` starts a section, `NAME = …` names alternatives that lines use as `{NAME}`, an
indented line continues the line above it, and `#` starts a comment. The rest of a line is a regular expression.
"""

import re
from functools import lru_cache
from importlib.resources import files

_MACRO = re.compile(r"([A-Z_]+) = (.+)")
_USE = re.compile(r"\{([A-Z_]+)\}")


@lru_cache
def read_phrases(name: str) -> dict[str, tuple[str, ...]]:
    """The patterns of a file by section, with their named alternatives inserted."""
    sections: dict[str, tuple[str, ...]] = {}
    macros: dict[str, str] = {}
    section = ""
    for line in _whole_lines((files(__name__) / f"{name}.txt").read_text(encoding="utf-8")):
        if line.startswith("[") and line.endswith("]") and line[1:-1].isalpha():
            section = line[1:-1]
            continue
        filled = _USE.sub(lambda match: macros[match.group(1)], line)
        if match := _MACRO.fullmatch(filled):
            macros[match.group(1)] = f"(?:{match.group(2)})"
        else:
            sections[section] = (*sections.get(section, ()), filled)
    return sections


def any_of(patterns: tuple[str, ...]) -> str:
    """One pattern that matches if any of these does."""
    return "|".join(f"(?:{each})" for each in patterns)


def _whole_lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("    ") and lines:
            lines[-1] += line[4:]
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return lines
