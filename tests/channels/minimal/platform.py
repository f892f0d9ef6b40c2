"""The smallest platform there can be: personal chats with plain text, in which nothing is ever changed."""

from urllib.parse import urlsplit

from msp.clients.platforms import Capabilities, ConnectionField, Platform


def address(text: str) -> str:
    """An address of the server; raises ValueError."""
    if urlsplit(text).scheme not in ("http", "https"):
        raise ValueError(text)
    return text.rstrip("/")


MINIMAL = Platform(
    name="minimal",
    label="Minimal",
    icon="globe",
    reply_by="Reply by Minimal",
    sent_by="Sent by Minimal",
    how_to_answer="To answer, write in Minimal, about %(label)s.",
    capabilities=Capabilities(messages_in=True, retry_after=True, max_text=500),
    connection_fields=(
        ConnectionField(name="space_id", label="Space", is_required=True, is_external_id=True),
        ConnectionField(name="address", label="Address", is_required=True, max_length=200, parse=address),
        ConnectionField(name="api_key", label="Key", is_required=True, is_secret=True),
    ),
    connection_help="Ask the server's owner for a key.",
    endpoint_path="/minimal/events",
    about="Messages come to the address here.",
    failure_messages={"space_closed": "The space in Minimal is closed."},
    event_kind=lambda _payload: "message",
)
