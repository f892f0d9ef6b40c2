"""Paginated queries of time entries."""

from uuid import UUID

from sqlalchemy import select

from msp.kernel.paging import page_by_id
from msp.worklog.models import TimeEntry


def entries_page(ticket_id: UUID, *, after: UUID | None, limit: int) -> list[TimeEntry]:
    """A ticket's time entries in the order they were logged, in pages."""
    query = select(TimeEntry).where(TimeEntry.ticket_id == ticket_id)
    return page_by_id(query, TimeEntry.id, after=after, limit=limit)
