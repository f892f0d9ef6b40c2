"""The groups of a list by due date: which one a ticket belongs to, and their titles."""

from datetime import datetime, timedelta

from flask_babel import gettext

from msp.tickets.ticket_rows import TicketRow


def group_of(ticket: TicketRow, at: datetime, close: datetime) -> str:
    """The group of a ticket: late, next_hour, today, later, paused or none; `close` is the end of the day."""
    if ticket.paused_at is not None:
        return "paused"
    if ticket.due_at is None:
        return "none"
    limits = (("late", at), ("next_hour", at + timedelta(hours=1)), ("today", close))
    return next((key for key, until in limits if ticket.due_at <= until), "later")


def group_titles() -> dict[str, str]:
    """The title of each group, in their order."""
    return {
        "late": gettext("SLA breached"),
        "next_hour": gettext("Due in the next hour"),
        "today": gettext("Today"),
        "later": gettext("Later"),
        "paused": gettext("Paused"),
        "none": gettext("No SLA target"),
    }
