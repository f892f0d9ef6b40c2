"""Microsoft Teams' description as a platform."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext, ngettext

from integrations.teams.failure_messages import FAILURE_MESSAGES
from integrations.teams.markdown import write_teams
from integrations.teams.rich_text import read_activity
from integrations.teams.settings import SETTINGS
from msp.clients.platforms import Capabilities, ConnectionField, Host, Platform, uuid_text
from msp.kernel.db import Json
from msp.richtext import Document, read_markdown


def read(payload: Json) -> Document:
    """The content of a message."""
    content, _ = read_activity(payload)
    return content


def removed_from(number: int) -> str:
    """A sentence about teams and chats."""
    return str(ngettext("removed from %(num)d team or chat", "removed from %(num)d teams or chats", number))


TEAMS = Platform(
    name="teams",
    label="Teams",
    full_name="Microsoft Teams",
    icon="message-square-text",
    reply_by=lazy_pgettext("reply by", "Reply by Teams"),
    sent_by=lazy_pgettext("sent by", "Sent by Teams"),
    how_to_answer=_l("To reply, write in Teams, in the conversation of %(label)s."),
    capabilities=Capabilities(
        messages_in=True,
        channels=True,
        threads=True,
        quotes=True,
        edits_in=True,
        deletions_in=True,
        restorations_in=True,
        edits_out=True,
        deletions_out=True,
        buttons=True,
        files_in=True,
        formatting=True,
        guests=True,
        separate_cards=True,
        retry_after=True,
        max_text=12_000,  # characters, of about 100 KB in UTF-16
    ),
    settings=SETTINGS,
    connection_fields=(
        ConnectionField(
            name="tenant_id",
            label=_l("Tenant ID"),
            is_required=True,
            is_external_id=True,
            parse=uuid_text,
            help=_l("The Microsoft 365 tenant"),
            placeholder="xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        ),
    ),
    connection_help=_l("All clients use the same bot; only the tenant is needed."),
    endpoint_path="/api/messages",
    about=_l("The bot's messaging endpoint in Azure Bot."),
    hosts=(Host("Teams' tokens", "TEAMS_TOKEN_URL"), Host("Teams' keys", "TEAMS_OPENID_METADATA_URL")),
    failure_messages=FAILURE_MESSAGES,
    removed_from=removed_from,
    read=read,
    write=write_teams,
    read_written=read_markdown,
)
