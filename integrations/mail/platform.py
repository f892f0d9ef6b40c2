"""Mail as a platform: outgoing only, without edits of sent messages."""

from functools import partial

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from integrations.mail.failure_messages import FAILURE_MESSAGES, reply_sentence
from integrations.mail.settings import SETTINGS
from msp.clients.platforms import Capabilities, Host, Platform
from msp.richtext import read_html, write_html

MAIL = Platform(
    name="email",
    label=lazy_pgettext("channel", "email"),
    full_name=_l("Outgoing email"),
    icon="mail",
    service=_l("the mail server"),
    reply_by=lazy_pgettext("reply by", "Reply by email"),
    sent_by=lazy_pgettext("sent by", "Sent by email"),
    how_to_answer=_l("To reply, write to our usual address with %(label)s in the subject."),
    capabilities=Capabilities(formatting=True, account_mails=True, files_out=True, max_text=0),
    settings=SETTINGS,
    write=partial(write_html, for_mail=True),
    read_written=read_html,
    hosts=(Host("The mail server", "SMTP_URL"),),
    failure_messages=FAILURE_MESSAGES,
    explain_failure=reply_sentence,
    slots=2,
)
