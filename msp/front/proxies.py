"""The client's address and scheme behind trusted proxies.

X-Forwarded-For is read from its end, because everything before the first untrusted address may be forged. A peer on a
Unix socket is trusted.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from msp.config.values import LOOPBACK, Network


class Proxies:
    """The networks of trusted proxies."""

    def __init__(self, networks: Sequence[Network] = LOOPBACK) -> None:
        self._networks = tuple(networks)
        self._known: dict[str, bool] = {}

    def apply(self, environ: dict[str, Any]) -> None:
        """Set REMOTE_ADDR and the scheme from a trusted proxy's headers."""
        if not self._is_proxy(environ["REMOTE_ADDR"]):
            return
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded and (client := self._client(forwarded)):
            environ["REMOTE_ADDR"] = client
        if environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() == "https":
            environ["wsgi.url_scheme"] = "https"

    def _client(self, forwarded: str) -> str:
        """The last untrusted address of the list; the first one if all are trusted. Empty if it is invalid."""
        address = ""
        for each in reversed(forwarded.split(",")):
            address = _address(each)
            if not address or not self._is_proxy(address):
                break
        return address

    def _is_proxy(self, address: str) -> bool:
        if not address:
            return True
        known = self._known.get(address)
        if known is None:
            if len(self._known) > 10_000:
                self._known.clear()
            parsed = ipaddress.ip_address(address.partition("%")[0])
            parsed = getattr(parsed, "ipv4_mapped", None) or parsed
            known = self._known[address] = any(parsed in network for network in self._networks)
        return known


def _address(written: str) -> str:
    """An address of X-Forwarded-For without brackets and port; empty if invalid."""
    text = written.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
