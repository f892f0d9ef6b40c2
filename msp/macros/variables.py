"""Variables of a macro's texts, such as {{requester.first_name}}, and their expansion.

A name outside of VARIABLES is refused when a macro is saved.
"""

import re
from collections.abc import Mapping

# Every variable; msp/words/macro_texts.py has their values and descriptions.
VARIABLES = (
    "requester.first_name",
    "requester.name",
    "ticket.label",
    "ticket.subject",
    "ticket.priority",
    "ticket.due",
    "client.name",
    "agent.first_name",
    "agent.name",
)
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_WITH_SPACE = re.compile(r"([ \t]*)\{\{\s*([^{}]*?)\s*\}\}")


def unknown_variables(text: str) -> list[str]:
    """The names in a text that are no variables, in order; `{{` for braces that are not closed or not opened."""
    names = [name for name in _VARIABLE.findall(text) if name not in VARIABLES]
    rest = _VARIABLE.sub("", text)
    return names + [braces for braces in ("{{", "}}") if braces in rest]


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with the values of its variables. The spaces before an empty value are removed with it.

    Values are inserted as they are: variables in them are not expanded.
    """

    def value(found: re.Match[str]) -> str:
        known = values.get(found[2])
        if known is None:
            return found[0]
        return f"{found[1]}{known}" if known else ""

    return _WITH_SPACE.sub(value, text)
