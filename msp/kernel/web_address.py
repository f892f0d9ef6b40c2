"""Web addresses that somebody else chose, read by one strict grammar: what is checked is what is fetched.

Parsers disagree about backslashes, users, blanks and signs beyond ASCII, so that one sees a trusted host where another
connects elsewhere. Here such an address is none at all, and whoever fetches takes the text that is made of the parts.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

LONGEST = 4000
PORTS = {"http": 80, "https": 443}

_SHAPE = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_REFUSED = re.compile(r"[\x00-\x1f\x7f]")
_PATH, _QUERY = "/:@!$&'()*+,;=-._~%", "/?:@!$&'()*+,;=-._~%"


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The parts of an address: host in lower case and without brackets, port as a number, path with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host, and the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The address to fetch."""
        return f"{self.origin}{self.path}"

    @property
    def is_usual_port(self) -> bool:
        """Whether the port is the one of the scheme."""
        return self.port == PORTS[self.scheme]


def parse_web_address(text: object) -> WebAddress | None:
    """The parts of an http or https address; None where parsers might disagree about it.

    Refused are control characters, users and passwords, blanks and backslashes before the path, and hosts that are
    neither names in ASCII (IDN in its xn-- form) nor addresses of four numbers or of IPv6. In path and query, what is
    no sign of an address is written by its number; a fragment is dropped.
    """
    if not isinstance(text, str) or len(text) > LONGEST or _REFUSED.search(text):
        return None
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    scheme, host = found["scheme"].lower(), _host(found["host"].lower())
    port = int(found["port"]) if found["port"] else PORTS[scheme]
    if not host or not 0 < port < 65536:
        return None
    path = quote(found["path"] or "/", safe=_PATH)
    query = found["query"]
    return WebAddress(scheme, host, port, path if query is None else f"{path}?{quote(query, safe=_QUERY)}")


def _host(text: str) -> str:
    try:
        if text.startswith("["):
            return str(ipaddress.IPv6Address(text[1:-1]))
        if re.fullmatch(r"[0-9.]+|.*\.0x[0-9a-f]*|0x[0-9a-f]+", text):  # other spellings of numbers mislead
            return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""
    labels = text.split(".")
    last_is_number = labels[-1].isdigit()
    is_name = len(text) <= 253 and all(_LABEL.fullmatch(label) for label in labels) and not last_is_number
    return text if is_name else ""
