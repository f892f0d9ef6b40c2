"""What is known of a thread when a message of it arrives, found out by the statement that stores the message."""

from sqlalchemy import ColumnElement, case, exists, func, select

from msp.clients.models import Connection
from msp.kernel.leases import URGENT, USUAL
from msp.tickets.models import Conversation, Message, Ticket


def lane_in(platform: str, workspace: str, channel: str, thread: str | None) -> ColumnElement[int]:
    """The lane of a message (msp.kernel.leases): urgent in the thread of an urgent ticket.

    Without a `thread` any open ticket of the channel may be meant, as in a chat that has none.
    """
    lane = func.min(case((Ticket.priority == "urgent", URGENT), else_=USUAL))
    meant = Conversation.thread == thread if thread is not None else Ticket.status != "closed"
    lanes = select(lane).join_from(Conversation, Ticket, Ticket.id == Conversation.ticket_id)
    lanes = lanes.where(*_in(platform, workspace, channel), meant)
    return func.coalesce(lanes.scalar_subquery(), USUAL)


def is_known(platform: str, workspace: str, channel: str, thread: str) -> ColumnElement[bool]:
    """Whether a ticket is shown in that thread, or the thread hangs under a message that is on a ticket."""
    client = select(Connection.client_id).where(Connection.kind == platform, Connection.external_id == workspace)
    of_message = exists().where(
        Message.client_id == client.scalar_subquery(),
        Message.channel == platform,
        Message.external_id == f"{workspace}:{channel}:{thread}",
    )
    return exists().where(*_in(platform, workspace, channel), Conversation.thread == thread) | of_message


def _in(platform: str, workspace: str, channel: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Conversation.platform == platform,
        Conversation.workspace == workspace,
        Conversation.channel == channel,
    )
