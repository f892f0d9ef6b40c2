"""Uncertain sends by mail: the text was sent and no answer came, so the recipient may have got a duplicate."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, literal_column, or_, select

from integrations.mail.models import IN_DOUBT, MailPost
from msp.kernel.db import db
from msp.operations.uncertain_sends import UncertainSend, UncertainSends

UNDER_WAY = timedelta(minutes=5)  # an older try has ended, at the latest with its worker


def count_in_doubt(at: datetime) -> int:
    """Number of tries without an answer after the text was sent; each may be a duplicate mail (system scope)."""
    return db.session.execute(select(func.coalesce(func.sum(_more(at)), 0)).where(_is_in_doubt(at))).scalar_one()


def page_in_doubt(at: datetime, offset: int, limit: int) -> tuple[list[UncertainSend], int]:
    """A page of uncertain sends, the last tried first, and their total number (system scope)."""
    total = db.session.execute(select(func.count()).select_from(MailPost).where(_is_in_doubt(at))).scalar_one()
    query = select(MailPost, _more(at)).where(_is_in_doubt(at)).order_by(MailPost.tried_at.desc(), MailPost.message_id)
    rows = db.session.execute(query.offset(offset).limit(limit))
    return [
        UncertainSend(
            reference=row.message_id,
            person_id=row.person_id,
            event_id=_event_of(row.message_id),
            tries=row.tries,
            more=more,
            at=row.tried_at,
            is_sent=row.state == "sent",
        )
        for row, more in rows
    ], total


DOUBTS = UncertainSends("mail", count_in_doubt, page_in_doubt)


def _is_in_doubt(at: datetime) -> ColumnElement[bool]:
    """Repeats the index predicate as a literal, since the planner cannot derive it from a parameterised condition."""
    return and_(literal_column(f"({IN_DOUBT})"), or_(MailPost.doubts > 0, _is_unanswered(at)))


def _is_unanswered(at: datetime) -> ColumnElement[bool]:
    return and_(MailPost.state == "trying", MailPost.tried_at < at - UNDER_WAY)


def _more(at: datetime) -> ColumnElement[int]:
    return MailPost.doubts + case((_is_unanswered(at), 1), else_=0)


def _event_of(message_id: str) -> UUID | None:
    """Message-IDs end with the id of the mail's event (see Letter.key)."""
    try:
        return UUID(hex=message_id.strip("<>").rpartition("@")[0].rpartition(".")[2])
    except ValueError:
        return None
