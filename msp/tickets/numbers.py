"""The number of a new ticket and its contract, in one statement.

Numbers have no gaps: the row lock of the client's counter is held until the ticket is committed, and a rollback
restores the counter.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, true
from sqlalchemy.dialects.postgresql import insert

from msp.clients.models import Client
from msp.contracts.queries import IN_FORCE, Versions
from msp.kernel.batch_read import SingleQuery
from msp.tickets.models import TicketCounter

_COUNTED = (
    insert(TicketCounter)
    .values(client_id=bindparam("client_id"), last=1)
    .on_conflict_do_update(index_elements=[TicketCounter.client_id], set_={"last": TicketCounter.last + 1})
    .returning(TicketCounter.last)
    .cte("counted")
)
_HELD = IN_FORCE.subquery("held")


class _Opening(NamedTuple):
    number: int
    contract_id: UUID | None
    version: int
    calendar_id: UUID
    calendar_version: int


_NUMBER_AND_CONTRACT = SingleQuery(
    _Opening,
    select(
        _COUNTED.c.last.label("number"),
        _HELD.c.id.label("contract_id"),
        _HELD.c.version,
        _HELD.c.calendar_id,
        _HELD.c.calendar_version,
    ).select_from(_COUNTED.outerjoin(_HELD, true())),
)


def number_and_contract(client: Client, *, at: datetime) -> tuple[int, Versions | None]:
    """The next ticket number of a client, and the contract that applies on that day in their zone, if any."""
    day = at.astimezone(ZoneInfo(client.timezone)).date()
    [row] = _NUMBER_AND_CONTRACT.rows(client_id=client.id, day=day)
    if row.contract_id is None:
        return row.number, None
    return row.number, Versions(row.contract_id, row.version, row.calendar_id, row.calendar_version)
