"""Checks that external services can be reached: TCP, and TLS if they use it."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit

from msp.clients.platforms import Host, platforms, setting_value
from msp.config import Settings
from msp.doctor.finding import Check, Finding

TIMEOUT = 3.0  # seconds per service
PORTS = {"https": 443, "http": 80, "smtp": 25, "smtps": 465, "smtp+starttls": 587}


def services_can_be_reached(settings: Settings) -> Iterator[Finding]:
    """Each enabled service, concurrently; a demo's simulators are not checked."""
    wanted = list(_services(settings))
    urls = [setting_value(each.setting, settings) for each in wanted]
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        for each, url, fault in zip(wanted, urls, pool.map(_fault, urls), strict=True):
            host = urlsplit(url).hostname
            if fault:
                fix = f"Let this machine reach {host} (DNS, firewall, proxy), or correct {each.setting}"
                yield Finding("fault", f"{each.label} cannot be reached at {host}: {fault}", fix)
            else:
                yield Finding("ok", f"{each.label} can be reached at {host}")


def _services(settings: Settings) -> Iterator[Host]:
    for platform in platforms():
        if platform.is_enabled(settings):
            yield from (each for each in platform.hosts if setting_value(each.setting, settings))
    if settings.stripe_enabled:
        yield Host("Stripe", "STRIPE_API_BASE")


def _fault(url: str) -> str:
    """Why an address cannot be reached; empty if it can."""
    parts = urlsplit(url)
    try:
        _check_smtp(parts) if parts.scheme.startswith("smtp") else _touch(parts)
    except ssl.SSLCertVerificationError as fault:
        return f"its certificate is not valid ({fault.verify_message})"
    except TimeoutError:
        return f"no answer within {TIMEOUT:.0f} s"
    except (OSError, smtplib.SMTPException) as fault:
        return str(getattr(fault, "strerror", None) or fault)
    return ""


def _touch(parts: SplitResult) -> None:
    host = parts.hostname or ""
    with socket.create_connection((host, parts.port or PORTS[parts.scheme]), timeout=TIMEOUT) as line:
        if parts.scheme == "https":
            ssl.create_default_context().wrap_socket(line, server_hostname=host).close()


def _check_smtp(parts: SplitResult) -> None:
    dial = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with dial(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=TIMEOUT) as line:
        if parts.scheme == "smtp+starttls":
            line.starttls(context=ssl.create_default_context())
        line.noop()


CHECKS: list[Check] = [services_can_be_reached]
