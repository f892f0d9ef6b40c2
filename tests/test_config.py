"""Environment settings: valid values, refused values, and secrets that are never shown."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from msp.config import EnvironmentSetting, Settings, SettingsError, likely_typos, secret_weakness
from msp.config.declared import declare_settings, forget_settings
from msp.config.settings import setting_names

pytestmark = pytest.mark.unit

KEY = base64.b64encode(bytes(range(60, 92))).decode()
OLD_KEY = base64.b64encode(bytes(range(100, 132))).decode()
STRONG = "kN4vQ0z7LrT2yW9cXb5mJd8hPf3sGa6u"


def production(**changes: str) -> dict[str, str]:
    return {
        "DATABASE_URL": "postgres://owner:pw@db.example.com:5433/desk?sslmode=require",
        "REDIS_URL": "rediss://cache.example.com/0",
        "PUBLIC_URL": "https://desk.example.com",
        "SECRET_KEY": STRONG,
        "MSP_ENCRYPTION_KEYS": KEY,
    } | changes


def faults_of(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    return {fault.name: fault.problem for fault in caught.value.faults}


def test_nothing_given_is_a_demonstration_with_embedded_servers(tmp_path: Path) -> None:
    settings = Settings.from_env({"MSP_HOME": str(tmp_path)})
    assert settings.is_demo and settings.load_demo
    assert settings.embedded_database and settings.embedded_redis
    assert settings.public_url == "http://127.0.0.1:8000"
    assert not (settings.value("SLACK_SIGNING_SECRET") or settings.value("TEAMS_APP_ID") or settings.stripe_enabled)
    assert not settings.value("SMTP_URL")


def test_a_database_given_makes_it_production() -> None:
    settings = Settings.from_env(production())
    assert settings.env == "production"
    assert not settings.load_demo
    assert settings.database_url == "postgresql+psycopg://owner:pw@db.example.com:5433/desk?sslmode=require"


def test_demo_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    first = Settings.from_env({"MSP_HOME": str(tmp_path)})
    second = Settings.from_env({"MSP_HOME": str(tmp_path)})
    elsewhere = Settings.from_env({"MSP_HOME": str(tmp_path / "other")})
    assert first == second
    assert first.secret_key != elsewhere.secret_key
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()}
    assert modes == {"secret-key": 0o600, "encryption-keys": 0o600, "database-password": 0o600}


def test_many_first_starts_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: Settings.from_env({"MSP_HOME": str(tmp_path)}).secret_key, range(32)))
    assert len(set(keys)) == 1


def test_production_keeps_no_secret_of_its_own_making(tmp_path: Path) -> None:
    Settings.from_env(production(MSP_HOME=str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_production_names_every_missing_secret_together() -> None:
    assert faults_of({"DATABASE_URL": "postgresql://owner@db/desk"}) == {
        "PUBLIC_URL": "is missing",
        "SECRET_KEY": "is missing",
        "MSP_ENCRYPTION_KEYS": "is missing",
    }


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DATABASE_URL", "mysql://owner@db/desk", "is not a PostgreSQL address (it begins with mysql:)"),
        ("DATABASE_URL", "postgresql://owner@db", "names no database"),
        ("DATABASE_URL", "postgresql://owner@db:port/desk", "Port could not be cast to integer"),
        ("REDIS_URL", "cache:6379", "is not a Redis address"),
        ("REDIS_URL", "redis:///0", "names no server"),
        ("PUBLIC_URL", "http://desk.example.com", "is not https"),
        ("PUBLIC_URL", "https://desk.example.com/help", "holds more than an origin"),
        ("PUBLIC_URL", "desk.example.com", "is not a web address"),
        ("SECRET_KEY", "short", "is too short (5 characters, at least 32)"),
        ("SECRET_KEY", "change-me-0123456789-abcdefghijklm", "looks like a default"),
        ("SECRET_KEY", "a" * 64, "looks like a default"),
        ("MSP_ENCRYPTION_KEYS", "nonsense", "holds a key that is not 32 random bytes in base64 (number 1)"),
        ("MSP_ENCRYPTION_KEYS", f"{KEY},{KEY[:-8]}", "in base64 (number 2)"),
        ("MSP_ENCRYPTION_KEYS", base64.b64encode(bytes(32)).decode(), "is not 32 random bytes"),
        ("MSP_ENCRYPTION_KEYS", f"{KEY},{KEY}", "holds the same key twice"),
        ("MSP_ENV", "staging", "is neither production nor demo (staging)"),
        ("MSP_DEMO", "1", "asks for demo data in production"),
        ("MSP_DEMO", "maybe", "is neither on nor off (maybe)"),
        ("MSP_CLOCK", __file__, "moves the clock in production"),
        ("MSP_CLOCK", "/no/such/folder/ahead", "is not a file in a folder that exists"),
        ("MSP_HOME", __file__, "is not a folder"),
        ("PORT", "0", "is not a port (0)"),
        ("PORT", "65536", "is not a port"),
        ("PORT", "80a", "is not a port"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy", "does not appear to be an IPv4 or IPv6 network"),
        ("SLACK_API_URL", "http://proxy.example.com/api/", "is not https"),
        ("SMTP_URL", "mail.example.com", "is not a mail server's address"),
        ("MAIL_FROM", "desk at example.com", "is not a mail address"),
        ("MAIL_FROM", "Desk <desk@example.com\r\nBcc: x@example.com>", "is not a mail address"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_fault(name: str, value: str, problem: str) -> None:
    assert problem in faults_of(production(**{name: value}))[name]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("SLACK_CLIENT_SECRET", {"SLACK_CLIENT_ID"}),
        ("SLACK_CLIENT_ID", {"SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"}),
        ("TEAMS_APP_ID", {"TEAMS_APP_PASSWORD"}),
        ("TEAMS_APP_PASSWORD", {"TEAMS_APP_ID"}),
        ("TEAMS_APP_TENANT_ID", {"TEAMS_APP_ID"}),
        ("STRIPE_API_KEY", {"STRIPE_WEBHOOK_SECRET"}),
        ("STRIPE_WEBHOOK_SECRET", {"STRIPE_API_KEY"}),
    ],
)
def test_half_an_integration_is_a_fault(given: str, missing: set[str]) -> None:
    assert set(faults_of(production(**{given: "something"}))) == missing


def test_mail_needs_a_sender() -> None:
    assert set(faults_of(production(SMTP_URL="smtp://mail.example.com:587"))) == {"MAIL_FROM"}
    sender = "Guardia <desk@example.com>"
    settings = Settings.from_env(production(SMTP_URL="smtps://u:p@mail.example.com", MAIL_FROM=sender))
    assert settings.value("MAIL_FROM") == sender


def test_every_fault_is_told_at_once_with_its_mend() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(production(PORT="x", SECRET_KEY="", STRIPE_API_KEY="sk_live_1", MSP_ENV="live"))
    text = str(caught.value)
    for name in ("PORT", "STRIPE_WEBHOOK_SECRET", "MSP_ENV"):
        assert f"  {name}: " in text
    assert "Make one with: openssl rand -base64 48" in text


def test_loopback_may_do_without_https() -> None:
    local = {"PUBLIC_URL": "http://127.0.0.1:9000/", "STRIPE_API_BASE": "http://localhost:4010"}
    settings = Settings.from_env(production(**local))
    assert settings.public_url == "http://127.0.0.1:9000"
    assert settings.stripe_api_base == "http://localhost:4010"


def test_a_slack_app_built_by_hand_needs_the_signing_secret_alone() -> None:
    settings = Settings.from_env(production(SLACK_SIGNING_SECRET="s"))
    assert settings.value("SLACK_SIGNING_SECRET") and not settings.value("SLACK_CLIENT_ID")


@pytest.mark.parametrize("tenant", ["", "11111111-2222-3333-4444-555555555555"])
def test_the_bots_token_comes_from_its_own_tenant(tenant: str) -> None:
    bot = {"TEAMS_APP_ID": "app", "TEAMS_APP_PASSWORD": "pw", "TEAMS_APP_TENANT_ID": tenant}
    settings = Settings.from_env(production(**bot))
    home = tenant or "botframework.com"
    assert settings.value("TEAMS_TOKEN_URL") == f"https://login.microsoftonline.com/{home}/oauth2/v2.0/token"


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "STRIPE_API_KEY", "SLACK_SIGNING_SECRET"])
def test_a_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    values = production(STRIPE_API_KEY="sk_1", STRIPE_WEBHOOK_SECRET="wh_1", SLACK_SIGNING_SECRET="s1")
    file = tmp_path / "secret"
    file.write_text(values[name] + "\n")
    from_file = {key: value for key, value in values.items() if key != name} | {f"{name}_FILE": str(file)}
    assert Settings.from_env(from_file) == Settings.from_env(values)


def test_a_secret_given_twice_or_by_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    assert "given twice" in faults_of(production(SECRET_KEY_FILE=str(file)))["SECRET_KEY"]
    missing = faults_of(production(SECRET_KEY="", SECRET_KEY_FILE=str(file)))
    assert list(missing) == ["SECRET_KEY_FILE"] and "cannot be read" in missing["SECRET_KEY_FILE"]
    file.write_text("\n")
    assert "empty file" in faults_of(production(SECRET_KEY="", SECRET_KEY_FILE=str(file)))["SECRET_KEY_FILE"]


def test_the_application_serves_through_the_restricted_login() -> None:
    settings = Settings.from_env(production())
    app = urlsplit(settings.app_database_url)
    assert settings.owns_database
    assert app.username == "desk_login"
    assert app.password == settings.database_login_password
    assert (app.hostname, app.port, app.path, app.query) == (
        "db.example.com",
        5433,
        "/desk",
        "sslmode=require",
    )


def test_an_address_of_the_login_itself_is_left_alone() -> None:
    url = "postgresql+psycopg://desk_login:own@db/desk"
    settings = Settings.from_env(production(DATABASE_URL=url))
    assert settings.app_database_url == url and not settings.owns_database


def test_the_logins_password_follows_the_secret_key() -> None:
    one, same = Settings.from_env(production()), Settings.from_env(production(PORT="9000"))
    other = Settings.from_env(production(SECRET_KEY=STRONG[::-1]))
    assert one.database_login_password == same.database_login_password != other.database_login_password
    assert STRONG not in one.app_database_url


def test_an_embedded_database_is_reached_by_a_socket_of_its_home(tmp_path: Path) -> None:
    settings = Settings.from_env({"MSP_HOME": str(tmp_path)})
    app = urlsplit(settings.app_database_url)
    assert app.username == "guardia_login"
    assert app.query == f"host={tmp_path}/run/postgres"


def test_a_long_path_does_not_make_a_socket_too_long(tmp_path: Path) -> None:
    home = tmp_path / ("a-folder-with-a-long-name/" * 6)
    one, two = Settings.from_env({"MSP_HOME": str(home)}), Settings.from_env({"MSP_HOME": str(home)})
    other = Settings.from_env({"MSP_HOME": str(home / "b")})
    assert len(os.fsencode(one.runtime_dir / "postgres" / ".s.PGSQL.5432")) <= 107
    assert one.runtime_dir == two.runtime_dir != other.runtime_dir


def test_secrets_never_show() -> None:
    secret = "very-private"
    given = {
        name: f"{secret}-{name}"
        for name in setting_names()
        if name.startswith(("SLACK_", "TEAMS_", "STRIPE_")) and name.endswith(("SECRET", "PASSWORD", "_KEY"))
    }
    environ = production(
        **given,
        SLACK_CLIENT_ID="id",
        TEAMS_APP_ID="id",
        SMTP_URL=f"smtp://u:{secret}@mail.example.com",
        MAIL_FROM="desk@example.com",
        DATABASE_URL=f"postgresql://owner:{secret}@db/desk",
        REDIS_URL=f"redis://:{secret}@cache/0",
    )
    shown = repr(Settings.from_env(environ))
    assert len(given) == 5
    assert not any(hidden in shown for hidden in (secret, STRONG, KEY))


def test_faults_do_not_repeat_a_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(production(SECRET_KEY="hunter2-hunter2", MSP_ENCRYPTION_KEYS="correct-horse"))
    assert "hunter2" not in str(caught.value) and "correct-horse" not in str(caught.value)


def test_older_keys_stay_behind_the_newest() -> None:
    settings = Settings.from_env(production(MSP_ENCRYPTION_KEYS=f"{KEY}, {OLD_KEY}"))
    plain = [base64.urlsafe_b64decode(key) for key in settings.encryption_keys]
    assert plain == [base64.b64decode(KEY), base64.b64decode(OLD_KEY)]


def test_a_name_written_wrong_is_noticed() -> None:
    environ = {
        "SLACK_SIGNIN_SECRET": "s",
        "MSP_HOMES": "x",
        "STRIPE_CLI_THEME": "dark",
        "TEAMS_APP_ID_FILE": "f",
    }
    assert likely_typos(environ) == [
        ("MSP_HOMES", "MSP_HOME"),
        ("SLACK_SIGNIN_SECRET", "SLACK_SIGNING_SECRET"),
    ]


def test_a_plug_in_declares_what_it_reads() -> None:
    with pytest.raises(KeyError):
        Settings.from_env(production()).value("PAGER_KEY")
    own = (
        EnvironmentSetting(name="PAGER_KEY", description="Key of the pager", is_secret=True, needs=("PAGER_URL",)),
        EnvironmentSetting(name="PAGER_URL", description="Address of the pager", default="https://pager.example"),
    )
    declare_settings(own)
    try:
        assert Settings.from_env(production()).value("PAGER_URL") == "https://pager.example"
        assert faults_of(production(PAGER_KEY="k")) == {"PAGER_URL": "is missing while PAGER_KEY is given"}
        assert likely_typos({"PAGER_KEYS": "k"}) == [("PAGER_KEYS", "PAGER_KEY")]
    finally:
        forget_settings(own)


def test_a_home_that_cannot_be_written_is_told_as_a_fault(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("a file where the folder should be")
    assert "cannot keep secrets" in faults_of({"MSP_HOME": str(tmp_path)})["MSP_HOME"]


def test_made_secrets_are_strong(tmp_path: Path) -> None:
    assert secret_weakness(Settings.from_env({"MSP_HOME": str(tmp_path)}).secret_key) == ""
