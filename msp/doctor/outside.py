"""Whether the services that the desk talks to can be reached from here: a connection, and TLS where they want it."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit

from msp.config import Settings
from msp.doctor.finding import Check, Finding

PATIENCE = 3.0  # seconds for each
PORTS = {"https": 443, "http": 80, "smtp": 25, "smtps": 465, "smtp+starttls": 587}


def services_can_be_reached(settings: Settings) -> Iterator[Finding]:
    """Each service that is on, all at once so that nobody waits for many; a demonstration's own are not outside."""
    wanted = [(name, url) for name, url, is_on in _services(settings) if is_on and url]
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        for (name, url), fault in zip(wanted, pool.map(lambda each: _fault(each[1]), wanted), strict=True):
            host = urlsplit(url).hostname
            if fault:
                mend = f"Let this machine reach {host} (DNS, firewall, proxy), or mend {_setting(name)}"
                yield Finding("fault", f"{name} cannot be reached at {host}: {fault}", mend)
            else:
                yield Finding("ok", f"{name} can be reached at {host}")


def _services(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    yield "Slack", settings.slack_api_url, settings.slack_enabled
    yield "Teams' tokens", settings.teams_token_url, settings.teams_enabled
    yield "Teams' keys", settings.teams_openid_metadata_url, settings.teams_enabled
    yield "Stripe", settings.stripe_api_base, settings.stripe_enabled
    yield "The mail server", settings.smtp_url, settings.mail_enabled


def _setting(name: str) -> str:
    return {
        "Slack": "SLACK_API_URL",
        "Teams' tokens": "TEAMS_TOKEN_URL",
        "Teams' keys": "TEAMS_OPENID_METADATA_URL",
        "Stripe": "STRIPE_API_BASE",
        "The mail server": "SMTP_URL",
    }[name]


def _fault(url: str) -> str:
    """Why an address cannot be used; empty where it can."""
    parts = urlsplit(url)
    try:
        _greet_mail(parts) if parts.scheme.startswith("smtp") else _touch(parts)
    except ssl.SSLCertVerificationError as fault:
        return f"its certificate is not valid ({fault.verify_message})"
    except TimeoutError:
        return f"no answer within {PATIENCE:.0f} s"
    except (OSError, smtplib.SMTPException) as fault:
        return str(getattr(fault, "strerror", None) or fault)
    return ""


def _touch(parts: SplitResult) -> None:
    host = parts.hostname or ""
    with socket.create_connection((host, parts.port or PORTS[parts.scheme]), timeout=PATIENCE) as line:
        if parts.scheme == "https":
            ssl.create_default_context().wrap_socket(line, server_hostname=host).close()


def _greet_mail(parts: SplitResult) -> None:
    dial = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with dial(parts.hostname or "", parts.port or PORTS[parts.scheme], timeout=PATIENCE) as line:
        if parts.scheme == "smtp+starttls":
            line.starttls(context=ssl.create_default_context())
        line.noop()


CHECKS: list[Check] = [services_can_be_reached]
