"""One signed POST to an address that somebody else chose: no redirects, a time limit, and no way into our network."""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from msp.kernel import clock
from msp.kernel.errors import Permanent, Temporary
from msp.notify.webhooks import is_web_url

MOST_READ = 64 * 1024  # bytes of an answer; only its status matters
RETRY_STATUSES = (408, 425, 429)
LONGEST_WAIT = 3600.0  # seconds that an endpoint may ask us to wait

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name says by then."""

    def __init__(self, host: str, port: int, *, address: str, context: ssl.SSLContext | None, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address, self._context = address, context

    def connect(self) -> None:
        """Open the line, with TLS for the host that was named."""
        line = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(line, server_hostname=self.host) if self._context else line


@dataclass(frozen=True, slots=True)
class Poster:
    """How posts go out: `timeout` in seconds for each wait, `may_stay_inside` for demonstrations on one machine."""

    timeout: float
    may_stay_inside: bool

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post JSON and return the status of success (2xx).

        Raises Temporary (no line, no answer, 408, 425, 429, 5xx; with Retry-After where it was named) or Permanent.
        """
        if not is_web_url(url):
            raise Permanent("not_a_web_address")
        parts = urlsplit(url)
        address = self._resolved(parts)
        try:
            status, retry_after = self._exchange(parts, address, body, headers)
        except ssl.SSLCertVerificationError as wrong:
            raise Temporary("certificate_not_trusted") from wrong
        except (OSError, http.client.HTTPException) as fault:
            raise Temporary("no_answer") from fault
        if 200 <= status < 300:
            return status
        raise _refusal(status, retry_after)

    def _exchange(
        self, parts: SplitResult, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str | None]:
        is_tls = parts.scheme == "https"
        context = ssl.create_default_context() if is_tls else None
        port = parts.port or (443 if is_tls else 80)
        line = _Pinned(parts.hostname or "", port, address=address, context=context, timeout=self.timeout)
        try:
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            line.request("POST", path, body, {"Content-Type": "application/json", "User-Agent": "Guardia", **headers})
            answer = line.getresponse()
            answer.read(MOST_READ)
            return answer.status, answer.headers.get("Retry-After")
        finally:
            line.close()

    def _resolved(self, parts: SplitResult) -> str:
        """The first address of the host; refuses it where any of its addresses leads inside."""
        try:
            found = socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)
        except OSError as unknown:
            raise Temporary("host_unknown") from unknown
        addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        if not self.may_stay_inside and any(is_inside(each) for each in addresses):
            raise Permanent("address_inside")
        return str(addresses[0])


def is_inside(address: Address) -> bool:
    """Whether an address is not of the public internet: loopback, private, link-local, multicast, reserved.

    An IPv4 address that hides in an IPv6 one (mapped, 6to4, Teredo, NAT64) counts as itself.
    """
    if isinstance(address, ipaddress.IPv6Address):
        hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in ipaddress.ip_network("64:ff9b::/96"):
            hidden.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(each is not None and is_inside(each) for each in hidden):
            return True
    return not address.is_global or address.is_multicast


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `<timestamp>.<body>`, in hexadecimal, as `sha256=…`."""
    made = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"


def _refusal(status: int, retry_after: str | None) -> Exception:
    reason = f"http_{status}"
    if status in RETRY_STATUSES or status >= 500:
        return Temporary(reason, retry_after=_seconds(retry_after, now=clock.now()))
    return Permanent("redirected" if 300 <= status < 400 else reason)


def _seconds(written: str | None, *, now: datetime) -> float | None:
    """Retry-After (RFC 9110, 10.2.3) in seconds: a number or a date; None where it says nothing."""
    if not written:
        return None
    if written.isascii() and written.isdecimal():
        return min(float(written), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(written) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 1.0), LONGEST_WAIT)
