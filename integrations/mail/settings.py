"""What outgoing mail reads from the environment."""

import re
from urllib.parse import urlsplit

from msp.config import EnvironmentSetting, SettingType


def smtp_url(value: str) -> str:
    """A mail server's URL: smtp (STARTTLS if offered), smtp+starttls (required), smtps (TLS from the start)."""
    parts = urlsplit(value)
    parts.port  # noqa: B018  # raises ValueError where the port is not a number
    if parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname:
        raise ValueError("is not a mail server's address")
    return value


def mail_address(value: str) -> str:
    """A mail address, with or without a name."""
    if not re.fullmatch(r"(?:[^<>@\r\n]+ )?<?[^<>@\s]+@[^<>@\s]+>?", value) or ("<" in value) != (">" in value):
        raise ValueError("is not a mail address")
    return value


SETTINGS = (
    EnvironmentSetting(
        name="SMTP_URL",
        description="Mail server, such as smtp+starttls://user:password@mail.example.com:587",
        type=SettingType("mail server", smtp_url, "Write smtp://user:password@host:587"),
        use="required",
        is_secret=True,
        needs=("MAIL_FROM",),
    ),
    EnvironmentSetting(
        name="MAIL_FROM",
        description="Sender of every mail, such as Help desk <desk@example.com>",
        type=SettingType("mail address", mail_address, "Write desk@example.com"),
        use="required",
    ),
)
