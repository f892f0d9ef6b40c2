"""One signed POST to a user-supplied address: no redirects, a time limit, and no access to our network (SSRF)."""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from msp.kernel.deadlines import deadline
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.http_outcomes import failure
from msp.kernel.web_address import WebAddress, parse_web_address

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, even if the name resolves to another one by then."""

    def __init__(self, host: str, port: int, *, address: str, context: ssl.SSLContext | None, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address, self._context = address, context

    def connect(self) -> None:
        """Open the connection, with TLS for the requested host."""
        line = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(line, server_hostname=self.host) if self._context else line


@dataclass(frozen=True, slots=True)
class Poster:
    """Settings of posts: `timeout` in seconds for a whole one; demonstrations on one machine `may_stay_inside`."""

    timeout: float
    may_stay_inside: bool

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post JSON and return the status of success (2xx).

        Raises Temporary (no connection, no answer, 408, 425, 429, 5xx; with Retry-After if the answer has it) or
        Permanent.
        """
        target = parse_web_address(url)
        if target is None:
            raise Permanent("not_a_web_address")
        until = time.monotonic() + self.timeout
        address = self._resolved(target)
        try:
            with deadline(max(until - time.monotonic(), 0.1)):
                status, sent = self._exchange(target, address, body, headers)
        except ssl.SSLCertVerificationError as wrong:
            raise Temporary("certificate_not_trusted") from wrong
        except (OSError, http.client.HTTPException) as fault:
            raise Temporary("no_answer") from fault
        if 200 <= status < 300:
            return status
        raise failure(status, sent)

    def _exchange(
        self, target: WebAddress, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, object]]:
        context = ssl.create_default_context() if target.scheme == "https" else None
        line = _Pinned(target.host, target.port, address=address, context=context, timeout=self.timeout)
        sent = {"Content-Type": "application/json", "User-Agent": "Guardia", "Connection": "close", **headers}
        try:
            line.request("POST", target.path, body, sent)
            answer = line.getresponse()
            return answer.status, dict(answer.headers)
        finally:
            line.close()

    def _resolved(self, target: WebAddress) -> str:
        """The first address of the host; raises Permanent if any of its addresses is in a private network."""
        found = _look_up(target.host, seconds=self.timeout)
        addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        if not self.may_stay_inside and any(is_inside(each) for each in addresses):
            raise Permanent("address_inside")
        return str(addresses[0])


def _look_up(host: str, *, seconds: float) -> list[Any]:
    """All addresses of a host; raises Temporary if none are known in time.

    The system's resolver cannot be interrupted, and a foreign name server may be slow: the lookup runs in a thread,
    which is abandoned when the time is over.
    """
    found: list[Any] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))

    asking = threading.Thread(target=ask, name="resolver", daemon=True)
    asking.start()
    asking.join(seconds)
    if not found:
        raise Temporary("host_unknown")
    return list(found)


def is_inside(address: Address) -> bool:
    """Whether an address is not on the public internet: loopback, private, link-local, multicast, reserved.

    An IPv4 address embedded in an IPv6 one (mapped, translated, 6to4, Teredo, NAT64, ISATAP) is checked as IPv4. Of
    IPv6, only the range assigned for unicast (2000::/3) and the public NAT64 prefix are public.
    """
    if any(address in network for network in _INSIDE):
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return not address.is_global or address.is_multicast
    if any(is_inside(each) for each in _hidden_in(address)):
        return True
    if address in _NAT64:
        return False
    return address not in _UNICAST or not address.is_global


_NAT64, _UNICAST = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2000::/3")
# Ranges that older versions of Python's tables treat as public: protocol assignments, 6to4 relays, documentation.
_INSIDE = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")]
_ISATAP = (0x00005EFE, 0x02005EFE)


def _hidden_in(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses embedded in an IPv6 one."""
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        hidden.append(last)
    return [each for each in hidden if each is not None]


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `<timestamp>.<body>`, in hexadecimal, as `sha256=…`."""
    made = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"
