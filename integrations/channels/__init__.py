"""The conversation between a client's people and the desk in a chat system, independent of the platform.

A platform plug-in provides a `Transport` (posts messages, reads profiles, downloads files) and calls `register`: its
threads then show tickets and replies are sent to them. Its inbound module converts payloads to values and calls
`receive_message`, `edited` and `deleted` in jobs; each is idempotent and may call the transport, outside of any
transaction. All other interactions (buttons, commands, forms, reactions) go through `interactions`.

What plug-ins use:
- `transport`, `transports`: the interface of a plug-in, and the plug-ins that are enabled in this process
- `values`: places, inbound messages, posts, independent of the platform; `payloads`: reads payloads
- `interactions`: buttons, commands, forms, registered by kind and name; `commands`: requests made by command
- `links`, `reachability`: connections and threads, marked as broken or working

Messages that come in:
- `intake`: adds each message to its ticket once; `conversations`: finds the conversation of a message
- `requesters`, `profiles`: identifies authors, and what their profiles say
- `changes`, `early_deletions`: messages edited, deleted and restored
- `attachments`, `transcripts`, `quota_notice`: files and the words of clips
- `button_actions`, `staff_messages`, `stored_messages`: clicks; staff in a client's chat; a message as stored
- `author_answers`, `auto_replies`, `refusals`: answers to messages that open no ticket; `priority`: urgent messages

Messages that are sent:
- `outgoing`, `replies`, `reply_changes`, `direct_notifications`: events of tickets, replies of staff and their changes,
  notifications
- `event_posts`, `sentences`, `cards`, `relative_time`: what is posted, in the reader's language
- `posting`, `files_out`, `models`, `conversation_state`: posts each message and file once; the ids of our messages

- `events`, `event_messages`: events of chat and their sentences
"""

from functools import partial

from integrations.channels import event_messages as _event_messages  # noqa: F401  (registers them)
from integrations.channels.attachments import fetch
from integrations.channels.auto_replies import ANSWERED, send_auto_reply
from integrations.channels.button_actions import register_buttons
from integrations.channels.changes import deleted, edited, restored
from integrations.channels.direct_notifications import reaches, send_notification
from integrations.channels.events import FileOffered, TranscriptAwaited
from integrations.channels.intake import receive_message
from integrations.channels.outgoing import SHOWN, show, show_in_order
from integrations.channels.reachability import CONNECTED, follow_connection
from integrations.channels.replies import ChatReplies
from integrations.channels.reply_changes import CHANGES, change_reply
from integrations.channels.transcripts import add_transcript
from integrations.channels.transport import Transport
from integrations.channels.transports import add_transport
from integrations.channels.values import IncomingMessage, Post, Profile, ThreadRef, WorkspaceLink
from msp.kernel.destinations import CHAT
from msp.kernel.events import subscribe
from msp.kernel.leases import LATER
from msp.notify import Channel, add_channel
from msp.notify.replies import add_reply_channel
from msp.notify.reply_delivery import LINE

__all__ = [
    "IncomingMessage",
    "Post",
    "Profile",
    "ThreadRef",
    "Transport",
    "WorkspaceLink",
    "deleted",
    "edited",
    "receive_message",
    "register",
    "restored",
]


def register(transport: Transport) -> None:
    """Subscribe this chat system to tickets, replies, automatic replies, notifications and offered files."""
    add_transport(transport)
    register_buttons()
    subscribe("chat", to=SHOWN, handler=show_in_order, line=LINE, destination=CHAT)
    subscribe("chat_changes", to=CHANGES, handler=change_reply, line=LINE, destination=CHAT)
    subscribe("chat_late", to=set(), handler=show, destination=CHAT)
    subscribe("chat_threads", to=CONNECTED, handler=follow_connection)
    add_reply_channel(ChatReplies(transport))
    subscribe("chat_answers", to=ANSWERED, handler=send_auto_reply, priority=LATER, destination=CHAT)
    subscribe("chat_files", to={FileOffered}, handler=fetch, destination=CHAT)
    subscribe("chat_words", to={TranscriptAwaited}, handler=add_transcript, priority=LATER, destination=CHAT)
    add_channel(
        Channel(transport.platform.name, "chat", partial(reaches, transport), partial(send_notification, transport))
    )
