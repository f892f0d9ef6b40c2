"""Why something did not arrive, as sentences for people: codes, SQL and exceptions' texts stay in the database.

`%(service)s` is who refused or failed: Slack, Teams, the mail server. A platform's code that has no sentence here is
shown in small print beside a general one (`unknown_code`).
"""

import re
from types import MappingProxyType

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

_SERVICES = MappingProxyType(
    {
        "slack": "Slack",
        "teams": "Teams",
        "stripe": "Stripe",
        "email": _l("the mail server"),
        "mail": _l("the mail server"),
        "webhook": _l("the webhook"),
        "webhooks": _l("the webhook"),
    }
)
_DESK = MappingProxyType(
    {
        "cut_off": _l("The process that was working on it ended five times in a row."),
        "in_doubt": _l("%(service)s did not confirm it: it may have arrived or not."),
        "unexpected_error": _l("An internal error in Guardia; the details are in the log."),
        "lease_lost": _l("Another process took over."),
        "no_channel": _l("There is no way to reach this person: no chat, no email address, no access to the portal."),
        "no_key_opens_secret": _l("The stored token cannot be decrypted with the current keys."),
        "quiet_hours": _l("It waits for the end of quiet hours."),
        "not_found": _l("It does not exist any more."),
        "opening_pending": _l("The ticket’s card is sent first."),
        "words_awaited": _l("Slack has not written down yet what was said in the recording."),
        "stored_lately": _l("The file was stored a moment ago and is removed soon."),
    }
)
_CONNECTION = MappingProxyType(
    {
        "account_inactive": _l("The workspace, or the app’s user in it, is deactivated in Slack."),
        "app_removed": _l("The app was removed from Teams."),
        "app_uninstalled": _l("The app was uninstalled from Slack."),
        "bad_client_secret": _l("Slack does not accept the app’s client secret."),
        "bad_redirect_uri": _l("The redirect address is not registered with the Slack app."),
        "certificate_not_trusted": _l("The certificate of the address is not trusted."),
        "cannot_install_an_org_installed_app": _l("The app is installed for the whole Slack organisation already."),
        "code_already_used": _l("The approval was used already. Start again."),
        "ekm_access_denied": _l("The company’s encryption keys do not allow the app to write in Slack."),
        "enterprise_is_restricted": _l("The rules of the Slack organisation do not let the app write there."),
        "foreign_service": _l("Teams named an address that is not Microsoft’s, so nothing was sent there."),
        "host_unknown": _l("The address is not known on the internet."),
        "invalid_auth": _l("Slack does not accept our token any more."),
        "invalid_client_id": _l("Slack does not know the app’s client ID."),
        "invalid_code": _l("The approval has expired or was used already. Start again."),
        "invalid_team_for_non_distributed_app": _l("The Slack app may be installed in its own workspace only."),
        "line_cut": _l("The connection was cut before anything was sent."),
        "missing_scope": _l("The app lacks a permission in %(service)s: install it again."),
        "no_answer": _l("%(service)s does not answer."),
        "no_answer_after_text": _l("%(service)s did not confirm the mail: it may have arrived or not."),
        "no_connection": _l("%(service)s cannot be reached."),
        "no_permission": _l("The app has no permission for that in Slack."),
        "no_sense": _l("%(service)s gave an answer that cannot be read."),
        "no_tls_for_password": _l("The mail server offers no encryption, so our password was not sent."),
        "not_allowed_token_type": _l("Slack does not accept a token of this kind."),
        "not_authed": _l("Slack was asked without a token."),
        "not_connected": _l("%(service)s is not connected."),
        "org_login_required": _l("The company is being moved to another Slack organisation: try again later."),
        "sign_in_no_answer": _l("Microsoft’s sign-in does not answer."),
        "sign_in_no_sense": _l("Microsoft’s sign-in gave an answer that cannot be read."),
        "sign_in_refused": _l("Microsoft’s sign-in does not accept the bot’s ID or password."),
        "team_added_to_org": _l("The company is being moved to another Slack organisation: try again later."),
        "team_not_found": _l("The Slack workspace does not exist any more."),
        "team_access_not_granted": _l("The app has no access to this Slack workspace."),
        "token_expired": _l("Our Slack token has expired."),
        "token_revoked": _l("Our Slack token was revoked."),
        "tokens_revoked": _l("Our Slack token was revoked."),
        "two_factor_setup_required": _l("Slack asks for two-factor authentication to be set up first."),
        "unauthorized": _l("%(service)s does not accept our sign-in."),
        "BotNotRegistered": _l("Teams does not know the bot: check its registration in Azure."),
        "BotDisabledByAdmin": _l("An administrator has blocked the app in Teams."),
        "InvalidBotApiHost": _l("The address for answers in Teams is not valid."),
        "NotEnoughPermissions": _l("The app has no permission for that in Teams."),
        "Unauthorized": _l("Teams does not accept our sign-in."),
    }
)
_CONVERSATION = MappingProxyType(
    {
        "access_denied": _l("The app has no access to that conversation in Slack."),
        "cannot_reply_to_message": _l("That message in Slack does not take answers."),
        "cannot_dm_bot": _l("Apps cannot be written to in Slack."),
        "cant_update_message": _l("The message in Slack cannot be changed."),
        "channel_not_found": _l("The Slack channel does not exist any more, or the app has no access to it."),
        "channel_type_not_supported": _l("The app cannot write in that kind of Slack channel."),
        "edit_window_closed": _l("The message in Slack is too old to be changed."),
        "is_archived": _l("The Slack channel is archived."),
        "is_inactive": _l("The conversation in Slack is closed."),
        "invalid_thread_ts": _l("The thread in Slack does not exist any more."),
        "message_not_found": _l("The message was deleted in Slack."),
        "method_not_supported_for_channel_type": _l("The app cannot write in that kind of Slack channel."),
        "messages_tab_disabled": _l("Direct messages to the app are switched off in Slack."),
        "never_wrote": _l("This person has never written to the app in Teams."),
        "no_conversation": _l("There is no conversation in Teams to write in."),
        "no_identity": _l("This person is not linked to an account in %(service)s."),
        "no_service_address": _l("Teams has not told where this conversation can be answered."),
        "not_in_channel": _l("The app is not a member of the Slack channel."),
        "restricted_action": _l("The rules of the Slack workspace do not let the app write there."),
        "restricted_action_non_threadable_channel": _l("The Slack channel does not take answers in threads."),
        "restricted_action_thread_locked": _l("The thread in Slack is locked."),
        "restricted_action_read_only_channel": _l("The Slack channel is read-only."),
        "restricted_action_thread_only_channel": _l("The Slack channel accepts answers in threads only."),
        "thread_not_found": _l("The thread in Slack does not exist any more."),
        "user_disabled": _l("This person’s account in Slack is deactivated."),
        "user_not_found": _l("This person does not exist in Slack any more."),
        "users_list_not_supplied": _l("This person does not exist in Slack any more."),
        "users_not_found": _l("This person does not exist in Slack any more."),
        "user_not_visible": _l("The app may not see this person in Slack."),
        "member_not_found": _l("This person is not a member of the conversation in Teams any more."),
        "user_not_in_channel": _l("This person is not a member of the Slack channel."),
        "ActivityNotFoundInConversation": _l("The message, or the thread it began, was deleted in Teams."),
        "BotNotInConversationRoster": _l("The app is not a member of the conversation in Teams any more."),
        "ConversationBlockedByUser": _l("This person has blocked the app in Teams."),
        "ConversationNotFound": _l("The conversation in Teams does not exist any more."),
        "ForbiddenOperationException": _l("The app is not installed for this person in Teams."),
        "MemberNotFoundInConversation": _l("This person is not a member of the conversation in Teams any more."),
        "NotFound": _l("This person or conversation does not exist in Teams any more."),
        "Forbidden": _l("Teams does not let the app write there."),
        "MessageWritesBlocked": _l("This person has blocked or removed the app in Teams."),
    }
)
_MESSAGE = MappingProxyType(
    {
        "address_inside": _l("The address leads inside our own network, where nothing is sent."),
        "address_needs_smtputf8": _l("The mail server cannot send to an address with such letters."),
        "bad_address": _l("The email address is not valid."),
        "file_deleted": _l("The file was deleted in Slack."),
        "file_not_found": _l("The file does not exist in Slack any more."),
        "invalid_arguments": _l("Slack does not accept the format of the message."),
        "metadata_too_large": _l("The message is too long for Slack."),
        "external": _l("The file is kept in another service."),
        "foreign_address": _l("The file’s address does not belong to %(service)s."),
        "in_channel": _l("Teams gives the app no files of channels: ask for it in the personal chat, or the portal."),
        "invalid_blocks": _l("Slack does not accept the format of the message."),
        "invalid_blocks_format": _l("Slack does not accept the format of the message."),
        "msg_blocks_too_long": _l("The message is too long for Slack."),
        "msg_too_long": _l("The message is too long for Slack."),
        "no_text": _l("The message is empty."),
        "not_a_web_address": _l("The address is not a web address."),
        "not_readable": _l("The app may not read the file."),
        "own_address": _l("It is the desk’s own email address."),
        "redirected": _l("The address redirects to another one, which is not followed."),
        "too_large": _l("The file is too large."),
        "upload_quota_exceeded": _l("More files than may be sent in one day."),
        "webhook_off": _l("The webhook is switched off."),
        "webhook_removed": _l("The webhook was removed."),
        "BadArgument": _l("Teams does not accept the format of the message."),
        "BadSyntax": _l("Teams does not accept the format of the message."),
        "MessageSizeTooBig": _l("The message is too long for Teams."),
    }
)
_BUSY = MappingProxyType(
    {
        "fatal_error": _l("Slack had an internal error."),
        "internal_error": _l("Slack had an internal error."),
        "message_limit_exceeded": _l("The Slack workspace has reached its limit of messages."),
        "precondition_failed": _l("Teams asks to try again."),
        "rate_limited": _l("Slack asks to send more slowly."),
        "ratelimited": _l("Slack asks to send more slowly."),
        "request_timeout": _l("Slack took too long to answer."),
        "service_unavailable": _l("Slack is not available at the moment."),
        "throttled": _l("Teams asks to send more slowly."),
        "ServiceError": _l("Teams had an internal error."),
        "invoice_not_at_stripe_yet": _l("The invoice is not at Stripe yet."),
        "stripe_busy": _l("Stripe asks to send more slowly."),
        "stripe_no_sense": _l("Stripe gave an answer that cannot be read."),
        "stripe_unreachable": _l("Stripe cannot be reached."),
    }
)
SENTENCES = MappingProxyType({**_DESK, **_CONNECTION, **_CONVERSATION, **_MESSAGE, **_BUSY})

_STATUS = re.compile(r"(?:sign_in_)?(?:http|stripe)_(\d{3})")
_MAIL = re.compile(r"smtp_(\d{3})(?:[ -]+(\d\.\d+\.\d+))?.*", re.DOTALL)
_ONE_WORD = re.compile(r"(?!\w*(?:Error|Exception)$)\w+")  # a code; what has more is the text of an exception
_CODE = re.compile(r"[a-z_]{2,64}")


def failure_sentence(reason: str | None, *, service: str = "") -> str:
    """The reader's sentence for a reason that was kept, empty for none; `service` names the channel or program."""
    if not reason:
        return ""
    name = _name(service)
    if known := SENTENCES.get(reason):
        return _capital(str(known) % {"service": name})
    if answered := _STATUS.fullmatch(reason):
        return _answered(int(answered[1]), "Stripe" if reason.startswith("stripe_") else name)
    if answered := _MAIL.fullmatch(reason):
        return _mail_answered(int(answered[1]), answered[2] or "")
    if reason.startswith("total_differs"):
        return gettext("The invoice’s total at Stripe differs from ours.")
    if service.startswith("stripe") or _ONE_WORD.fullmatch(reason):
        return _capital(gettext("%(service)s did not accept it.", service=name))
    return str(SENTENCES["unexpected_error"])


def unknown_code(reason: str | None) -> str:
    """A platform's code that has no sentence of its own, for small print beside the general one; empty otherwise."""
    is_code = bool(reason) and reason not in SENTENCES and _CODE.fullmatch(reason or "") is not None
    return (reason or "") if is_code else ""


def _name(service: str) -> str:
    stem = service.partition("_")[0].partition(":")[0]
    return str(_SERVICES.get(stem) or gettext("the other service"))


def _answered(status: int, name: str) -> str:
    if status >= 500:
        return _capital(gettext("%(service)s had an internal error (%(status)s).", service=name, status=status))
    if status == 429:
        return _capital(gettext("%(service)s asks to send more slowly.", service=name))
    return _capital(gettext("%(service)s refused it (%(status)s).", service=name, status=status))


def _mail_answered(code: int, enhanced: str) -> str:
    """By the reply code (RFC 5321, 4.2.3) and the enhanced status code, where the server gave one (RFC 3463)."""
    if code in (530, 534, 535):
        return gettext("The mail server does not accept our user name or password.")
    if code < 500:
        return gettext("The mail server asks to try again later.")
    if code == 552 or enhanced.startswith("5.2."):
        return gettext("The mailbox is full, closed, or does not take mails of this size.")
    if enhanced.startswith("5.7.") or (code == 554 and not enhanced):
        return gettext("The mail server refused the mail by its rules against unwanted mail.")
    if code in (550, 551, 553) or enhanced.startswith("5.1."):
        return gettext("The mail server does not know this email address.")
    return gettext("The mail server refused the mail.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
