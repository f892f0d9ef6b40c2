"""SQL expressions about the thread of an inbound message, evaluated by the statement that stores the message."""

from msp.kernel.inbox_writer import Sought
from msp.kernel.leases import URGENT, USUAL

_IN = "c.platform = {0} and c.workspace = {1} and c.channel = {2}"
_PRIORITY = (
    f"coalesce((select min(case when t.priority = 'urgent' then {URGENT} else {USUAL} end) from conversation c"  # noqa: S608
    f" join ticket t on t.id = c.ticket_id where {_IN} and %s), {USUAL})"
)
_PRIORITY_IN_THREAD = _PRIORITY % "c.thread = {3}"
_PRIORITY_IN_CHAT = _PRIORITY % "t.status <> 'closed'"
_IS_KNOWN = (
    f"exists (select 1 from conversation c where {_IN} and c.thread = {{3}})"  # noqa: S608
    " or exists (select 1 from message m where m.client_id = (select n.client_id from connection n"
    " where n.kind = {0} and n.external_id = {1}) and m.channel = {0} and m.external_id = {4})"
)


def priority_in(platform: str, workspace: str, channel: str, thread: str | None) -> Sought:
    """The queue priority of a message (msp.kernel.leases): urgent in the thread of an urgent ticket.

    Without a `thread` any open ticket of the channel counts, for chats without threads.
    """
    if thread is None:
        return Sought(_PRIORITY_IN_CHAT, (platform, workspace, channel))
    return Sought(_PRIORITY_IN_THREAD, (platform, workspace, channel, thread))


def is_known(platform: str, workspace: str, channel: str, thread: str) -> Sought:
    """Whether that thread shows a ticket, or its first message is on a ticket."""
    return Sought(_IS_KNOWN, (platform, workspace, channel, thread, f"{workspace}:{channel}:{thread}"))
