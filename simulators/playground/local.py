"""Addresses of a demonstration's own Slack, Teams and Stripe, and the settings that connect the desk to them.

An integration whose keys are in the environment is left alone: only those without keys are simulated here.
"""

import hashlib
import hmac
import json
import socket
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from msp.config import Settings

HOST = "127.0.0.1"
TRIES = 100  # ports above the desk's own that are tried before the system assigns any


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of the three servers; stored, because addresses in the desk's data contain them."""

    slack: int
    teams: int
    stripe: int


def played(settings: Settings) -> frozenset[str]:
    """Which of slack, teams and stripe are simulated: in a demonstration, those without keys of their own."""
    given = {
        "slack": settings.value("SLACK_SIGNING_SECRET"),
        "teams": settings.value("TEAMS_APP_ID"),
        "stripe": settings.stripe_api_key,
    }
    return frozenset(name for name, key in given.items() if settings.is_demo and not key)


def joined(settings: Settings) -> Settings:
    """The settings with addresses and secrets of the local servers for the simulated integrations."""
    here = played(settings)
    if not here:
        return settings
    ports = ports_of(settings)
    slack, teams = f"http://{HOST}:{ports.slack}", f"http://{HOST}:{ports.teams}"
    if "slack" in here:
        settings = settings.with_values(
            SLACK_API_URL=f"{slack}/api/",
            SLACK_SIGNING_SECRET=secret(settings, "slack signing"),
            SLACK_CLIENT_ID="2210535565.1234567890",
            SLACK_CLIENT_SECRET=secret(settings, "slack client"),
        )
    if "teams" in here:
        settings = settings.with_values(
            TEAMS_APP_ID=_uuid(settings, "teams bot"),
            TEAMS_APP_PASSWORD=secret(settings, "teams app"),
            TEAMS_APP_TENANT_ID=_uuid(settings, "teams home"),
            TEAMS_OPENID_METADATA_URL=f"{teams}/v1/.well-known/openidconfiguration",
            TEAMS_TOKEN_URL=f"{teams}/{_uuid(settings, 'teams home')}/oauth2/v2.0/token",
        )
    if "stripe" in here:
        settings = replace(
            settings,
            stripe_api_key=f"sk_test_{secret(settings, 'stripe key')}",
            stripe_webhook_secret=f"whsec_{secret(settings, 'stripe webhook')}",
            stripe_api_base=f"http://{HOST}:{ports.stripe}",
        )
    return settings


def secret(settings: Settings, name: str) -> str:
    """A secret derived from SECRET_KEY by both sides, so that it is not stored."""
    return hmac.new(settings.secret_key.encode(), f"playground {name}".encode(), hashlib.sha256).hexdigest()[:32]


def _uuid(settings: Settings, name: str) -> str:
    return str(uuid.UUID(secret(settings, name), version=4))


def folder(settings: Settings) -> Path:
    """The playground's folder for data that survives a restart."""
    return settings.home / "playground"


def ports_of(settings: Settings) -> Ports:
    """The stored ports; chosen now if there are none."""
    try:
        return Ports(**json.loads(_file(settings).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return claim_ports(settings)


def claim_ports(settings: Settings) -> Ports:
    """Choose and store three free ports: the former ones, else the next above PORT. Call only before a start."""
    try:
        before = list(json.loads(_file(settings).read_text()).values())
    except (FileNotFoundError, ValueError, AttributeError):
        before = []
    chosen: list[int] = []
    for wanted in before if len(before) == 3 else [0, 0, 0]:
        is_kept = isinstance(wanted, int) and wanted not in (0, settings.port, *chosen) and _is_free(wanted)
        chosen.append(wanted if is_kept else _next_free(settings.port, taken=[*chosen, *before]))
    ports = Ports(*chosen)
    if chosen != before:
        _write(_file(settings), json.dumps(asdict(ports)))
    return ports


def write_staff(settings: Settings, email: str, password: str) -> None:
    """Store the technician to sign in as at the console of this demonstration."""
    _write(folder(settings) / "staff.json", json.dumps([email, password]))


def staff(settings: Settings) -> tuple[str, str]:
    """The address to sign in as, and the password; two empty strings if the demo's people were not loaded."""
    try:
        email, password = json.loads((folder(settings) / "staff.json").read_text())
    except (FileNotFoundError, ValueError):
        return "", ""
    return str(email), str(password)


def write_json(path: Path, value: object) -> None:
    """Write a file of the playground atomically."""
    _write(path, json.dumps(value, ensure_ascii=False))


def _file(settings: Settings) -> Path:
    return folder(settings) / "ports.json"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _next_free(port: int, *, taken: list[int]) -> int:
    above = range(port + 1, min(port + TRIES, 65535) + 1)
    found = next((each for each in above if each not in taken and _is_free(each)), None)
    return found if found is not None else _any_free()


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
        return True


def _any_free() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        number: int = probe.getsockname()[1]
        return number
