"""Reply channels for tests, with configurable recipients and failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from msp.kernel.errors import OutsideFailure
from msp.notify.replies import (
    DraftReply,
    OutgoingReply,
    ReplyChannel,
    ReplyPreview,
    add_reply_channel,
    remove_reply_channel,
    reply_channel_named,
)
from msp.notify.requester_contact import RequesterContact


@dataclass
class Recorder:
    """A channel that records what it sent; `failures` are raised one after another before it works."""

    name: str
    reaches: bool = True
    failures: list[OutsideFailure | Exception] = field(default_factory=list)
    always: OutsideFailure | None = None
    tried: list[OutgoingReply] = field(default_factory=list)
    sent: list[OutgoingReply] = field(default_factory=list)

    def can_reach(self, contact: RequesterContact) -> bool:
        return self.reaches

    def preview(self, draft: DraftReply) -> ReplyPreview:
        return ReplyPreview((draft.document,))

    def send(self, reply: OutgoingReply) -> None:
        self.tried.append(reply)
        if self.always is not None:
            raise self.always
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(reply)


@contextmanager
def only(*channels: ReplyChannel) -> Iterator[None]:
    """Use only these channels, until the end of the block."""
    names = ("slack", "teams", "email", "portal")
    before = [found for name in names if (found := reply_channel_named(name)) is not None]
    for name in names:
        remove_reply_channel(name)
    for channel in channels:
        add_reply_channel(channel)
    try:
        yield
    finally:
        for name in names:
            remove_reply_channel(name)
        for found in before:
            add_reply_channel(found)
