"""Sentences that explain why a mail was refused or failed, by the server's reply codes and our own codes."""

import re

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

FAILURE_MESSAGES = {
    "address_needs_smtputf8": _l("The mail server cannot send to an address with such letters."),
    "bad_address": _l("The email address is not valid."),
    "no_answer_after_text": _l("%(service)s did not confirm the mail: it may have arrived or not."),
    "no_tls_for_password": _l("The mail server offers no encryption, so our password was not sent."),
    "own_address": _l("It is the desk’s own email address."),
}
_REPLY = re.compile(r"smtp_(\d{3})(?:[ -]+(\d\.\d+\.\d+))?.*", re.DOTALL)


def reply_sentence(reason: str) -> str:
    """The sentence for a reply code (RFC 5321, 4.2.3) and enhanced status code (RFC 3463); empty for other reasons."""
    found = _REPLY.fullmatch(reason)
    if found is None:
        return ""
    code, enhanced = int(found[1]), found[2] or ""
    if code in (530, 534, 535):
        return gettext("The mail server does not accept our user name or password.")
    if code < 500:
        return gettext("The mail server asks to try again later.")
    if code == 552 or enhanced.startswith("5.2."):
        return gettext("The mailbox is full, closed, or does not accept emails of this size.")
    if enhanced.startswith("5.7.") or (code == 554 and not enhanced):
        return gettext("The mail server rejected the email as spam.")
    if code in (550, 551, 553) or enhanced.startswith("5.1."):
        return gettext("The mail server does not know this email address.")
    return gettext("The mail server rejected the email.")
