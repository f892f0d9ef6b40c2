"""Paths and parameters of MAIL and RCPT, as RFC 5321 and its extensions write them."""

import re
from dataclasses import dataclass, field

_PATH = re.compile(r"<([^<>\s]*)>((?:\s+\S+)*)\s*")
MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "AUTH"})
MOST_RECIPIENTS = 100  # RFC 5321 4.5.3.1.8: the minimum that a server must accept


@dataclass(frozen=True)
class Path:
    """An address with its parameters, their names in capitals."""

    address: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def unknown(self) -> list[str]:
        """Parameters that belong to none of the offered extensions."""
        return sorted(self.parameters.keys() - MAIL_PARAMETERS)

    @property
    def size(self) -> int:
        """The declared size in bytes; 0 for none."""
        declared = self.parameters.get("SIZE", "")
        return int(declared) if declared.isdecimal() else 0


def read_path(rest: str, keyword: str) -> Path | None:
    """Parse the text after `FROM:` or `TO:`; None if it is no path in angle brackets."""
    if not rest.upper().startswith(keyword):
        return None
    found = _PATH.fullmatch(rest[len(keyword) :].strip())
    if found is None:
        return None
    pairs = (each.partition("=") for each in found.group(2).split())
    return Path(found.group(1), {name.upper(): value for name, _, value in pairs})
