"""Checks of the machine and its settings: Python, secrets, disk space, time zones, built files."""

from __future__ import annotations

import platform
import re
import shutil
import stat
import sys
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import tzdata

from msp.clients.platforms import platforms
from msp.config import Settings, declared_settings, likely_typos, secret_weakness
from msp.doctor.finding import Check, Finding, Level, judged

LEAST_DISK = 1_000_000_000  # bytes
PACKAGE = Path(__file__).resolve().parents[1]
SERIOUS = re.compile(
    r"PANIC|No space left|could not (write|fsync|extend)|invalid page|checksum|out of memory", re.IGNORECASE
)
TAIL = 200_000  # bytes of a log that are read


def python_is_new_enough(settings: Settings) -> Iterator[Finding]:
    """The versions of Python, and of Node, which builds the web assets."""
    version = platform.python_version()
    if sys.version_info >= (3, 11):  # noqa: UP036  # somebody may start us with an older one
        yield Finding("ok", f"Python {version}")
    else:
        yield Finding("fault", f"Python {version} is too old", "Install Python 3.11 or newer")


def settings_are_recognised(settings: Settings) -> Iterator[Finding]:
    """The mode, and names that look misspelt."""
    place = "demonstration" if settings.is_demo else "production"
    yield Finding("ok", f"{place}, answering at {settings.public_url}")
    if not settings.is_demo and urlsplit(settings.public_url).scheme != "https":
        fix = "Set PUBLIC_URL to the https address that people open"
        yield Finding("fault", f"{settings.public_url} is this machine alone, and not https", fix)
    if not settings.is_demo and not settings.metrics_token:
        fix = "To scrape them from elsewhere or through a proxy, set METRICS_TOKEN"
        yield Finding("note", "metrics are available on this machine only", fix)
    for name, meant in likely_typos():
        yield Finding("note", f"{name} is set but nothing reads it", f"Is {meant} meant?")


def secrets_are_secret(settings: Settings) -> Iterator[Finding]:
    """The strength of the session key, and the permissions of stored secrets."""
    weakness = secret_weakness(settings.secret_key)
    if weakness:
        level: Level = "note" if settings.is_demo else "fault"
        yield Finding(level, f"SECRET_KEY {weakness}", "Make one with: openssl rand -base64 48")
    else:
        yield Finding("ok", "SECRET_KEY is strong")
    folder = settings.home / "secrets"
    for path in [folder, *folder.glob("*")] if folder.exists() else []:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("fault", f"{path} can be read by others", f"chmod go= {path}")


def disk_has_space(settings: Settings) -> Iterator[Finding]:
    """Free disk space for data and files."""
    home = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(home).free
    text = f"{free / 1e9:.1f} GB are free for {settings.home}"
    yield Finding("ok", text) if free > LEAST_DISK else Finding("fault", text, "Free at least 1 GB")


def pages_are_built(settings: Settings) -> Iterator[Finding]:
    """Web assets and the Spanish catalogue are built."""
    made = {
        "web assets": PACKAGE / "web" / "static" / "dist" / "manifest.json",
        "the Spanish catalogue": PACKAGE / "translations" / "es" / "LC_MESSAGES" / "messages.mo",
    }
    for what, path in made.items():
        yield Finding("ok", f"built: {what}") if path.exists() else Finding("fault", f"{what}: missing", "make setup")


def integrations_are_on(settings: Settings) -> Iterator[Finding]:
    """Which integrations are on, and what the others need."""
    for each in platforms():
        if each.is_enabled(settings):
            yield Finding("ok", f"{each.full_name} is on")
        else:
            yield Finding("note", f"{each.full_name} is off", _wanted(each.required_settings + each.install_settings))
    stripe = Finding("note", "Stripe is off", _wanted(("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")))
    yield Finding("ok", "Stripe is on") if settings.stripe_enabled else stripe
    for each in platforms():
        if each.install_settings and each.is_enabled(settings) and not each.can_install(settings):
            fix = f"To let clients install the app by themselves, set {' and '.join(each.install_settings)}"
            yield Finding("note", f"{each.full_name}: apps built by hand only", fix)
    if not settings.is_demo and settings.stripe_api_key.startswith(("sk_test_", "rk_test_")):
        yield Finding("note", "Stripe's key is a test key", "Payments are not real")


def _wanted(names: tuple[str, ...]) -> str:
    """Which settings a thing needs, and what the declared ones mean."""
    meanings = [f"\n          {each.name}: {each.description}" for each in declared_settings() if each.name in names]
    return f"To use it, set {', '.join(names)}{''.join(meanings)}"


def time_zones_are_known_and_new(settings: Settings) -> Iterator[Finding]:
    """The time zone database used for deadlines: the system's, else the packages'."""
    version, where = zone_version(zoneinfo.TZPATH)
    newest = tzdata.IANA_VERSION
    text = f"time zones of {version} ({where})"
    fix = f"Install the system's newest tzdata, or remove it: the package brings {newest}"
    if version == "unknown":
        yield Finding("note", f"time zones of an unknown version ({where})", fix)
    elif int(version[:4]) < int(newest[:4]) - 1:
        yield Finding("fault", f"{text} are too old: countries have changed their time since", fix)
    else:
        yield judged(version >= newest, text, fix, otherwise="note")


def zone_version(folders: tuple[str, ...]) -> tuple[str, str]:
    """The version of the time zones in use, such as 2026a, and their location."""
    folder = next((Path(each) for each in folders if (Path(each) / "Europe" / "Madrid").exists()), None)
    if folder is None:
        return tzdata.IANA_VERSION, "the package tzdata"
    for name, pattern in (("tzdata.zi", r"# version (\S+)"), ("+VERSION", r"(\S+)"), ("version", r"(\S+)")):
        if (folder / name).exists():
            with (folder / name).open() as file:
                found = re.match(pattern, file.readline())
            if found and re.match(r"\d{4}[a-z]", found[1]):
                return found[1], str(folder)
    return "unknown", str(folder)


def logs_are_quiet(settings: Settings) -> Iterator[Finding]:
    """Recent serious messages in the embedded servers' logs."""
    for path in sorted((settings.home / "logs").glob("*.log")):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            lines = file.read().decode(errors="replace").splitlines()
        serious = [line for line in lines if SERIOUS.search(line)]
        if serious:
            yield Finding("fault", f"{path.name} says: {serious[-1].strip()[:200]}", f"Look into {path}")


CHECKS: list[Check] = [
    python_is_new_enough,
    settings_are_recognised,
    secrets_are_secret,
    disk_has_space,
    pages_are_built,
    time_zones_are_known_and_new,
    logs_are_quiet,
    integrations_are_on,
]
