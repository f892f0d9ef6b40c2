"""Sentences that explain why a message opened no ticket; the reasons are those of `requesters.Refused`."""

from uuid import UUID

from flask_babel import gettext

from integrations.channels.links import find_link
from integrations.channels.requesters import Refused, Stranger, check_command
from msp.clients.queries import access_client
from msp.kernel.db import Scope, work
from msp.kernel.i18n import LOCALES, reading_as


def refusal_text(reason: str, client_id: UUID, *, locale: str | None) -> str:
    """The sentence for a reason, in this language if it is supported, else in the client's."""
    with work(Scope.system()):
        client = access_client(client_id)
    language = (locale or "")[:2].lower()
    with reading_as(language if language in LOCALES else client.locale, client.timezone):
        return _sentence(reason, client.name)


def command_refusal(platform: str, workspace: str, external_id: str) -> str | None:
    """The immediate answer to a command by a person who may not open tickets; None for everybody else."""
    with work(Scope.system()):
        link = find_link(platform, workspace)
        if link is None or link.client_id is None:
            return None
        try:
            check_command(link, external_id)
        except Refused as refused:
            return refusal_text(refused.reason, link.client_id, locale=refused.locale)
        except Stranger:
            return None
    return None


def _sentence(reason: str, client: str) -> str:
    if reason == "staff":
        return gettext("You are part of the support team. Create tickets for a client in the console.")
    if reason == "guest":
        return gettext(
            "Hello. You are a guest at %(client)s, and guests cannot open tickets here."
            " Please ask your contact at %(client)s to write to us.",
            client=client,
        )
    if reason == "client_inactive":
        return gettext(
            "Hello. The support service of %(client)s is not active, so no ticket was opened. "
            "Please contact the person who manages it at your company.",
            client=client,
        )
    return gettext(
        "Hello. Your access to this help desk is deactivated, so no ticket was opened."
        " Please contact your company’s administrator."
    )
