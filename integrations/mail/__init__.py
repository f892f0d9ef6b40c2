"""Outgoing mail: replies, notifications and account mails. Disabled if SMTP_URL is not set.

- `platform`: what mail is and can do; `settings`: its environment; `failure_messages`: sentences for its failures
- `replies`, `notices`, `accounts`: replies to requesters, notifications, account mails; `ratings`: asks for ratings
- `writing`, `smtp`: composes a mail and sends it; `models`, `doubts`: sent mails, and those that may have arrived twice
"""

from functools import partial

from flask import Blueprint, Flask

from integrations.mail.accounts import REQUESTED, write_to_account
from integrations.mail.doubts import DOUBTS
from integrations.mail.notices import reaches, send_notification
from integrations.mail.platform import MAIL
from integrations.mail.ratings import ask_for_rating
from integrations.mail.replies import MailReplyChannel
from integrations.mail.smtp import TIMEOUT, server_of
from integrations.mail.writing import MailSender
from msp.config import Settings
from msp.kernel import destinations
from msp.kernel.events import subscribe
from msp.notify import Channel, add_channel
from msp.notify.replies import add_reply_channel
from msp.operations.uncertain_sends import add_uncertain_sends
from msp.tickets.events import TicketStatusChanged

__all__ = ["PLATFORM", "listen", "register"]

PLATFORM = MAIL


def register(app: Flask, settings: Settings) -> None:
    """Enable mail if there is a server (SMTP_URL and MAIL_FROM)."""
    app.register_blueprint(Blueprint("mail", __name__, template_folder="templates"))
    add_uncertain_sends(DOUBTS)
    if PLATFORM.is_enabled(settings):
        listen(settings)


def listen(settings: Settings, *, timeout: float = TIMEOUT) -> None:
    """Subscribe this process's workers to send mail by SMTP_URL; `timeout` in seconds for each server reply."""
    server = server_of(settings.value("SMTP_URL"), timeout=timeout)
    post = MailSender(server, settings.value("MAIL_FROM"), settings.public_url)
    add_channel(Channel("mail", "mail", partial(reaches, post), partial(send_notification, post)))
    add_reply_channel(MailReplyChannel(post))
    subscribe("account_mail", to=REQUESTED, handler=partial(write_to_account, post), destination=destinations.MAIL)
    ask = partial(ask_for_rating, post)
    subscribe("rating_mail", to={TicketStatusChanged}, handler=ask, destination=destinations.MAIL)
