"""A local mail server, and workers that send mail to it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from integrations import mail
from msp.config import Settings
from msp.notify import remove_channel
from msp.notify.replies import remove_reply_channel
from simulators.smtp.server import MailServer, create_mail_server

FROM = "Guardia <desk@guardia.example>"
LONG = 10.0  # timeout in seconds for an answer of the server; tests run on busy machines
SHORT = 0.3  # timeout where the server hangs


def with_mail(settings: Settings, url: str) -> Settings:
    """Settings with a mail server."""
    return settings.with_values(SMTP_URL=url, MAIL_FROM=FROM)


@pytest.fixture
def mail_server(app: Flask, settings: Settings) -> Iterator[MailServer]:
    """The mail server; mail is enabled during the test."""
    server = create_mail_server()
    with server.serve() as running:
        mail.listen(with_mail(settings, running.url), timeout=LONG)
        yield server
        remove_channel("mail")
        remove_reply_channel("email")
