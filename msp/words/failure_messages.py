"""Sentences for failed deliveries: codes, SQL and texts of exceptions are not shown to readers.

`%(service)s` is the service that refused or failed. A platform adds the sentences of its own codes
(msp.clients.platforms); a code without one is shown in small print after a general sentence (`unknown_code`).
"""

import re
from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from msp.clients.platforms import Platform, platform_named, platforms
from msp.words.formats import capital

_SERVICES: Mapping[str, str] = {
    "stripe": "Stripe",
    "webhook": _l("the webhook"),
    "webhooks": _l("the webhook"),
}
_MESSAGES: Mapping[str, str] = {
    "address_inside": _l("The address leads inside our own network, where nothing is sent."),
    "app_removed": _l("The app was removed from %(service)s."),
    "app_uninstalled": _l("The app was uninstalled from %(service)s."),
    "certificate_not_trusted": _l("The certificate of the address is not trusted."),
    "crashed": _l("The process that was working on it ended five times in a row."),
    "external": _l("The file is kept in another service."),
    "file_missing": _l("The file is missing from the file storage."),
    "foreign_address": _l("The file’s address does not belong to %(service)s."),
    "host_unknown": _l("The address is not known on the internet."),
    "in_doubt": _l("%(service)s did not confirm it: it may have arrived or not."),
    "invoice_not_at_stripe_yet": _l("The invoice is not at Stripe yet."),
    "lease_lost": _l("Another process took over."),
    "line_cut": _l("The connection was cut before anything was sent."),
    "missing_scope": _l("The app lacks a permission in %(service)s: install it again."),
    "no_answer": _l("%(service)s does not answer."),
    "no_channel": _l("There is no way to reach this person: no chat, no email address, no access to the portal."),
    "no_connection": _l("%(service)s cannot be reached."),
    "no_identity": _l("This person is not linked to an account in %(service)s."),
    "no_key_opens_secret": _l("The stored token cannot be decrypted with the current keys."),
    "no_sense": _l("%(service)s gave an answer that cannot be read."),
    "not_a_web_address": _l("The address is not a web address."),
    "not_connected": _l("%(service)s is not connected."),
    "not_found": _l("It does not exist any more."),
    "not_readable": _l("The app may not read the file."),
    "opening_pending": _l("The ticket’s card is sent first."),
    "quiet_hours": _l("It waits for the end of quiet hours."),
    "redirected": _l("The address redirects to another one, which is not followed."),
    "stored_lately": _l("The file was stored a moment ago and is removed soon."),
    "stripe_busy": _l("Stripe asks to send more slowly."),
    "stripe_no_sense": _l("Stripe gave an answer that cannot be read."),
    "stripe_unreachable": _l("Stripe cannot be reached."),
    "too_large": _l("The file is too large."),
    "unauthorized": _l("%(service)s does not accept our sign-in."),
    "unexpected_error": _l("An internal error in Guardia; the details are in the log."),
    "upload_quota_exceeded": _l("Daily file limit reached."),
    "webhook_off": _l("The webhook is switched off."),
    "webhook_removed": _l("The webhook was removed."),
    "words_awaited": _l("What was said in the recording has not been written down yet."),
}

_STATUS = re.compile(r"(?:sign_in_)?(?:http|stripe)_(\d{3})")
_ONE_WORD = re.compile(r"(?!\w*(?:Error|Exception)$)\w+")  # a code; anything else is the text of an exception
_CODE = re.compile(r"[a-z_]{2,64}")


def failure_sentence(reason: str | None, *, service: str = "") -> str:
    """The sentence for a stored reason, empty for none; `service` names the channel or program."""
    if not reason:
        return ""
    name = _name(service)
    if known := _message(reason, platform_named(_stem(service))):
        return capital(str(known) % {"service": name})
    if answered := _STATUS.fullmatch(reason):
        return _answered(int(answered[1]), "Stripe" if reason.startswith("stripe_") else name)
    if explained := next((text for each in platforms() if (text := each.explain_failure(reason))), ""):
        return explained
    if reason.startswith("total_differs"):
        return gettext("The invoice’s total at Stripe differs from ours.")
    if service.startswith("stripe") or _ONE_WORD.fullmatch(reason):
        return capital(gettext("%(service)s did not accept it.", service=name))
    return str(_MESSAGES["unexpected_error"])


def unknown_code(reason: str | None) -> str:
    """A platform's code without a sentence, to be shown in small print after the general one; else empty."""
    is_code = reason is not None and _CODE.fullmatch(reason) is not None
    return reason if reason and is_code and not has_message(reason) else ""


def has_message(reason: str) -> bool:
    """Whether a code has a sentence, here or from a platform."""
    return _message(reason, None) is not None


def _message(reason: str, own: Platform | None) -> str | None:
    """The platform's sentence, else the general one, else another platform's, since one subscriber serves several."""
    sources = [own.failure_messages if own else {}, _MESSAGES, *(each.failure_messages for each in platforms())]
    return next((source[reason] for source in sources if reason in source), None)


def _name(service: str) -> str:
    stem = _stem(service)
    platform = platform_named(stem)
    return str(platform.service if platform else _SERVICES.get(stem) or gettext("the other service"))


def _stem(service: str) -> str:
    return service.partition("_")[0].partition(":")[0]


def _answered(status: int, name: str) -> str:
    if status >= 500:
        return capital(gettext("%(service)s had an internal error (%(status)s).", service=name, status=status))
    if status == 429:
        return capital(gettext("%(service)s asks to send more slowly.", service=name))
    return capital(gettext("%(service)s refused it (%(status)s).", service=name, status=status))
