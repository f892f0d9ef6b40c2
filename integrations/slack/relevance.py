"""Decides which events the endpoint stores.

A bot receives every message of its channels. Messages between people that do not mention us are neither stored nor
processed, unless they are in the thread of a ticket.
"""

from enum import Enum

from integrations.slack.text import mentioned
from msp.kernel.db import Json

MESSAGE_EVENTS = ("message", "app_mention")
NEW_SUBTYPES = (None, "file_share", "thread_broadcast", "me_message")
ARRIVALS = ("channel_join", "group_join")  # of our bot: it can write in the channel from then on
REOPENED = ("channel_unarchive", "group_unarchive")
ABOUT_OTHERS = ("message_changed", "message_deleted")


class Relevance(Enum):
    """Whether an event is relevant: certainly, only if its thread is known, or not."""

    SURE = "sure"
    IF_KNOWN = "if_known"
    NONE = "none"


def relevance_of(envelope: Json) -> Relevance:
    """The relevance of an event, as far as the event itself shows it."""
    event = envelope.get("event") or {}
    if event.get("type") not in MESSAGE_EVENTS:
        return Relevance.SURE
    bot = authorised_bot(envelope)
    if event.get("subtype") in ABOUT_OTHERS:
        return _relevance_of_change(envelope, event)
    if opens_channel(event, bot):
        return Relevance.SURE
    if event["type"] == "message" and event.get("subtype") not in NEW_SUBTYPES:
        return Relevance.NONE
    if is_ours_or_a_bot(event, envelope, bot):
        return Relevance.NONE
    if is_addressed(event, bot) or not bot:
        return Relevance.SURE
    return Relevance.IF_KNOWN if event.get("thread_ts") not in (None, "", event["ts"]) else Relevance.NONE


def _relevance_of_change(envelope: Json, event: Json) -> Relevance:
    """The relevance of an edit or a deletion; one without a thread may concern any thread."""
    about = event.get("message") or event.get("previous_message")
    if not about:
        return Relevance.SURE
    if about.get("bot_id"):  # our own card after an update
        return Relevance.NONE
    return Relevance.SURE if is_direct(event) or envelope.get("is_ext_shared_channel") else Relevance.IF_KNOWN


def opens_channel(event: Json, bot: str) -> bool:
    """Whether we can write in a channel again: our bot joined, or the channel was unarchived."""
    subtype = event.get("subtype")
    return subtype in REOPENED or (subtype in ARRIVALS and bool(bot) and event.get("user") == bot)


def is_addressed(event: Json, bot: str) -> bool:
    """Whether a message is addressed to us: by direct message, or with a mention of our user `bot`."""
    if is_direct(event) or event["type"] == "app_mention":
        return True
    return bool(bot) and bot in mentioned(event.get("text") or "")


def is_direct(event: Json) -> bool:
    """Whether it is in the person's direct message with us."""
    return event.get("channel_type") in ("im", "app_home") or str(event.get("channel") or "").startswith("D")


def root_of(event: Json) -> str:
    """The thread of an event: the ts of its first message."""
    about = event.get("message") or event.get("previous_message") or {}
    named = about.get("thread_ts") or about.get("ts") or event.get("thread_ts") or event.get("deleted_ts")
    return str(named or event["ts"])


def authorised_bot(envelope: Json) -> str:
    """The user id of our bot from the envelope, or an empty string."""
    named = envelope.get("authorizations")
    for each in named if isinstance(named, list) else []:
        if isinstance(each, dict) and each.get("is_bot"):
            return str(each.get("user_id") or "")
    return ""


def is_ours_or_a_bot(event: Json, envelope: Json, bot: str) -> bool:
    """Whether the author is not a person: our app or another bot."""
    user, app = event.get("user"), event.get("app_id")
    return (
        not user
        or user in (bot, "USLACKBOT")
        or bool(event.get("bot_id"))
        or (app is not None and app == envelope.get("api_app_id"))
    )
