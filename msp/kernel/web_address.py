"""One strict parser of URLs from untrusted sources: the URL that is checked is the URL that is fetched.

Parsers disagree about backslashes, user names, blanks and non-ASCII characters, so that one sees a trusted host where
another connects elsewhere. Such URLs are refused, and callers fetch the URL rebuilt from the parts.
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
    """The parts of a URL: host in lower case without brackets, port as a number, path with query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host, and the port if it is not the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The URL to fetch."""
        return f"{self.origin}{self.path}"

    @property
    def is_usual_port(self) -> bool:
        """Whether the port is the scheme's default."""
        return self.port == PORTS[self.scheme]


def parse_web_address(text: object) -> WebAddress | None:
    """The parts of an http or https URL; None if parsers could disagree about it.

    Refuses control characters, user names and passwords, blanks and backslashes before the path, and hosts that are
    neither ASCII names (IDN in xn-- form) nor IPv4 or IPv6 addresses. Other characters in path and query are
    percent-encoded; a fragment is dropped.
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
        if re.fullmatch(r"[0-9.]+|.*\.0x[0-9a-f]*|0x[0-9a-f]+", text):  # other notations of numbers are ambiguous
            return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""
    labels = text.split(".")
    last_is_number = labels[-1].isdigit()
    is_name = len(text) <= 253 and all(_LABEL.fullmatch(label) for label in labels) and not last_is_number
    return text if is_name else ""
