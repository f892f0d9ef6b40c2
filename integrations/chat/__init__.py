"""The conversation between people in a chat system and the desk, whatever the chat system is.

A platform brings a `Transport` (how to write, read profiles, fetch files) and calls `register`; from then on what
happens to tickets goes out to its threads. What comes in it turns into values and hands to `hear`, `edited`, `deleted`,
`press`, in jobs: each bears being called twice and may ask the transport over the network, outside of any unit of work.
"""

from functools import partial

from integrations.chat.answers import ANSWERED, answer
from integrations.chat.attachments import OFFERED, fetch
from integrations.chat.intake import deleted, edited, hear, stranger_wrote
from integrations.chat.links import find_link, note_broken
from integrations.chat.nudges import bring, line_of, reaches
from integrations.chat.outgoing import TOLD, tell
from integrations.chat.presses import press
from integrations.chat.transport import Broken, InDoubt, Transport, Unreachable
from integrations.chat.transports import add_transport
from integrations.chat.values import Button, FileOffer, Link, Place, Post, Press, Profile, Said, WrittenCard
from msp.kernel.events import subscribe
from msp.kernel.leases import LATER
from msp.notify import Channel, add_channel

__all__ = [
    "Broken",
    "Button",
    "FileOffer",
    "InDoubt",
    "Link",
    "Place",
    "Post",
    "Press",
    "Profile",
    "Said",
    "Transport",
    "Unreachable",
    "WrittenCard",
    "deleted",
    "edited",
    "find_link",
    "hear",
    "line_of",
    "note_broken",
    "press",
    "register",
    "stranger_wrote",
]


def register(transport: Transport) -> None:
    """Bring to this chat system what happens to tickets, answers to strangers, files, and nudges to staff."""
    add_transport(transport)
    subscribe("chat", to=TOLD, handler=tell)
    subscribe("chat_answers", to=ANSWERED, handler=answer, lane=LATER)
    subscribe("chat_files", to=OFFERED, handler=fetch)
    add_channel(Channel(transport.platform, "chat", partial(reaches, transport), partial(bring, transport)))
