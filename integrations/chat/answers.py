"""Kind answers to people whose words make no ticket: companies that are not connected, strangers in shared channels."""

from integrations.chat import sentences
from integrations.chat.links import find_link, note_broken, unknown_link
from integrations.chat.posting import post_once
from integrations.chat.transport import Broken, Transport
from integrations.chat.transports import transport_of
from integrations.chat.values import Link, Place, Post
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.events import Fact
from msp.kernel.i18n import LOCALES, reading_as

ANSWERED = {"chat.unconnected_wrote", "chat.stranger_wrote"}


def answer(fact: Fact) -> None:
    """Answer once in the thread where they wrote, in the language that the chat system says they read."""
    data, transport = fact.data, transport_of(fact.data["platform"])
    if transport is None:
        return
    is_stranger = fact.kind == "chat.stranger_wrote"
    with work(Scope.system()):
        link = (find_link if is_stranger else unknown_link)(transport.platform, data["workspace"])
    if link is None:  # connected or forgotten meanwhile
        return
    with reading_as(_language(transport, link, data["author"]), "Europe/Madrid"):
        text = sentences.stranger() if is_stranger else sentences.unconnected()
    try:
        post_once(transport, link, _place(transport, data), Post(text), key=str(fact.delivery_id))
    except Broken as broken:
        note_broken(link.platform, link.workspace, reason=broken.reason)
        raise


def _place(transport: Transport, data: Json) -> Place:
    reference = data.get("reference") or {}
    return Place(transport.platform, data["workspace"], data["channel"], data["thread"], reference=reference)


def _language(transport: Transport, link: Link, author: str) -> str:
    try:
        language = (transport.profile(link, author).locale or "")[:2].lower()
    except Permanent:  # who they are does not matter that much
        language = ""
    return language if language in LOCALES else "es"
