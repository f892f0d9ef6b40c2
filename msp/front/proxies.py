"""Whose requests come through: the client's address and scheme as a proxy of ours tells them.

X-Forwarded-For is read from its end, since everything before the first address that is no proxy of ours was written by
whoever sent the request. A peer on a Unix socket is a proxy of ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from msp.config.values import LOOPBACK, Network


class Proxies:
    """The networks whose machines may say for whom they ask."""

    def __init__(self, networks: Sequence[Network] = LOOPBACK) -> None:
        self._networks = tuple(networks)
        self._known: dict[str, bool] = {}

    def apply(self, environ: dict[str, Any]) -> None:
        """Set REMOTE_ADDR and the scheme as a trusted proxy told them."""
        if not self._is_proxy(environ["REMOTE_ADDR"]):
            return
        told = environ.get("HTTP_X_FORWARDED_FOR")
        if told and (client := self._client(told)):
            environ["REMOTE_ADDR"] = client
        if environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() == "https":
            environ["wsgi.url_scheme"] = "https"

    def _client(self, told: str) -> str:
        """The last address of the list that is no proxy of ours; the first where all are. Empty where it is none."""
        address = ""
        for each in reversed(told.split(",")):
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
    """An address of X-Forwarded-For without brackets and port; empty where it is none."""
    text = written.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
