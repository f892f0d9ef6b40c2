"""Why something did not get through, for administrators; what other programs say stands as they said it."""

import re
from types import MappingProxyType

from flask_babel import gettext
from flask_babel import lazy_gettext as said

_ANSWERED = re.compile(r"(?:sign_in_)?(?:http|stripe)_(\d{3})")
_SENTENCES = MappingProxyType(
    {
        "account_inactive": said("the workspace is closed"),
        "address_inside": said("its address leads inside the network, where nothing is sent"),
        "app_removed": said("the app was taken out there"),
        "app_uninstalled": said("the app was taken out there"),
        "bad_address": said("the address cannot be read"),
        "certificate_not_trusted": said("its certificate is not trusted"),
        "channel_not_found": said("the channel is not there any more"),
        "cut_off": said("Its worker died or fell silent over it, five times in a row"),
        "foreign_address": said("the address is not one of the platform's"),
        "host_unknown": said("its host is not known on the internet"),
        "invalid_auth": said("its token is not accepted any more"),
        "invoice_not_at_stripe_yet": said("the invoice is not at Stripe yet"),
        "line_cut": said("the line was cut"),
        "no_answer": said("it does not answer"),
        "no_connection": said("there is no connection for it any more"),
        "no_conversation": said("there is no conversation to write in"),
        "no_identity": said("the person is not known there"),
        "no_key_opens_secret": said("its secret cannot be opened with our keys"),
        "not_a_web_address": said("it is no web address"),
        "not_connected": said("it is not connected"),
        "not_in_channel": said("the app is not in the channel"),
        "quiet_hours": said("it waits for the end of quiet hours"),
        "ratelimited": said("it asks us to go slower"),
        "redirected": said("it answers with a redirect, which is not followed"),
        "sign_in_no_answer": said("its sign-in does not answer"),
        "sign_in_refused": said("its sign-in refuses us"),
        "stripe_busy": said("it asks us to go slower"),
        "stripe_unreachable": said("it does not answer"),
        "throttled": said("it asks us to go slower"),
        "token_revoked": said("its token was revoked"),
        "tokens_revoked": said("its token was revoked"),
        "too_large": said("it is too large"),
        "unauthorized": said("it refuses our sign-in"),
        "webhook_off": said("the webhook is switched off"),
        "webhook_removed": said("the webhook was removed"),
    }
)


def why_failed(reason: str | None) -> str:
    """The reader's sentence for a reason that was kept; empty for none, the reason itself where it is not known."""
    if not reason:
        return ""
    if answered := _ANSWERED.fullmatch(reason):
        return gettext("it answered %(status)s", status=answered[1])
    return str(_SENTENCES.get(reason, reason))
