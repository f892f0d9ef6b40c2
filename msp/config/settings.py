"""`Settings`: the environment as a frozen, typed value, or all of its faults."""

from __future__ import annotations

import difflib
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from msp.config import values
from msp.config.declared import declared_settings, read_declared
from msp.config.generated_secrets import new_encryption_key, secret_weakness, stored_secret
from msp.config.reader import EnvironmentReader, SettingsError
from msp.config.values import Environment

_NAMES = (
    "DATABASE_URL",
    "REDIS_URL",
    "PUBLIC_URL",
    "SECRET_KEY",
    "MSP_ENCRYPTION_KEYS",
    "MSP_ENV",
    "MSP_HOME",
    "MSP_DEMO",
    "MSP_CLOCK",
    "PORT",
    "TRUSTED_PROXIES",
    "API_REQUESTS_PER_MINUTE",
    "STRIPE_API_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
    "METRICS_TOKEN",
    "MSP_BACKUP_PASSPHRASE",
)
_PREFIXES = ("MSP_", "STRIPE_", "METRICS_")

ROOM_FOR_SOCKET = 107 - len("/postgres/.s.PGSQL.5432")  # the kernel's limit for a socket path, in bytes


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of this installation. An empty string means not set."""

    env: Environment
    home: Path
    port: int
    load_demo: bool
    clock_file: Path | None = None
    public_url: str
    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    embedded_database: bool
    embedded_redis: bool
    stripe_api_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    stripe_api_base: str = "https://api.stripe.com"
    declared: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values of declared settings (msp.config.declared), with their defaults."""
    trusted_proxies: tuple[values.Network, ...] = values.LOOPBACK
    api_requests_per_minute: int = 600
    metrics_token: str = field(default="", repr=False)
    backup_passphrase: str = field(default="", repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment, or raise SettingsError with every fault; in demo, generates missing secrets."""
        return _read(os.environ if environ is None else environ)

    def value(self, name: str) -> str:
        """The value of a declared setting; empty where it is not set. Raises KeyError for an undeclared name."""
        return self.declared[name]

    def with_values(self, **changed: str) -> Settings:
        """These settings with other values of declared settings."""
        return replace(self, declared={**self.declared, **changed})

    @property
    def is_demo(self) -> bool:
        """Whether this is a demo: local, with generated secrets and a playground."""
        return self.env == "demo"

    @property
    def stripe_enabled(self) -> bool:
        """Whether invoices can be sent to Stripe."""
        return bool(self.stripe_api_key)

    @property
    def database_name(self) -> str:
        """The name of the database."""
        return unquote(urlsplit(self.database_url).path.lstrip("/"))

    @property
    def database_login(self) -> str:
        """The login of the application; it owns nothing and reads nothing without a role."""
        user = unquote(urlsplit(self.database_url).username or "")
        return user if user.endswith(("_login", "_portal")) else f"{self.database_name}_login"

    @property
    def owns_database(self) -> bool:
        """Whether DATABASE_URL is the owner's, so that migrations can run through it."""
        return unquote(urlsplit(self.database_url).username or "") != self.database_login

    @property
    def app_database_url(self) -> str:
        """The application's database URL: DATABASE_URL with the restricted login."""
        if not self.owns_database:
            return self.database_url
        parts = urlsplit(self.database_url)
        host = parts.netloc.rpartition("@")[2]
        login = f"{quote(self.database_login, safe='')}:{self.database_login_password}"
        return urlunsplit(parts._replace(netloc=f"{login}@{host}"))

    @property
    def database_login_password(self) -> str:
        """The restricted login's password, derived from SECRET_KEY."""
        return hmac.new(self.secret_key.encode(), b"database login", hashlib.sha256).hexdigest()

    @property
    def portal_login(self) -> str:
        """The login of a separate portal process: it has the client role only."""
        return f"{self.database_name}_portal"

    @property
    def portal_login_password(self) -> str:
        """Its password, derived from SECRET_KEY."""
        return hmac.new(self.secret_key.encode(), b"portal database login", hashlib.sha256).hexdigest()

    @property
    def runtime_dir(self) -> Path:
        """The folder of the embedded servers' sockets and the lock: in MSP_HOME unless that path is too long."""
        return runtime_dir(self.home)


def setting_names() -> tuple[str, ...]:
    """Every name that is read from the environment."""
    return (*_NAMES, *(each.name for each in declared_settings()))


def likely_typos(environ: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Unknown names in the environment that resemble ours, each with the likely name."""
    given, names = os.environ if environ is None else environ, setting_names()
    prefixes = (*_PREFIXES, *(f"{each.name.partition('_')[0]}_" for each in declared_settings()))
    strangers = [name for name in given if name.startswith(prefixes) and name.removesuffix("_FILE") not in names]
    found = [(name, difflib.get_close_matches(name.removesuffix("_FILE"), names, 1, 0.8)) for name in strangers]
    return [(name, close[0]) for name, close in sorted(found) if close]


def libpq_url(url: str) -> str:
    """A database's address as psycopg itself reads it, without SQLAlchemy's driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def runtime_dir(home: Path) -> Path:
    """The folder for sockets and the lock of an MSP_HOME; deterministic."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= ROOM_FOR_SOCKET:
        return inside
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"guardia-{os.getuid()}-{mark}"


def _read(environ: Mapping[str, str]) -> Settings:
    reader = EnvironmentReader(environ)
    database, redis = _database_url(reader), _redis_url(reader)
    usual: Environment = "production" if reader.text("DATABASE_URL") else "demo"
    env = reader.parsed("MSP_ENV", values.environment, usual, "Use production or demo")
    home = reader.parsed("MSP_HOME", values.folder, _default_home(), "Name a folder by its full path")
    port = reader.parsed("PORT", values.port, 8000, "Use a number from 1 to 65535")
    load_demo = _load_demo(reader, env)
    clock_file = _clock_file(reader, env)
    public_url = _public_url(reader, env, port)
    fix = "Write addresses or networks, such as 10.0.0.5, 10.1.0.0/16"
    trusted_proxies = reader.parsed("TRUSTED_PROXIES", values.networks, values.LOOPBACK, fix)
    fix = "Use a whole number, such as 600"
    api_requests = reader.parsed("API_REQUESTS_PER_MINUTE", values.count, 600, fix)
    secret_key, keys = _secret_key(reader, env), _encryption_keys(reader, env)
    stripe, declared = _stripe(reader, env), read_declared(reader, env)
    metrics_token = reader.parsed("METRICS_TOKEN", values.token, "", "Make one with: openssl rand -base64 48")
    backup_passphrase = reader.text("MSP_BACKUP_PASSPHRASE")
    if reader.faults:
        raise SettingsError(reader.faults)
    try:
        return Settings(
            env=env,
            home=home,
            port=port,
            load_demo=load_demo,
            clock_file=clock_file,
            public_url=public_url,
            secret_key=secret_key or stored_secret(home, "secret-key", lambda: secrets.token_urlsafe(48)),
            encryption_keys=keys or _kept_encryption_keys(home),
            database_url=database or _embedded_database_url(home),
            redis_url=redis or f"unix://{quote(str(runtime_dir(home)))}/valkey.sock?db=0",
            embedded_database=not database,
            embedded_redis=not redis,
            trusted_proxies=trusted_proxies,
            api_requests_per_minute=api_requests,
            metrics_token=metrics_token,
            backup_passphrase=backup_passphrase,
            declared=declared,
            **stripe,
        )
    except OSError as error:
        reader.fault("MSP_HOME", f"cannot keep secrets ({home}: {error.strerror})", "Name a folder of your own")
        raise SettingsError(reader.faults) from error


def _database_url(reader: EnvironmentReader) -> str:
    fix = "Write postgresql://user:password@host:5432/database"
    return reader.parsed("DATABASE_URL", values.database_url, "", fix)


def _redis_url(reader: EnvironmentReader) -> str:
    return reader.parsed("REDIS_URL", values.redis_url, "", "Write redis://host:6379/0, rediss:// or unix://")


def _load_demo(reader: EnvironmentReader, env: Environment) -> bool:
    demo = reader.parsed("MSP_DEMO", values.switch, env == "demo", "Use 1 or 0")
    if demo and env == "production":
        reader.fault("MSP_DEMO", "asks for demo data in production", "Unset it, or set MSP_ENV=demo")
    return demo


def _clock_file(reader: EnvironmentReader, env: Environment) -> Path | None:
    """The file that shifts a demo's clock (see msp.kernel.clock.follow)."""
    path = reader.parsed("MSP_CLOCK", values.file, None, "Name a file by its full path")
    if path is not None and env == "production":
        reader.fault("MSP_CLOCK", "moves the clock in production", "Unset it")
    return path


def _embedded_database_url(home: Path) -> str:
    password = stored_secret(home, "database-password", lambda: secrets.token_hex(32))
    socket = quote(str(runtime_dir(home) / "postgres"))
    return f"postgresql+psycopg://guardia:{password}@/guardia?host={socket}"


def _default_home() -> Path:
    checkout = Path(__file__).resolve().parents[2]
    return (checkout if (checkout / "pyproject.toml").exists() else Path.cwd()) / "var"


def _public_url(reader: EnvironmentReader, env: Environment, port: int) -> str:
    url = reader.parsed("PUBLIC_URL", values.origin, "", "Write the origin alone, such as https://desk.example.com")
    if url and env == "production":
        reader.refuse_clear_text("PUBLIC_URL", url)
    if not url and env == "production" and not reader.is_faulty("PUBLIC_URL"):
        fix = "Give the origin that people open, such as https://desk.example.com"
        reader.fault("PUBLIC_URL", "is missing", fix)
    return url or f"http://127.0.0.1:{port}"


def _secret_key(reader: EnvironmentReader, env: Environment) -> str:
    key = reader.text("SECRET_KEY")
    if env == "production" and not reader.is_faulty("SECRET_KEY"):
        weakness = secret_weakness(key)
        if weakness:
            reader.fault("SECRET_KEY", weakness, "Make one with: openssl rand -base64 48")
    return key


def _encryption_keys(reader: EnvironmentReader, env: Environment) -> tuple[str, ...]:
    fix = "Make one with: openssl rand -base64 32"
    none_given: tuple[str, ...] = ()
    keys = reader.parsed("MSP_ENCRYPTION_KEYS", values.encryption_keys, none_given, fix)
    if not keys and env == "production" and not reader.is_faulty("MSP_ENCRYPTION_KEYS"):
        reader.fault("MSP_ENCRYPTION_KEYS", "is missing", fix)
    return keys


def _kept_encryption_keys(home: Path) -> tuple[str, ...]:
    return values.encryption_keys(stored_secret(home, "encryption-keys", new_encryption_key))


def _stripe(reader: EnvironmentReader, env: Environment) -> dict[str, str]:
    """Stripe's settings that are given; others keep the defaults of Settings."""
    given = {name: reader.text(name) for name in _NAMES if name.startswith("STRIPE_")}
    given["STRIPE_API_BASE"] = reader.parsed(
        "STRIPE_API_BASE", values.web_url, "", "Write a full http or https address"
    )
    if given["STRIPE_API_BASE"] and env == "production":
        reader.refuse_clear_text("STRIPE_API_BASE", given["STRIPE_API_BASE"])
    reader.need(given, "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")
    reader.need(given, "STRIPE_WEBHOOK_SECRET", "STRIPE_API_KEY")
    return {name.lower(): value for name, value in given.items() if value}
