"""How much hurry there is with what comes in, found out by the statement that stores it."""

from sqlalchemy import ColumnElement, case, func, select

from msp.kernel.leases import LATER, URGENT, USUAL
from msp.tickets.models import Conversation, Ticket


def lane_in(
    platform: str, workspace: str, channel: str, thread: str | None, *, is_addressed: bool
) -> ColumnElement[int]:
    """The lane of a message: urgent in the thread of an urgent ticket, later where nobody speaks to us.

    Without a `thread` any open ticket of the channel may be meant, as in a chat that has none.
    """
    lanes = (
        select(func.min(case((Ticket.priority == "urgent", URGENT), else_=USUAL)))
        .select_from(Conversation)
        .join(Ticket, Ticket.id == Conversation.ticket_id)
        .where(
            Conversation.platform == platform,
            Conversation.workspace == workspace,
            Conversation.channel == channel,
            Conversation.thread == thread if thread is not None else Ticket.status != "closed",
        )
    )
    return func.coalesce(lanes.scalar_subquery(), USUAL if is_addressed else LATER)
