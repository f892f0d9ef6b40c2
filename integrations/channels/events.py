"""Events of chat that concern no ticket yet: files still to fetch, and messages that open none."""

from msp.kernel.db import Json
from msp.kernel.event_types import Event


class FileEvent(Event):
    """Something is to be fetched for an attachment, its subject."""

    platform: str
    workspace: str


class FileOffered(FileEvent, kind="attachment.offered", icon="download"):
    """A message came with a file, which is still to be fetched."""


class TranscriptAwaited(FileEvent, kind="attachment.words_awaited", icon="hourglass"):
    """A clip came whose transcript the chat system makes later."""


class DeletedEarly(Event, kind="chat.message_deleted_early", icon="trash-2"):
    """A message was deleted before it arrived; the subject is made of its id."""

    platform: str


class UnansweredMessage(Event):
    """A message that opens no ticket; its author gets an automatic reply. The subject is made of the message's id."""

    platform: str
    workspace: str
    channel: str
    thread: str
    is_personal: bool
    in_private: bool
    reference: Json
    author: str


class UnconnectedWrote(UnansweredMessage, kind="chat.unconnected_wrote", icon="unplug"):
    """Somebody wrote from a workspace that is not connected to a client."""


class StrangerWrote(UnansweredMessage, kind="chat.stranger_wrote", icon="hand"):
    """Somebody of another company wrote in a client's channel."""


class RefusedWrote(UnansweredMessage, kind="chat.refused_wrote", icon="hand"):
    """Somebody wrote who may not open tickets: staff, a refused guest, or an inactive person or client."""

    reason: str
    locale: str | None
