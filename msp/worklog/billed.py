"""Which time entries an invoice bills. Only these functions write `TimeEntry.state` in bulk; billing decides when."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update

from msp.kernel.db import db
from msp.worklog.models import TimeEntry

IS_UNBILLED = TimeEntry.state != "billed"


def lock_entries(entry_ids: Sequence[UUID]) -> None:
    """Lock entries until the transaction ends, always in the same order."""
    query = select(TimeEntry.id).where(TimeEntry.id.in_(entry_ids)).order_by(TimeEntry.id)
    db.session.execute(query.with_for_update()).all()


def mark_billed(client_id: UUID, entry_ids: Sequence[UUID]) -> None:
    """Mark these entries of a client as billed by an issued invoice: they cannot change."""
    _set_state("billed", client_id, entry_ids)


def release(client_id: UUID, entry_ids: Sequence[UUID]) -> None:
    """Mark these entries of a client as not billed: they can be changed and billed again."""
    _set_state("approved", client_id, entry_ids)


def _set_state(state: str, client_id: UUID, entry_ids: Sequence[UUID]) -> None:
    db.session.execute(
        update(TimeEntry)
        .where(TimeEntry.client_id == client_id, TimeEntry.id.in_(entry_ids))
        .values(state=state)
        .execution_options(synchronize_session=False)
    )
