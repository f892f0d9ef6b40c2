"""Every failure reason in our code has a sentence in both languages; no codes, SQL or exceptions are shown."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from integrations.slack import web_api
from msp.kernel.i18n import reading_as
from msp.words.failure_messages import failure_sentence, has_message, unknown_code

ROOT = Path(__file__).parent.parent.parent
RAISED = {"Permanent", "Temporary", "Broken", "Unreachable", "InDoubt", "MailInDoubt", "LeaseLost"}
NOTED = {"note_broken", "note_uninstalled", "mark_broken", "mark_uninstalled", "FileOffer"}
PLATFORM_CODES = {  # documented by Slack (chat.postMessage, oauth.v2.access) and Microsoft («Bot error codes»)
    "access_denied", "account_inactive", "bad_client_secret", "bad_redirect_uri", "cannot_dm_bot", "channel_not_found",
    "code_already_used", "edit_window_closed", "fatal_error", "internal_error", "invalid_auth", "invalid_blocks",
    "invalid_client_id", "invalid_code", "is_archived", "message_limit_exceeded", "message_not_found",
    "messages_tab_disabled", "missing_scope", "msg_too_long", "no_permission", "no_text", "not_in_channel",
    "ratelimited", "restricted_action", "service_unavailable", "team_access_not_granted", "token_expired",
    "token_revoked", "user_disabled", "user_not_found", "BotDisabledByAdmin", "BotNotInConversationRoster",
    "BotNotRegistered", "ConversationBlockedByUser", "ConversationNotFound", "Forbidden", "MessageSizeTooBig",
    "MessageWritesBlocked", "ServiceError", "ForbiddenOperationException", "NotEnoughPermissions", "NotFound",
    "ActivityNotFoundInConversation", "MemberNotFoundInConversation", "cannot_reply_to_message",
    "cant_update_message", "enterprise_is_restricted", "file_deleted", "file_not_found", "invalid_arguments",
    "invalid_thread_ts", "method_not_supported_for_channel_type", "not_allowed_token_type",
    "cannot_install_an_org_installed_app", "invalid_team_for_non_distributed_app", "metadata_too_large",
    "restricted_action_non_threadable_channel", "restricted_action_thread_locked", "team_added_to_org",
    "team_not_found", "thread_not_found", "user_not_in_channel", "users_not_found", "users_list_not_supplied",
}  # fmt: skip


def literal_reasons() -> Iterator[tuple[str, str]]:
    """The codes that occur in our code, each with the place where it is raised or noted."""
    for path in sorted([*ROOT.glob("integrations/**/*.py"), *ROOT.glob("msp/**/*.py"), *ROOT.glob("billing/*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield from ((code, place) for code in _codes(node))


def _codes(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    given = call.args[:1] if name in RAISED else []
    given += [each.value for each in call.keywords if name in NOTED and each.arg in ("reason", "refused")]
    for value in given:
        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        parts += value.values if isinstance(value, ast.BoolOp) else []
        yield from (
            each.value
            for each in parts
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and re.fullmatch(r"\w+", each.value)
        )


@cache
def our_codes() -> frozenset[str]:
    return frozenset(code for code, _ in literal_reasons())


def faults_of(reason: str) -> Iterator[str]:
    """Errors in the sentences of a code."""
    if not has_message(reason):
        yield "has no sentence in msp/words/failure_messages.py or in its plug-in"
        return
    said = {}
    for locale in ("es", "en"):
        with reading_as(locale, "Europe/Madrid"):
            said[locale] = failure_sentence(reason, service="slack")
    if said["es"] == said["en"]:
        yield "is not translated"
    for sentence in said.values():
        if not (sentence[0].isupper() and sentence.endswith(".")) or "%(" in sentence:
            yield f"is no sentence: {sentence}"
        if "_" in sentence or reason in sentence.split():
            yield f"shows its code: {sentence}"


def test_the_codes_of_our_own_code_are_found() -> None:
    assert {"bad_address", "not_connected", "stripe_busy", "quiet_hours", "never_wrote"} <= our_codes()


def test_every_code_has_its_sentence_in_both_languages(app: Flask) -> None:
    reasons = our_codes() | web_api.BROKEN | web_api.UNREACHABLE | web_api.IN_DOUBT | PLATFORM_CODES
    assert {reason: found for reason in sorted(reasons) if (found := list(faults_of(reason)))} == {}


@pytest.mark.parametrize(
    ("reason", "service", "spanish", "english"),
    [
        ("is_archived", "slack", "El canal de Slack está archivado.", "The Slack channel is archived."),
        ("no_answer", "slack", "Slack no responde.", "Slack does not answer."),
        ("no_answer", "email", "El servidor de correo no responde.", "The mail server does not answer."),
        ("no_answer", "", "El otro servicio no responde.", "The other service does not answer."),
        ("no_answer", "chat_files", "El otro servicio no responde.", "The other service does not answer."),
        ("http_404", "webhook", "El webhook lo rechazó (404).", "The webhook refused it (404)."),
        ("http_503", "teams", "Teams tuvo un error interno (503).", "Teams had an internal error (503)."),
        ("http_429", "teams", "Teams pide que se envíe más despacio.", "Teams asks to send more slowly."),
        ("sign_in_http_500", "teams", "Teams tuvo un error interno (500).", "Teams had an internal error (500)."),
        ("stripe_402", "stripe", "Stripe lo rechazó (402).", "Stripe refused it (402)."),
        (
            "smtp_550 5.1.1 no such user",
            "email",
            "El servidor de correo no conoce esta dirección.",
            "The mail server does not know this email address.",
        ),
        (
            "smtp_550 5.7.1 blocked by policy",
            "email",
            "El servidor de correo rechazó el mensaje por considerarlo correo no deseado.",
            "The mail server rejected the email as spam.",
        ),
        (
            "smtp_552 5.2.2 mailbox full",
            "email",
            "El buzón está lleno, cerrado o no admite correos de este tamaño.",
            "The mailbox is full, closed, or does not accept emails of this size.",
        ),
        (
            "smtp_535 authentication failed",
            "email",
            "El servidor de correo no acepta nuestro usuario o contraseña.",
            "The mail server does not accept our user name or password.",
        ),
        (
            "smtp_451 greylisted",
            "email",
            "El servidor de correo pide volver a intentarlo más tarde.",
            "The mail server asks to try again later.",
        ),
        ("some_new_code", "slack", "Slack no lo aceptó.", "Slack did not accept it."),
        ("SomethingNew", "teams", "Teams no lo aceptó.", "Teams did not accept it."),
    ],
)
def test_reasons_in_both_languages(app: Flask, reason: str, service: str, spanish: str, english: str) -> None:
    for locale, expected in (("es", spanish), ("en", english)):
        with reading_as(locale, "Europe/Madrid"):
            assert failure_sentence(reason, service=service) == expected


@pytest.mark.parametrize(
    "reason",
    [
        "KeyError: 'ts'",
        "SlackRequestError",
        'IntegrityError: (psycopg.errors.ForeignKeyViolation) insert or update on table "attachment" violates foreign'
        " key [SQL: INSERT INTO attachment (id, client_id) VALUES (%(id)s, %(client_id)s)] [parameters: {'id': 1}]",
        "canceling statement due to statement timeout",
        "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
    ],
)
def test_faults_of_ours_are_no_texts_of_exceptions(app: Flask, reason: str) -> None:
    with reading_as("es", "Europe/Madrid"):
        assert (
            failure_sentence(reason, service="slack")
            == "Un error interno de Guardia; los detalles están en el registro."
        )
    assert unknown_code(reason) == ""


@pytest.mark.parametrize(
    ("reason", "code"),
    [("some_new_code", "some_new_code"), ("is_archived", ""), ("", ""), (None, ""), ("smtp_550 5.1.1 no", "")],
)
def test_only_a_platforms_unknown_code_stands_in_small_print(reason: str | None, code: str) -> None:
    assert unknown_code(reason) == code


def test_nothing_is_said_of_nothing(app: Flask) -> None:
    assert failure_sentence(None) == failure_sentence("") == ""
