"""Slack's description as a platform."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from integrations.channels.payloads import dict_of, text_of
from integrations.slack.failure_messages import FAILURE_MESSAGES
from integrations.slack.mrkdwn import read_mrkdwn
from integrations.slack.rich_text import read_message, write_mrkdwn
from integrations.slack.settings import SETTINGS
from msp.clients.platforms import Capabilities, ConnectionField, Host, Platform
from msp.kernel.db import Json
from msp.richtext import Document
from msp.richtext.tree import normalised


def read(payload: Json) -> Document:
    """The content of a message, or of a slash command."""
    return read_message(dict_of(payload.get("event")) or {"text": text_of(payload.get("command"), "text")})


def event_kind(payload: Json) -> str:
    """The type of the event or interaction."""
    return text_of(payload.get("event"), "type") or text_of(payload, "type")


SLACK = Platform(
    name="slack",
    label="Slack",
    icon="hash",
    reply_by=lazy_pgettext("reply by", "Reply by Slack"),
    sent_by=lazy_pgettext("sent by", "Sent by Slack"),
    how_to_answer=_l("To reply, write in Slack, in the conversation of %(label)s."),
    capabilities=Capabilities(
        messages_in=True,
        channels=True,
        threads=True,
        threads_in_chats=True,
        edits_in=True,
        deletions_in=True,
        edits_out=True,
        deletions_out=True,
        ephemeral_messages=True,
        buttons=True,
        commands=True,
        files_in=True,
        files_in_channels=True,
        files_out=True,
        transcripts=True,
        formatting=True,
        guests=True,
        lookup=True,
        retry_after=True,
        max_text=3600,  # characters of mrkdwn; Slack asks for less than 4,000
    ),
    settings=SETTINGS,
    connection_fields=(
        ConnectionField(
            name="team_id",
            label=_l("Workspace (team ID)"),
            is_required=True,
            is_external_id=True,
            help=_l("Slack's workspace"),
            placeholder="T0123ABCD",
            example="T0LOZANO1",
        ),
        ConnectionField(name="app_id", label=_l("App (app ID)"), placeholder="A0123ABCD"),
        ConnectionField(
            name="bot_token",
            label=_l("Bot token"),
            is_required=True,
            is_secret=True,
            max_length=400,
            help=_l("Stored encrypted and not shown again."),
            placeholder="xoxb-…",
            example="xoxb-…",
        ),
        ConnectionField(name="bot_user_id", label=_l("Bot user (user ID)"), placeholder="U0123ABCD"),
    ),
    connection_help=_l(
        "For an app created manually in the workspace. You find these values in the app’s settings in Slack."
    ),
    endpoint_path="/slack/events",
    install_path="/slack/install",
    about=_l("Slack sends requests to this address. Clients can install the app themselves."),
    about_without_install=_l("Workspaces are connected manually: %(names)s are not set."),
    hosts=(Host("Slack", "SLACK_API_URL"),),
    failure_messages=FAILURE_MESSAGES,
    read=read,
    write=write_mrkdwn,
    read_written=lambda text: normalised(Document(read_mrkdwn(text))),
    event_kind=event_kind,
)
